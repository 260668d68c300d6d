; What an editor may fold away.

[
  (block)
  (closure)
  (match_expression)
  (select_expression)
  (struct_declaration)
  (enum_declaration)
  (interface_declaration)
  (impl_block)
  (skill_declaration)
  (eval_pack_declaration)
  (cost_route_expression)
  (dict_literal)
  (struct_literal)
  (list_literal)
  (shape_type)
  (arguments)
  (parameters)
  (multiline_string)
  (comment)
  (doc_comment)
] @fold

(source_file
  (import_declaration) @fold
  .
  (import_declaration)+ @fold)
