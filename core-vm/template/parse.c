// From pieces to operations. Blocks that are open stand on a list of their own, so nesting costs no stack; a jump whose
// place is not known yet is remembered in its block and filled in when the next branch or the end comes.
#include "template/template_int.h"

#include <string.h>

#include "base/banned.h"

#define NONE UINT32_MAX

static const char *const sections[] = {"task",  "examples", "output_format", "tools", "thinking_scaffold",
                                       "chain_of_thought", "system_framing"};

bool ch_template_is_section(ChStr name) {
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (ch_str_is(name, sections[i])) return true;
    return false;
}

// ---- shared with the other files ------------------------------------------------------------------------------------

void ch__template_place(ChTemplateParser *parser, uint32_t offset) {
    ChStr text = parser->template->text;
    for (; parser->counted < offset; parser->counted++) {
        char c = text.data[parser->counted];
        if (c == '\n') {
            parser->text_line++;
            parser->text_column = 1;
        } else if ((c & 0xC0) != 0x80) {
            parser->text_column++;
        }
    }
    parser->line = parser->text_line;
    parser->column = parser->text_column;
}

bool ch__template_fail(ChTemplateParser *parser, const char *format, ...) {
    ChTemplate *template = parser->template;
    if (template->is_broken) return false;
    ChBuffer message = {0};
    va_list args;
    va_start(args, format);
    ch_buffer_vprintf(&message, format, args);
    va_end(args);
    template->is_broken = true;
    template->error = (ChTemplateError){
        .offset = parser->directive.offset,
        .length = parser->directive.length,
        .line = parser->line,
        .column = parser->column,
        .message = ch_str_copy(&template->arena, ch_buffer_view(&message)),
    };
    ch_buffer_release(&message);
    return false;
}

uint32_t ch__template_op(ChTemplateParser *parser, ChTemplateOpKind kind) {
    ChTemplate *template = parser->template;
    ch_array_push(&template->ops, (ChTemplateOp){.kind = kind, .line = parser->line, .column = parser->column});
    return template->ops.count - 1;
}

void ch__template_reads(ChTemplateParser *parser, ChStr name) {
    for (uint32_t i = 0; i < parser->blocks.count; i++) {
        const ChTemplateBlock *block = &parser->blocks.items[i];
        if (block->kind != CH_BLOCK_FOR) continue;
        if (ch_str_is(name, "loop") || ch_str_equal(name, block->names[0]) || ch_str_equal(name, block->names[1])) return;
    }
    ChTemplate *template = parser->template;
    for (uint32_t i = 0; i < template->names.count; i++)
        if (ch_str_equal(name, template->names.items[i].name)) return;
    ch_array_push(&template->names, (ChTemplateName){.name = name, .offset = parser->directive.offset});
}

bool ch__template_is_name(ChStr text) {
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
        if (!is_letter && !(i && c >= '0' && c <= '9')) return false;
    }
    return text.length > 0;
}

bool ch__template_literal(ChTemplateParser *parser, ChStr source, ChStr *text, uint32_t *used) {
    char quote = source.data[0];
    ChBuffer out = {0};
    bool ends = false;
    uint32_t i = 1;
    for (; i < source.length && !ends; i++) {
        char c = source.data[i];
        if (c == quote) {
            ends = true;
        } else if (c == '\\' && i + 1 < source.length) {
            c = source.data[++i];
            ch_buffer_add_byte(&out, c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
        } else {
            ch_buffer_add_byte(&out, c);
        }
    }
    *used = i;
    *text = ch_str_copy(&parser->template->arena, ch_buffer_view(&out));
    ch_buffer_release(&out);
    return ends;
}

// ---- texts outside of quotes and brackets ---------------------------------------------------------------------------

// Offset of `mark` in the text where no quote or bracket is open, or -1.
static int64_t find_outside(ChStr text, const char *mark) {
    ChStr wanted = ch_str_of(mark);
    char quote = 0;
    int64_t depth = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (quote && c == '\\') i++;
        else if (quote) quote = c == quote ? 0 : quote;
        else if (!depth && ch_str_starts_with((ChStr){text.data + i, text.length - i}, wanted)) return i;
        else if (c == '"' || c == '\'') quote = c;
        else if (c == '(' || c == '[' || c == '{') depth++;
        else if (c == ')' || c == ']' || c == '}') depth--;
    }
    return -1;
}

