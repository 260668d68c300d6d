; Highlighting. General patterns first: where several match, editors take the last.

(identifier) @variable

; Literals
(string) @string
(multiline_string) @string
(raw_string) @string
(escape_sequence) @string.escape
(int_literal) @number
(duration_literal) @number
(float_literal) @number.float
[(true) (false)] @boolean
(nil) @constant.builtin

(interpolation
  "${" @punctuation.special
  "}" @punctuation.special)
(interpolation (_) @none)

; Names
((identifier) @constant
  (#match? @constant "^[A-Z][A-Z0-9_]+$"))

((identifier) @variable.builtin
  (#any-of? @variable.builtin "self" "_"))

(param name: (identifier) @variable.parameter)
(rest_param name: (identifier) @variable.parameter)

(member_expression property: (identifier) @variable.member)
(dict_entry key: (identifier) @property)
(field_entry name: (identifier) @property)
(named_argument name: (identifier) @variable.parameter)
(skill_field name: (identifier) @property)
(struct_field name: (identifier) @property)
(shape_field name: (identifier) @property)
(dict_pattern_field key: (identifier) @property)
(attribute_arg name: (identifier) @property)

; An enum's variant: Color.Red
(member_expression
  object: (identifier) @type
  (#match? @type "^[A-Z]"))

; Functions
(call_expression function: (identifier) @function.call)
(method_call name: (identifier) @function.method.call)
(binary_expression
  operator: "|>"
  right: (identifier) @function.call)

((call_expression function: (identifier) @constructor)
  (#match? @constructor "^[A-Z]"))

(fn_declaration name: (identifier) @function)
(impl_block methods: (fn_declaration name: (identifier) @function.method))
(interface_method name: (identifier) @function.method)
(tool_declaration name: (identifier) @function)
(pipeline_declaration name: (identifier) @function)
(pipeline_declaration extends: (identifier) @function)
(override_declaration name: (identifier) @function)
(hitl_expression kind: _ @function.builtin)

; Types
(named_type (identifier) @type)
(generic_type name: (identifier) @type)
((named_type (identifier) @type.builtin)
  (#any-of? @type.builtin
    "any" "bool" "bytes" "closure" "dict" "duration" "float" "int" "iter" "list" "never" "set"
    "string" "unknown"))
((generic_type name: (identifier) @type.builtin)
  (#any-of? @type.builtin
    "dict" "Generator" "generator" "Iter" "iter" "list" "owned" "set" "Stream" "stream"))
(named_type ["nil" "true" "false"] @type.builtin)
(struct_declaration name: (identifier) @type.definition)
(enum_declaration name: (identifier) @type.definition)
(interface_declaration name: (identifier) @type.definition)
(type_declaration name: (identifier) @type.definition)
(associated_type name: (identifier) @type.definition)
(type_parameter name: (identifier) @type)
(where_bound type: (identifier) @type)
(where_bound bound: (identifier) @type)
(impl_block type: (identifier) @type)
(struct_literal name: (identifier) @type)
(enum_variant name: (identifier) @constant)

(skill_declaration name: (identifier) @module)
(eval_pack_declaration name: (identifier) @module)
(scoped_path (identifier) @module)

(attribute
  "@" @attribute
  name: (identifier) @attribute)

; Keywords
[
  "as" "const" "cost_route" "deadline" "defer" "description" "each" "enum" "eval_pack" "extends"
  "exclusive" "guard" "impl" "interface" "let" "mutex" "override" "pipeline" "require" "select"
  "settle" "skill" "stream" "struct" "summarize" "tool" "type" "var" "where" "with"
] @keyword

["fn" "gen"] @keyword.function
["if" "else" "match" "default" "timeout"] @keyword.conditional
["for" "while" "retry" (break_statement) (continue_statement)] @keyword.repeat
["return" "yield" "emit"] @keyword.return
["try" "catch" "finally" "throw"] @keyword.exception
["import" "from"] @keyword.import
["parallel" "spawn"] @keyword.coroutine
["pub" "out"] @keyword.modifier
["in" "to"] @keyword.operator
(not_in) @keyword.operator

; Operators and punctuation
[
  "=" "+=" "-=" "*=" "/=" "%=" "|>" "||" "&&" "==" "!=" "<" ">" "<=" ">=" "+" "-" "??" "*" "/" "%"
  "**" "!" "?" "|" "&" "->" "..."
] @operator

["." "?." "," ";" ":" "::"] @punctuation.delimiter
["(" ")" "[" "]" "?[" "{" "}"] @punctuation.bracket

(type_parameters ["<" ">"] @punctuation.bracket)
(type_arguments ["<" ">"] @punctuation.bracket)
(generic_type ["<" ">"] @punctuation.bracket)

; Comments
(comment) @comment
(unclosed_comment) @comment
(doc_comment) @comment.documentation
(shebang) @keyword.directive
