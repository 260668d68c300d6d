; Symbols for code navigation: what a file defines and what it calls.

((doc_comment)* @doc
  .
  (fn_declaration name: (identifier) @name) @definition.function)

((doc_comment)* @doc
  .
  (pipeline_declaration name: (identifier) @name) @definition.function)

((doc_comment)* @doc
  .
  (tool_declaration name: (identifier) @name) @definition.function)

(override_declaration name: (identifier) @name) @definition.function

((doc_comment)* @doc
  .
  (struct_declaration name: (identifier) @name) @definition.class)

((doc_comment)* @doc
  .
  (enum_declaration name: (identifier) @name) @definition.class)

(enum_variant name: (identifier) @name) @definition.constant

((doc_comment)* @doc
  .
  (interface_declaration name: (identifier) @name) @definition.interface)

(interface_method name: (identifier) @name) @definition.method

(type_declaration name: (identifier) @name) @definition.type

(impl_block methods: (fn_declaration name: (identifier) @name) @definition.method)

(skill_declaration name: (identifier) @name) @definition.module
(eval_pack_declaration name: (identifier) @name) @definition.module

(const_binding name: (identifier) @name) @definition.constant

(call_expression function: (identifier) @name) @reference.call
(method_call name: (identifier) @name) @reference.call
(struct_literal name: (identifier) @name) @reference.class
(named_type (identifier) @name) @reference.type
(impl_block type: (identifier) @name) @reference.implementation