static ChStr before(ChStr text, int64_t at) { return ch_str_trim((ChStr){text.data, (uint32_t)at}); }
static ChStr behind(ChStr text, int64_t at) {
    return ch_str_trim((ChStr){text.data + at, text.length - (uint32_t)at});
}

static bool is_space(char c) { return c && strchr(" \t\r\n\f\v", c); }

static ChStr first_word(ChStr text) {
    uint32_t i = 0;
    while (i < text.length && !is_space(text.data[i])) i++;
    return (ChStr){text.data, i};
}

// ---- blocks ---------------------------------------------------------------------------------------------------------

static ChTemplateBlock *open_block(ChTemplateParser *parser, int kind) {
    if (parser->blocks.count >= CH_TEMPLATE_NESTING_MAX) {
        ch__template_fail(parser, "directives nest too deeply");
        return NULL;
    }
    ch_array_push(&parser->blocks, (ChTemplateBlock){.kind = kind, .directive = parser->directive, .pending = NONE, .exits = NONE});
    return &ch_array_last(&parser->blocks);
}

static ChTemplateBlock *top_block(ChTemplateParser *parser) {
    return parser->blocks.count ? &ch_array_last(&parser->blocks) : NULL;
}

static void set_target(ChTemplateParser *parser, uint32_t op) {
    if (op != NONE) parser->template->ops.items[op].target = parser->template->ops.count;
}

// The branch that ends here jumps to the end of its block.
static void add_exit(ChTemplateParser *parser, ChTemplateBlock *block) {
    uint32_t jump = ch__template_op(parser, CH_TEMPLATE_JUMP);
    parser->template->ops.items[jump].target = block->exits;
    block->exits = jump;
}

static bool parse_if(ChTemplateParser *parser, ChStr condition) {
    if (!ch__template_expression(parser, condition)) return false;
    uint32_t jump = ch__template_op(parser, CH_TEMPLATE_JUMP_UNLESS);
    ChTemplateBlock *block = open_block(parser, CH_BLOCK_IF);
    if (block) block->pending = jump;
    return block != NULL;
}

static bool parse_elif(ChTemplateParser *parser, ChTemplateBlock *block, ChStr condition) {
    add_exit(parser, block);
    set_target(parser, block->pending);
    if (!ch__template_expression(parser, condition)) return false;
    block->pending = ch__template_op(parser, CH_TEMPLATE_JUMP_UNLESS);
    return true;
}

static void parse_else(ChTemplateParser *parser, ChTemplateBlock *block) {
    if (block->kind == CH_BLOCK_FOR) {
        uint32_t again = ch__template_op(parser, CH_TEMPLATE_NEXT);
        parser->template->ops.items[again].target = block->begin + 1;
    }
    add_exit(parser, block);
    set_target(parser, block->pending);
    block->pending = NONE;
    block->kind = block->kind == CH_BLOCK_FOR ? CH_BLOCK_FOR_ELSE : CH_BLOCK_ELSE;
    block->directive = parser->directive;
}

static void end_block(ChTemplateParser *parser) {
    ChTemplateBlock block = ch_array_pop(&parser->blocks);
    if (block.kind == CH_BLOCK_FOR) {
        uint32_t again = ch__template_op(parser, CH_TEMPLATE_NEXT);
        parser->template->ops.items[again].target = block.begin + 1;
    }
    set_target(parser, block.pending);
    while (block.exits != NONE) {
        uint32_t exit = block.exits;
        block.exits = parser->template->ops.items[exit].target;
        set_target(parser, exit);
    }
}

