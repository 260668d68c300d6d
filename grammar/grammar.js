/**
 * Harn's grammar: the one parser behind the compiler, the servers and the editors' highlighting.
 *
 * Three ideas keep it small and fast:
 *  - Newlines are not spelled out. A line end becomes a token (`_newline`) only where a statement or
 *    an entry may end, and only if the next line does not continue the expression; the scanner
 *    (src/scanner.c) decides. Everywhere else a line end is blank space.
 *  - What needs more than one token of look-ahead is decided by the scanner, which looks as far as
 *    the specification says and returns different tokens: `{` of a closure or of a dict, `<` of type
 *    arguments or of a comparison, `?` of a ternary or of a propagation, the name of a struct
 *    literal or a plain name. So the grammar needs no GLR conflicts.
 *  - Strings are tokens of the scanner, interpolations are real expressions: the parser's own stack
 *    holds the nesting, the scanner none.
 *
 * Where the specification restricts an operand (what can be called, what an attribute's argument may
 * be), the grammar is a little wider: analysis explains such mistakes better than a parse error can.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const PREC = {
  pipe: 1,
  range: 2,
  ternary: 3,
  or: 4,
  and: 5,
  equality: 6,
  comparison: 7,
  additive: 8,
  coalesce: 9,
  multiplicative: 10,
  power: 11,
  unary: 12,
  postfix: 13,
  method: 14,
};

/**
 * The rest of a brace pair that holds `items`, which `$._separator`s separate. Where the brace is
 * missing, the scanner may say so at the beginning of a line.
 */
function body($, item) {
  const end = choice('}', alias($._absent_brace, $.absent));
  return choice(
    end,
    seq(
      item,
      repeat(seq($._separator, item)),
      choice('}', seq($._separator, end)),
    ),
  );
}

/** What closes a bracket; the scanner may say that it is missing. */
function close($, bracket) {
  return choice(bracket, alias($._absent_close, $.absent));
}

/** One or more `rule`, separated by commas; a trailing comma is allowed. */
function commaSep1(rule) {
  return seq(rule, repeat(seq(',', rule)), optional(','));
}

/**
 * A name that a keyword announces. The marker is never found in a text: it tells the scanner that a
 * name is expected, so that `let` alone in a line does not take the next line's keyword for one.
 */
function announced($) {
  return choice($.identifier, $._name_marker);
}

/** `rule`s followed by optional commas, for lists whose items cannot run into each other. */
function loose(rule) {
  return repeat(seq(rule, optional(',')));
}

