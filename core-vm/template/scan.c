// From the text of a template to pieces: literal text and directives. Comments vanish here, `raw` blocks become text,
// and the dashes of `{{-` and `-}}` take white space and one line end off the text beside them.
#include "template/template_int.h"

#include <string.h>

#include "base/banned.h"

static ChStr part(ChStr text, uint32_t from, uint32_t to) { return (ChStr){text.data + from, to - from}; }

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static ChStr trim_start(ChStr text) {
    uint32_t i = 0;
    while (i < text.length && is_blank(text.data[i])) i++;
    if (i < text.length && text.data[i] == '\r') {
        i++;
        if (i < text.length && text.data[i] == '\n') i++;
    } else if (i < text.length && text.data[i] == '\n') {
        i++;
    }
    return part(text, i, text.length);
}

static ChStr trim_end(ChStr text) {
    uint32_t i = text.length;
    while (i && is_blank(text.data[i - 1])) i--;
    if (i && text.data[i - 1] == '\n') {
        i--;
        if (i && text.data[i - 1] == '\r') i--;
    }
    return part(text, 0, i);
}

// Offset of the `}}` that ends the directive whose body begins at `from`, past quoted literals. False: there is none.
static bool directive_end(ChStr text, uint32_t from, uint32_t *end) {
    char quote = 0;
    for (uint32_t i = from; i + 1 < text.length; i++) {
        char c = text.data[i];
        if (quote && c == '\\') i++;
        else if (quote) quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'') quote = c;
        else if (c == '}' && text.data[i + 1] == '}') return *end = i, true;
    }
    return false;
}

static bool has_dash(ChStr text, uint32_t from, uint32_t end) { return end > from && text.data[end - 1] == '-'; }

// `raw` begins the body and is a word by itself.
static bool begins_raw(ChStr text, uint32_t from, uint32_t *after) {
    while (from < text.length && is_blank(text.data[from])) from++;
    ChStr rest = part(text, from, text.length);
    if (!ch_str_starts_with(rest, CH_STR("raw"))) return false;
    *after = from + 3;
    rest = part(text, from + 3, text.length);
    return !rest.length || strchr(" \t\r\n", rest.data[0]) || ch_str_starts_with(rest, CH_STR("}}")) ||
           ch_str_starts_with(rest, CH_STR("-}}"));
}

// The `{{ endraw }}` at or behind `from`.
static bool find_endraw(ChStr text, uint32_t from, uint32_t *open, uint32_t *after) {
    for (;;) {
        int64_t found = ch_str_find(text, CH_STR("{{"), from);
        if (found < 0) return false;
        uint32_t body = (uint32_t)found + 2, end;
        if (body < text.length && text.data[body] == '-') body++;
        if (!directive_end(text, body, &end)) return false;
        uint32_t body_end = has_dash(text, body, end) ? end - 1 : end;
        *open = (uint32_t)found;
        *after = from = end + 2;
        if (ch_str_is(ch_str_trim(part(text, body, body_end)), "endraw")) return true;
    }
}

static bool fail_at(ChTemplateParser *parser, uint32_t offset, const char *message) {
    parser->directive = (ChTemplatePiece){.offset = offset, .length = parser->template->text.length - offset};
    ch__template_place(parser, offset);
    return ch__template_fail(parser, "%s", message);
}

bool ch__template_next_piece(ChTemplateParser *parser, ChTemplatePiece *piece) {
    ChStr text = parser->template->text;
    for (;;) {
        if (parser->at >= text.length) {
            piece->kind = CH_PIECE_END;
            return true;
        }
        int64_t found = ch_str_find(text, CH_STR("{{"), parser->at);
        uint32_t open = found < 0 ? text.length : (uint32_t)found;
        bool has_start_dash = found >= 0 && open + 2 < text.length && text.data[open + 2] == '-';
        if (open > parser->at || parser->trims_next) {
            ChStr literal = part(text, parser->at, open);
            if (parser->trims_next) literal = trim_start(literal);
            if (has_start_dash) literal = trim_end(literal);
            *piece = (ChTemplatePiece){.kind = CH_PIECE_TEXT, .text = literal, .offset = parser->at};
            parser->at = open;
            parser->trims_next = false;
            if (literal.length) return true;
            continue;
        }
        uint32_t body = open + 2 + has_start_dash, end, after;
        if (body < text.length && text.data[body] == '#') {
            int64_t close = ch_str_find(text, CH_STR("#}}"), body + 1);
            if (close < 0) return fail_at(parser, open, "unterminated comment");
            parser->at = (uint32_t)close + 3;
            continue;
        }
        if (begins_raw(text, body, &after)) {
            int64_t close = ch_str_find(text, CH_STR("}}"), after);
            if (close < 0) return fail_at(parser, open, "unterminated directive");
            uint32_t start = (uint32_t)close + 2, stop;
            if (!find_endraw(text, start, &stop, &parser->at))
                return fail_at(parser, open, "unterminated `{{ raw }}` block");
            *piece = (ChTemplatePiece){.kind = CH_PIECE_TEXT, .text = part(text, start, stop), .offset = start};
            if (stop > start) return true;
            continue;
        }
        if (!directive_end(text, body, &end)) return fail_at(parser, open, "unterminated directive");
        parser->trims_next = has_dash(text, body, end);
        parser->at = end + 2;
        *piece = (ChTemplatePiece){
            .kind = CH_PIECE_DIRECTIVE,
            .text = ch_str_trim(part(text, body, parser->trims_next ? end - 1 : end)),
            .offset = open,
            .length = end + 2 - open,
        };
        return true;
    }
}