static bool parse_for(ChTemplateParser *parser, ChStr source) {
    int64_t in = find_outside(source, " in ");
    if (in < 0) return ch__template_fail(parser, "expected `in` in for-loop");
    ChStr head = before(source, in), key = {"", 0};
    int64_t comma = ch_str_find(head, CH_STR(","), 0);
    if (comma >= 0) {
        key = before(head, comma);
        head = behind(head, comma + 1);
        if (!ch__template_is_name(key) || !ch__template_is_name(head))
            return ch__template_fail(parser, "invalid for-loop variables");
    } else if (!ch__template_is_name(head)) {
        return ch__template_fail(parser, "invalid for-loop variable");
    }
    if (!ch__template_expression(parser, behind(source, in + 4))) return false;
    uint32_t begin = ch__template_op(parser, CH_TEMPLATE_FOR);
    ChTemplateOp *op = &parser->template->ops.items[begin];
    op->names = CH_ARENA_ARRAY(&parser->template->arena, ChStr, 2);
    op->names[0] = head;
    op->names[1] = key;
    ChTemplateBlock *block = open_block(parser, CH_BLOCK_FOR);
    if (!block) return false;
    block->begin = block->pending = begin;
    block->names[0] = head;
    block->names[1] = key;
    return true;
}

// ---- directives with named values -----------------------------------------------------------------------------------

typedef struct Names {
    CH_ARRAY_OF(ChStr) list;
} Names;

static void give_names(ChTemplateParser *parser, uint32_t op, Names *take_names) {
    ChTemplateOp *target = &parser->template->ops.items[op];
    target->count = take_names->list.count;
    target->names = CH_ARENA_ARRAY(&parser->template->arena, ChStr, target->count);
    for (uint32_t i = 0; i < target->count; i++) target->names[i] = take_names->list.items[i];
    ch_array_release(&take_names->list);
}

static bool parse_bindings(ChTemplateParser *parser, ChStr source, Names *names) {
    if (source.length < 2 || source.data[0] != '{' || source.data[source.length - 1] != '}')
        return ch__template_fail(parser, "expected `{ ... }` after `with`");
    ChStr rest = {source.data + 1, source.length - 2};
    while (rest.length) {
        int64_t comma = find_outside(rest, ",");
        ChStr pair = before(rest, comma < 0 ? rest.length : comma);
        rest = comma < 0 ? (ChStr){"", 0} : behind(rest, comma + 1);
        if (!pair.length) continue;
        int64_t colon = find_outside(pair, ":");
        if (colon < 0) return ch__template_fail(parser, "expected `key: value` in include bindings");
        if (!ch__template_is_name(before(pair, colon))) return ch__template_fail(parser, "invalid include binding key");
        if (!ch__template_expression(parser, behind(pair, colon + 1))) return false;
        ch_array_push(&names->list, before(pair, colon));
    }
    return true;
}

static bool parse_include(ChTemplateParser *parser, ChStr source) {
    int64_t with = find_outside(source, " with ");
    if (!ch__template_expression(parser, with < 0 ? source : before(source, with))) return false;
    ch__template_op(parser, CH_TEMPLATE_PATH);
    Names names = {{0}};
    bool is_good = with < 0 || parse_bindings(parser, behind(source, with + 6), &names);
    give_names(parser, ch__template_op(parser, CH_TEMPLATE_INCLUDE), &names);
    return is_good;
}

// The name of a section in front of `*source`, which loses it.
static bool section_name(ChTemplateParser *parser, ChStr *source, ChStr *name) {
    uint32_t used;
    if (!source->length) return ch__template_fail(parser, "expected section name");
    if (source->data[0] != '"' && source->data[0] != '\'')
        return ch__template_fail(parser, "section name must be a string literal");
    if (!ch__template_literal(parser, *source, name, &used))
        return ch__template_fail(parser, "unterminated section name string literal");
    *source = behind(*source, used);
    return true;
}

