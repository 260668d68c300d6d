; Indentation, in the terms that nvim-treesitter and Helix share.

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
  (parallel_options)
  (dict_literal)
  (struct_literal)
  (dict_pattern)
  (list_pattern)
  (list_literal)
  (shape_type)
  (arguments)
  (parameters)
  (parenthesized_expression)
] @indent.begin

["}" "]" ")"] @indent.end @indent.branch

(binary_expression operator: "|>") @indent.begin

[(comment) (doc_comment)] @indent.ignore
(multiline_string) @indent.auto
(ERROR) @indent.auto