module.exports = grammar({
  name: 'harn',

  word: $ => $.identifier,

  externals: $ => [
    $._newline,
    $._line_join,
    $.comment,
    $.doc_comment,
    $._string_start,
    $.string_content,
    $.escape_sequence,
    $._string_end,
    $._string_unterminated,
    $._multiline_start,
    $._multiline_content,
    $._multiline_end,
    $._escaped_start,
    $._escaped_content,
    $._escaped_end,
    $._interpolation_start,
    $._closure_start,
    $._type_arguments_start,
    $._ternary_mark,
    $._struct_name,
    $._gen,
    $._absent_name,
    $._absent_close,
    $._absent_brace,
    $._name_marker,
    $.unclosed_comment,
    $._error_sentinel,
  ],

  extras: $ => [/[ \t\r\n]/, /\\\r?\n/, $.comment, $.doc_comment, $._line_join],

  // No supertypes, and these rules inlined: each would cost a reduction per name, literal, type or
  // list, together a tenth of the parser's time.
  inline: $ => [
    $._separator,
    $._entry_separator,
    $._union_member,
    $._dict_entries,
    $._binding_tail,
  ],

  rules: {
    source_file: $ => seq(optional($.shebang), optional($._top_level)),

    shebang: _ => token(/#![^\n]*/),

    _separator: $ => choice(';', $._newline),

    _entry_separator: $ => choice(',', $._newline),

    block: $ => seq('{', $._body),

    _body: $ => body($, $._statement),

    _close_block: $ => choice('}', alias($._absent_brace, $.absent)),

    _top_level: $ => seq(
      $._statement,
      repeat(seq($._separator, $._statement)),
      optional($._separator),
    ),

    // Statements

    // Imports and pipelines belong to the top level; inside an unclosed block they are read all the same.
    _statement: $ => choice(
      $.import_declaration,
      $.pipeline_declaration,
      $._declaration,
      $.attributed_declaration,
      $.let_binding,
      $.var_binding,
      $.const_binding,
      $.override_declaration,
      $.for_statement,
      $.while_statement,
      $.return_statement,
      $.throw_statement,
      $.guard_statement,
      $.require_statement,
      $.defer_statement,
      $.mutex_block,
      $.select_expression,
      $.yield_expression,
      $.emit_expression,
      $.break_statement,
      $.continue_statement,
      $.assignment,
      $.expression_statement,
    ),

    expression_statement: $ => $._expression,

    let_binding: $ => seq('let', field('pattern', $._pattern), $._binding_tail),

    var_binding: $ => seq('var', field('pattern', $._pattern), $._binding_tail),

    const_binding: $ => seq('const', field('name', announced($)), $._binding_tail),

    _binding_tail: $ => seq(
      optional(seq(':', field('type', $._type))),
      '=',
      field('value', $._expression),
    ),

    for_statement: $ => seq(
      'for',
      field('pattern', choice($._pattern, $.pair_pattern)),
      'in',
      field('iterable', $._expression),
      field('body', $.block),
    ),

    while_statement: $ => seq(
      'while',
      field('condition', $._expression),
      field('body', $.block),
    ),

    return_statement: $ => seq('return', optional(field('value', $._expression))),

    throw_statement: $ => seq('throw', field('value', $._expression)),

    guard_statement: $ => seq(
      'guard',
      field('condition', $._expression),
      'else',
      field('alternative', $.block),
    ),

    require_statement: $ => seq(
      'require',
      field('condition', $._expression),
      optional(seq(',', field('message', $._expression))),
    ),

    defer_statement: $ => seq('defer', field('body', $.block)),

    mutex_block: $ => seq('mutex', field('body', $.block)),

    yield_expression: $ => seq('yield', optional(field('value', $._expression))),

    emit_expression: $ => seq('emit', field('value', $._expression)),

    break_statement: _ => 'break',

    continue_statement: _ => 'continue',

    select_expression: $ => seq('select', '{', repeat($._select_arm), $._close_block),

    _select_arm: $ => choice($.select_case, $.select_timeout, $.select_default),

    select_case: $ => seq(
      field('variable', $.identifier),
      'from',
      field('channel', $._expression),
      field('body', $.block),
    ),

    select_timeout: $ => seq('timeout', field('duration', $._expression), field('body', $.block)),

    select_default: $ => seq('default', field('body', $.block)),

    assignment: $ => seq(
      field('left', choice($._name, $.member_expression, $.subscript_expression)),
      field('operator', choice('=', '+=', '-=', '*=', '/=', '%=')),
      field('right', $._expression),
    ),

    // Declarations

    _declaration: $ => choice(
      $.fn_declaration,
      $.tool_declaration,
      $.skill_declaration,
      $.eval_pack_declaration,
      $.struct_declaration,
      $.enum_declaration,
      $.type_declaration,
      $.interface_declaration,
      $.impl_block,
    ),

    attributed_declaration: $ => seq(
      repeat1($.attribute),
      field('declaration', choice($._declaration, $.pipeline_declaration)),
    ),

    attribute: $ => seq(
      '@',
      field('name', announced($)),
      optional(seq('(', optional(commaSep1(field('args', $.attribute_arg))), ')')),
    ),

    attribute_arg: $ => seq(
      optional(seq(field('name', choice($.identifier, alias('retry', $.identifier))), ':')),
      field('value', choice($._expression, alias('continue', $.identifier))),
    ),

    import_declaration: $ => seq(
      optional('pub'),
      'import',
      choice(
        field('path', $.string),
        seq($._import_names, 'from', field('path', $.string)),
        seq(field('path', $.scoped_path), $._import_names),
      ),
    ),

    _import_names: $ => seq('{', loose(field('names', $.identifier)), '}'),

    scoped_path: $ => repeat1(seq($.identifier, '::')),

    pipeline_declaration: $ => seq(
      optional('pub'),
      'pipeline',
      field('name', announced($)),
      field('params', $.parameters),
      optional(seq('->', field('return_type', $._type))),
      optional(seq('extends', field('extends', $.identifier))),
      field('body', $.block),
    ),

    override_declaration: $ => seq(
      'override',
      field('name', announced($)),
      field('params', $.parameters),
      field('body', $.block),
    ),

    fn_declaration: $ => seq(
      optional('pub'),
      optional(alias($._gen, 'gen')),
      'fn',
      field('name', announced($)),
      optional(field('type_params', $.type_parameters)),
      field('params', $.parameters),
      optional(seq('->', field('return_type', $._type))),
      optional(field('where_clause', $.where_clause)),
      field('body', $.block),
    ),

    where_clause: $ => seq('where', commaSep1($.where_bound)),

    where_bound: $ => seq(field('type', $.identifier), ':', field('bound', $.identifier)),

    tool_declaration: $ => seq(
      optional('pub'),
      'tool',
      field('name', announced($)),
      field('params', $.parameters),
      optional(seq('->', field('return_type', $._type))),
      field('body', alias($._tool_body, $.block)),
    ),

    _tool_body: $ => seq(
      '{',
      choice($._body, seq($.tool_description, choice('}', seq($._separator, $._body)))),
    ),

    tool_description: $ => seq('description', field('value', $.string)),

    skill_declaration: $ => seq(
      optional('pub'),
      'skill',
      field('name', announced($)),
      '{',
      optional(seq(
        field('fields', $.skill_field),
        repeat(seq($._separator, field('fields', $.skill_field))),
        optional($._separator),
      )),
      '}',
    ),

    skill_field: $ => seq(field('name', $.identifier), field('value', $._expression)),

    eval_pack_declaration: $ => seq(
      optional('pub'),
      'eval_pack',
      choice(
        seq(field('name', $.identifier), optional(field('id', $.string))),
        field('id', $.string),
      ),
      '{',
      body($, $._eval_pack_item),
    ),

    _eval_pack_item: $ => choice($.field_entry, $.summarize_block, $._statement),

    field_entry: $ => seq(
      field('name', $._name),
      ':',
      field('value', $._expression),
    ),

    summarize_block: $ => prec(1, seq('summarize', field('body', $.block))),

    struct_declaration: $ => seq(
      optional('pub'),
      'struct',
      field('name', announced($)),
      optional(field('type_params', $.type_parameters)),
      '{',
      loose(field('fields', $.struct_field)),
      '}',
    ),

    struct_field: $ => seq(
      field('name', $.identifier),
      optional(field('optional', '?')),
      optional(seq(':', field('type', $._type))),
    ),

    enum_declaration: $ => seq(
      optional('pub'),
      'enum',
      field('name', announced($)),
      optional(field('type_params', $.type_parameters)),
      '{',
      loose(field('variants', $.enum_variant)),
      '}',
    ),

    enum_variant: $ => seq(
      field('name', $.identifier),
      optional(field('params', $.parameters)),
    ),

    interface_declaration: $ => seq(
      'interface',
      field('name', announced($)),
      optional(field('type_params', $.type_parameters)),
      '{',
      repeat(field('members', choice($.associated_type, $.interface_method))),
      '}',
    ),

    associated_type: $ => seq(
      'type',
      field('name', announced($)),
      optional(seq('=', field('type', $._type))),
    ),

    interface_method: $ => seq(
      'fn',
      field('name', announced($)),
      optional(field('type_params', $.type_parameters)),
      field('params', $.parameters),
      optional(seq('->', field('return_type', $._type))),
    ),

    impl_block: $ => seq(
      'impl',
      field('type', announced($)),
      '{',
      repeat(field('methods', $.fn_declaration)),
      $._close_block,
    ),

    type_declaration: $ => seq(
      'type',
      field('name', announced($)),
      optional(field('type_params', $.type_parameters)),
      '=',
      field('type', $._type),
    ),

    type_parameters: $ => seq('<', commaSep1($.type_parameter), '>'),

    type_parameter: $ => choice(
      seq(optional(field('variance', 'in')), field('name', $.identifier)),
      seq(field('variance', 'out'), field('name', $.identifier)),
      field('name', alias('out', $.identifier)),
    ),

    parameters: $ => seq('(', optional($._parameter_list), ')'),

    _parameter_list: $ => commaSep1(choice($.param, $.rest_param)),

    param: $ => seq(
      field('name', $.identifier),
      optional(seq(':', field('type', $._type))),
      optional(seq('=', field('default', $._expression))),
    ),

    rest_param: $ => seq(
      '...',
      field('name', $.identifier),
      optional(seq(':', field('type', $._type))),
    ),

    // Binding patterns (the patterns of `match` are expressions)

    _pattern: $ => choice(announced($), $.dict_pattern, $.list_pattern),

    pair_pattern: $ => seq(
      '(',
      field('first', $.identifier),
      ',',
      field('second', $.identifier),
      ')',
    ),

    dict_pattern: $ => seq('{', loose(choice($.dict_pattern_field, $.rest_pattern)), '}'),

    dict_pattern_field: $ => seq(
      field('key', $.identifier),
      optional(seq(':', field('alias', $.identifier))),
      optional(seq('=', field('default', $._expression))),
    ),

    list_pattern: $ => seq('[', loose(choice($.list_pattern_element, $.rest_pattern)), ']'),

    list_pattern_element: $ => seq(
      field('name', $.identifier),
      optional(seq('=', field('default', $._expression))),
    ),

    rest_pattern: $ => seq('...', field('name', $.identifier)),

    // Expressions

    _expression: $ => choice(
      $._name,
      $.int_literal,
      $.float_literal,
      $.duration_literal,
      $.true,
      $.false,
      $.nil,
      $.string,
      $.multiline_string,
      $.raw_string,
      $.list_literal,
      $.dict_literal,
      $.struct_literal,
      $.closure,
      $.fn_expression,
      $.parenthesized_expression,
      $.if_expression,
      $.match_expression,
      $.retry_expression,
      $.parallel_expression,
      $.spawn_expression,
      $.deadline_expression,
      $.try_expression,
      $.cost_route_expression,
      $.hitl_expression,
      $.call_expression,
      $.method_call,
      $.member_expression,
      $.subscript_expression,
      $.slice_expression,
      $.propagate_expression,
      $.try_star_expression,
      $.unary_expression,
      $.binary_expression,
      $.ternary_expression,
      $.range_expression,
    ),

    // Words that are keywords in one place and names in all others.
    _name: $ => choice(
      $.identifier,
      alias(choice('cost_route', 'summarize', 'description'), $.identifier),
    ),

    parenthesized_expression: $ => seq('(', $._expression, ')'),

    binary_expression: $ => {
      const left = (precedence, ...operators) => prec.left(precedence, seq(
        field('left', $._expression),
        field('operator', operators.length === 1 ? operators[0] : choice(...operators)),
        field('right', $._expression),
      ));
      return choice(
        left(PREC.pipe, '|>'),
        left(PREC.or, '||'),
        left(PREC.and, '&&'),
        left(PREC.equality, '==', '!='),
        left(PREC.comparison, '<', '>', '<=', '>=', 'in', $.not_in),
        left(PREC.additive, '+', '-'),
        left(PREC.coalesce, '??'),
        left(PREC.multiplicative, '*', '/', '%'),
        prec.right(PREC.power, seq(
          field('left', $._expression),
          field('operator', '**'),
          field('right', $._expression),
        )),
      );
    },

    not_in: _ => seq('not', 'in'),

    unary_expression: $ => prec(PREC.unary, seq(
      field('operator', choice('!', '-')),
      field('operand', $._expression),
    )),

    ternary_expression: $ => prec.right(PREC.ternary, seq(
      field('condition', $._expression),
      alias($._ternary_mark, '?'),
      field('consequence', $._expression),
      ':',
      field('alternative', $._expression),
    )),

    range_expression: $ => prec.left(PREC.range, seq(
      field('start', $._expression),
      'to',
      field('end', $._expression),
      optional('exclusive'),
    )),

    try_star_expression: $ => prec(PREC.unary, seq(
      'try',
      '*',
      field('operand', $._expression),
    )),

    propagate_expression: $ => prec(PREC.postfix, seq(field('operand', $._expression), '?')),

    call_expression: $ => prec(PREC.postfix, seq(
      choice(
        field('function', $._expression),
        seq(field('function', $._name), field('type_arguments', $.type_arguments)),
      ),
      field('arguments', $.arguments),
    )),

    type_arguments: $ => seq(alias($._type_arguments_start, '<'), commaSep1($._type), '>'),

    arguments: $ => seq(
      '(',
      optional(commaSep1(choice($._expression, $.spread))),
      close($, ')'),
    ),


    spread: $ => seq('...', field('value', $._expression)),

    method_call: $ => prec(PREC.method, seq(
      field('object', $._expression),
      $._member_operator,
      field('name', $._member_name),
      field('arguments', $.arguments),
    )),

    member_expression: $ => prec(PREC.postfix, seq(
      field('object', $._expression),
      $._member_operator,
      field('property', $._member_name),
    )),

    _member_operator: _ => choice('.', '?.'),

    // Any word is a member name: no keyword is valid here, so that the lexer sees names only.
    _member_name: $ => choice($.identifier, alias($._absent_name, $.absent)),

    subscript_expression: $ => prec(PREC.postfix, seq(
      field('object', $._expression),
      choice('[', '?['),
      field('index', $._expression),
      ']',
    )),

    slice_expression: $ => prec(PREC.postfix, seq(
      field('object', $._expression),
      '[',
      optional(field('start', $._expression)),
      ':',
      optional(field('end', $._expression)),
      ']',
    )),

    list_literal: $ => seq('[', optional(commaSep1(choice($._expression, $.spread))), ']'),

    dict_literal: $ => seq('{', optional($._dict_entries), close($, '}')),

    struct_literal: $ => seq(
      field('name', alias($._struct_name, $.identifier)),
      '{',
      optional($._dict_entries),
      close($, '}'),
    ),

    _dict_entries: $ => seq(
      $._dict_item,
      repeat(seq($._entry_separator, $._dict_item)),
      optional($._entry_separator),
    ),

    _dict_item: $ => choice($.dict_entry, $.spread),

    dict_entry: $ => seq(
      field('key', choice($.identifier, $.string, $.computed_key, $._name_marker)),
      ':',
      field('value', $._expression),
    ),

    computed_key: $ => seq('[', $._expression, ']'),

    closure: $ => seq(
      alias($._closure_start, '{'),
      optional(field('params', alias($._parameter_list, $.parameters))),
      '->',
      $._body,
    ),

    fn_expression: $ => seq('fn', field('params', $.parameters), field('body', $.block)),

    if_expression: $ => prec.right(seq(
      'if',
      field('condition', $._expression),
      field('consequence', $.block),
      optional(seq('else', field('alternative', choice($.block, $.if_expression)))),
    )),

    match_expression: $ => seq(
      'match',
      field('value', $._expression),
      '{',
      repeat(field('arms', $.match_arm)),
      $._close_block,
    ),

    match_arm: $ => seq(
      field('pattern', choice($._expression, $.or_pattern)),
      optional(seq('if', field('guard', $._expression))),
      '->',
      field('body', $.block),
    ),

    or_pattern: $ => seq($._expression, repeat1(seq('|', $._expression))),

    retry_expression: $ => seq('retry', field('count', $._expression), field('body', $.block)),

    parallel_expression: $ => seq(
      'parallel',
      optional(field('mode', choice('each', 'settle'))),
      field('value', $._expression),
      optional(field('options', $.parallel_options)),
      field('body', alias($._parallel_body, $.block)),
      optional(field('as_stream', $.as_stream)),
    ),

    parallel_options: $ => seq('with', '{', optional($._dict_entries), '}'),

    _parallel_body: $ => seq(
      '{',
      optional(seq(field('variable', $._name), '->')),
      $._body,
    ),

    as_stream: _ => seq('as', 'stream'),

    spawn_expression: $ => seq('spawn', field('body', $.block)),

    deadline_expression: $ => seq(
      'deadline',
      field('duration', $._expression),
      field('body', $.block),
    ),

    try_expression: $ => seq(
      'try',
      field('body', $.block),
      optional($.catch_clause),
      optional($.finally_clause),
    ),

    catch_clause: $ => seq(
      'catch',
      optional(choice(
        field('variable', $.identifier),
        seq(
          '(',
          field('variable', $.identifier),
          optional(seq(':', field('type', $._type))),
          ')',
        ),
      )),
      field('body', $.block),
    ),

    finally_clause: $ => seq('finally', field('body', $.block)),

    cost_route_expression: $ => prec(1, seq(
      'cost_route',
      '{',
      repeat(seq($.field_entry, $._entry_separator)),
      choice(seq($.field_entry, '}'), $._body),
    )),

    hitl_expression: $ => seq(
      field('kind', choice('request_approval', 'dual_control', 'ask_user', 'escalate_to')),
      field('arguments', alias($._hitl_arguments, $.arguments)),
    ),

    _hitl_arguments: $ => seq(
      '(',
      optional(commaSep1(choice($._expression, alias($.field_entry, $.named_argument)))),
      close($, ')'),
    ),

    // Literals

    string: $ => choice(
      seq(
        alias($._string_start, '"'),
        repeat(choice($.string_content, $.escape_sequence, $.interpolation)),
        choice(alias($._string_end, '"'), alias($._string_unterminated, $.unterminated)),
      ),
      // Quotes escaped once more than needed, as programs that were generated have them in
      // interpolations.
      seq(
        alias($._escaped_start, '\\"'),
        optional(alias($._escaped_content, $.string_content)),
        choice(alias($._escaped_end, '\\"'), alias($._string_unterminated, $.unterminated)),
      ),
    ),

    multiline_string: $ => seq(
      alias($._multiline_start, '"""'),
      repeat(choice(
        alias($._multiline_content, $.string_content),
        $.escape_sequence,
        $.interpolation,
      )),
      choice(alias($._multiline_end, '"""'), alias($._string_unterminated, $.unterminated)),
    ),

    interpolation: $ => seq(
      alias($._interpolation_start, '${'),
      field('expression', $._expression),
      close($, '}'),
    ),

    raw_string: _ => token(/r"[^"\n]*"/),

    int_literal: _ => token(/[0-9]+/),

    float_literal: _ => token(/[0-9]+\.[0-9]+/),

    duration_literal: _ => token(/[0-9]+(ms|s|m|h|d|w)/),

    true: _ => 'true',
    false: _ => 'false',
    nil: _ => 'nil',

    identifier: _ => /[_\p{Alphabetic}][_\p{Alphabetic}\p{N}]*/,

    // Types

    _type: $ => prec.right(choice($.union_type, $._union_member)),

    union_type: $ => prec.right(seq($._union_member, repeat1(seq('|', $._union_member)))),

    _union_member: $ => prec.right(choice($.intersection_type, $._primary_type)),

    intersection_type: $ => prec.right(seq($._primary_type, repeat1(seq('&', $._primary_type)))),

    _primary_type: $ => choice(
      $.named_type,
      $.generic_type,
      $.list_type,
      $.shape_type,
      $.fn_type,
      $.literal_type,
      $.optional_type,
    ),

    named_type: $ => choice($.identifier, 'nil', 'true', 'false'),

    generic_type: $ => seq(
      field('name', $.identifier),
      '<',
      commaSep1(field('args', $._type)),
      '>',
    ),

    list_type: $ => seq('[', field('element', $._type), ']'),

    shape_type: $ => seq('{', loose(field('fields', $.shape_field)), '}'),

    shape_field: $ => seq(
      field('name', $.identifier),
      optional(field('optional', '?')),
      ':',
      field('type', $._type),
    ),

    fn_type: $ => prec.right(seq(
      'fn',
      '(',
      optional(commaSep1(field('params', $._type))),
      ')',
      '->',
      field('return_type', $._type),
    )),

    literal_type: $ => choice(
      $.string,
      $.raw_string,
      seq(optional('-'), $.int_literal),
    ),

    optional_type: $ => prec(1, seq(field('type', $._primary_type), '?')),
  },
});