// How much of `source` is one `name=value`: to a comma, or to white space that a further `name=` follows.
static uint32_t argument_length(ChStr source) {
    char quote = 0;
    int64_t depth = 0;
    for (uint32_t i = 0; i < source.length; i++) {
        char c = source.data[i];
        if (quote && c == '\\') i++;
        else if (quote) quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'') quote = c;
        else if (c == '(' || c == '[' || c == '{') depth++;
        else if (c == ')' || c == ']' || c == '}') depth--;
        else if (c == ',' && !depth) return i;
        else if (is_space(c) && !depth) {
            ChStr rest = behind(source, i);
            uint32_t end = 0;
            while (end < rest.length && !is_space(rest.data[end]) && rest.data[end] != '=') end++;
            bool is_name = ch__template_is_name((ChStr){rest.data, end});
            rest = behind(rest, end);
            if (is_name && rest.length && rest.data[0] == '=') return i;
        }
    }
    return source.length;
}

static bool parse_arguments(ChTemplateParser *parser, ChStr source, Names *names) {
    while (source.length) {
        uint32_t length = argument_length(source);
        ChStr argument = before(source, length);
        source = behind(source, length);
        if (source.length && source.data[0] == ',') source = behind(source, 1);
        if (!argument.length) continue;
        int64_t equals = find_outside(argument, "=");
        if (equals < 0) return ch__template_fail(parser, "expected `name=value` section argument");
        if (!ch__template_is_name(before(argument, equals)))
            return ch__template_fail(parser, "invalid section argument name");
        if (!ch__template_expression(parser, behind(argument, equals + 1))) return false;
        ch_array_push(&names->list, before(argument, equals));
    }
    return true;
}

static bool parse_section(ChTemplateParser *parser, ChStr source) {
    ChStr name;
    if (!section_name(parser, &source, &name)) return false;
    if (!ch_template_is_section(name))
        return ch__template_fail(parser, "unknown template section `%.*s`", CH_STR_ARG(name));
    Names names = {{0}};
    bool is_good = parse_arguments(parser, source, &names);
    uint32_t op = ch__template_op(parser, CH_TEMPLATE_SECTION);
    parser->template->ops.items[op].text = name;
    give_names(parser, op, &names);
    ChTemplateBlock *block = is_good ? open_block(parser, CH_BLOCK_SECTION) : NULL;
    if (block) block->section = name;
    return block != NULL;
}

static bool parse_endsection(ChTemplateParser *parser, ChStr source) {
    ChStr name;
    ChTemplateBlock *block = top_block(parser);
    if (source.length) {
        if (!section_name(parser, &source, &name)) return false;
        if (source.length) return ch__template_fail(parser, "unexpected tokens after endsection name");
        if (!ch_str_equal(name, block->section))
            return ch__template_fail(parser, "mismatched section end: expected `%.*s`, got `%.*s`",
                                     CH_STR_ARG(block->section), CH_STR_ARG(name));
    }
    parser->blocks.count--;
    ch__template_op(parser, CH_TEMPLATE_SECTION_END);
    return true;
}

// ---- the whole ------------------------------------------------------------------------------------------------------

static bool fail_unclosed(ChTemplateParser *parser, const ChTemplateBlock *block) {
    static const char *const messages[] = {
        [CH_BLOCK_IF] = "`{{ if }}` missing matching `{{ end }}`",
        [CH_BLOCK_ELSE] = "`{{ else }}` missing matching `{{ end }}`",
        [CH_BLOCK_FOR] = "`{{ for }}` missing matching `{{ end }}`",
        [CH_BLOCK_FOR_ELSE] = "`{{ else }}` missing matching `{{ end }}`",
        [CH_BLOCK_SECTION] = "`{{ section }}` missing matching `{{ endsection }}`",
    };
    parser->directive = block->directive;
    parser->counted = 0;
    parser->text_line = parser->text_column = 1;
    ch__template_place(parser, block->directive.offset);
    return ch__template_fail(parser, "%s", messages[block->kind]);
}

// `end`, `else`, `elif` and `endsection`, where they close or continue the innermost block. *is_done: it was one.
static bool parse_closing(ChTemplateParser *parser, ChStr word, ChStr rest, bool *is_done) {
    ChTemplateBlock *block = top_block(parser);
    bool is_section = block && block->kind == CH_BLOCK_SECTION, has_branches = block && !is_section;
    bool takes_else = has_branches && block->kind != CH_BLOCK_ELSE && block->kind != CH_BLOCK_FOR_ELSE;
    *is_done = true;
    if (ch_str_is(word, "end") && has_branches) return end_block(parser), true;
    if (ch_str_is(word, "end") && !rest.length) return ch__template_fail(parser, "unexpected `{{ end }}`");
    if (ch_str_is(word, "else") && takes_else) return parse_else(parser, block), true;
    if (ch_str_is(word, "else") && !rest.length) return ch__template_fail(parser, "unexpected `{{ else }}`");
    if (ch_str_is(word, "elif") && takes_else && block->kind == CH_BLOCK_IF) return parse_elif(parser, block, rest);
    if (ch_str_is(word, "elif")) return ch__template_fail(parser, "unexpected `{{ elif }}`");
    if (ch_str_is(word, "endsection") && is_section) return parse_endsection(parser, rest);
    if (ch_str_is(word, "endsection")) return ch__template_fail(parser, "unexpected `{{ endsection }}`");
    *is_done = false;
    return true;
}

static bool parse_directive(ChTemplateParser *parser) {
    ChStr body = parser->directive.text, word = first_word(body);
    ChStr rest = behind(body, word.length);
    bool is_done;
    if (!parse_closing(parser, word, rest, &is_done)) return false;
    if (is_done) return true;
    if (ch_str_is(word, "if")) return parse_if(parser, rest);
    if (ch_str_is(word, "for")) return parse_for(parser, rest);
    if (ch_str_is(word, "include")) return parse_include(parser, rest);
    if (ch_str_is(word, "section")) return parse_section(parser, rest);
    if (ch__template_is_name(body)) {
        ch__template_reads(parser, body);
        uint32_t op = ch__template_op(parser, CH_TEMPLATE_BARE);
        parser->template->ops.items[op].text = body;
        return true;
    }
    if (!ch__template_expression(parser, body)) return false;
    ch__template_op(parser, CH_TEMPLATE_EMIT);
    return true;
}

ChTemplate *ch_template_parse(ChStr text) {
    ChTemplate *template = ch_alloc_zero(1, sizeof *template);
    ch_arena_init(&template->arena);
    ChTemplateParser parser = {.template = template, .line = 1, .column = 1, .text_line = 1, .text_column = 1};
    if (text.length > CH_TEMPLATE_SIZE_MAX) {
        ch__template_fail(&parser, "template is larger than %u bytes", CH_TEMPLATE_SIZE_MAX);
        return template;
    }
    template->text = ch_str_copy(&template->arena, text);
    ChTemplatePiece piece;
    while (ch__template_next_piece(&parser, &piece) && piece.kind != CH_PIECE_END) {
        if (piece.kind == CH_PIECE_TEXT) {
            uint32_t op = ch__template_op(&parser, CH_TEMPLATE_TEXT);
            template->ops.items[op].text = piece.text;
            continue;
        }
        parser.directive = piece;
        ch__template_place(&parser, piece.offset);
        if (!parse_directive(&parser)) break;
    }
    ChTemplateBlock *block = top_block(&parser);
    if (!template->is_broken && block) fail_unclosed(&parser, block);
    ch_array_release(&parser.blocks);
    return template;
}

void ch_template_free(ChTemplate *template) {
    ch_array_release(&template->ops);
    ch_array_release(&template->names);
    ch_arena_release(&template->arena);
    ch_free(template);
}
