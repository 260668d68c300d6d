/* Reducers of strings: escapes, interpolations, and the indentation that is taken from
 * """ ... """. A string's text is copied only where it differs from the source. */
#include <string.h>

#include "base/alloc.h"
#include "syntax/lower_int.h"

#include "base/banned.h"

/* A part of a string on its way: literal text or an expression. */
typedef struct Part {
    ChBuffer text;
    ChNode *expression; /* NULL: text */
    uint32_t start, end;
} Part;

typedef CH_ARRAY_OF(Part) PartList;

void ch__reduce_interpolation(Reduction *r) {
    ch__pass(r, ch__kid(r, FIELD_expression));
}

void ch__reduce_raw_string(Reduction *r) {
    if (r->end - r->start < 3) return;
    ChNode *node = ch__reduce_to(r, CH_NODE_STRING);
    node->flags |= CH_FLAG_RAW;
    node->as.string.text = ch_str_slice(r->lower->text + r->start + 2, r->end - r->start - 3);
}

static void add_escape(ChBuffer *out, ChStr escape, bool is_multiline) {
    char letter = escape.length > 1 ? escape.data[1] : 0;
    char byte = 0;
    bool known = true;
    if (is_multiline && letter != '$') letter = 0;
    switch (letter) {
    case 'n': byte = '\n'; break;
    case 'r': byte = '\r'; break;
    case 't': byte = '\t'; break;
    case '0': byte = 0; break;
    case '\\':
    case '"':
    case '$': byte = letter; break;
    default: known = false;
    }
    if (!known) {
        ch_buffer_add_str(out, escape);
        return;
    }
    ch_buffer_add_byte(out, byte);
    ch_buffer_add(out, escape.data + 2, escape.length - 2);
}

/* Line ends are \n in the value, whatever the file has. */
static void add_lines(ChBuffer *out, ChStr text) {
    for (uint32_t i = 0; i < text.length; i++)
        if (text.data[i] != '\r' || i + 1 == text.length || text.data[i + 1] != '\n')
            ch_buffer_add_byte(out, text.data[i]);
}

static Part *text_part(PartList *parts, uint32_t start) {
    if (!parts->count || ch_array_last(parts).expression) {
        Part part = {.start = start, .end = start};
        ch_array_push(parts, part);
    }
    return &ch_array_last(parts);
}

/* ---- indentation */

static uint32_t blanks_before(ChStr line) {
    uint32_t i = 0;
    while (i < line.length && (line.data[i] == ' ' || line.data[i] == '\t'))
        i++;
    return i;
}

/* The next line of `text` from *at on, without its line end; false behind the last. */
static bool next_line(ChStr text, uint32_t *at, ChStr *line) {
    if (*at > text.length) return false;
    const char *start = text.data + *at;
    const char *end = *at < text.length ? memchr(start, '\n', text.length - *at) : NULL;
    *line = ch_str_slice(start, end ? (size_t)(end - start) : text.length - *at);
    *at += line->length + 1;
    return true;
}

/* The fewest blanks before a line that has more than blanks. Lines are those of the
 * literal text alone: what is interpolated does not count. */
static uint32_t common_indent(const PartList *parts) {
    ChBuffer whole = {0};
    for (uint32_t i = 0; i < parts->count; i++)
        if (!parts->items[i].expression) ch_buffer_add_str(&whole, ch_buffer_view(&parts->items[i].text));
    uint32_t least = UINT32_MAX, at = 0;
    ChStr line;
    while (next_line(ch_buffer_view(&whole), &at, &line)) {
        uint32_t blanks = blanks_before(line);
        if (ch_str_trim(line).length && blanks < least) least = blanks;
    }
    ch_buffer_release(&whole);
    return least == UINT32_MAX ? 0 : least;
}

static void drop_last_newline(ChBuffer *text) {
    if (text->length && text->data[text->length - 1] == '\n') text->data[--text->length] = 0;
}

static void strip_lines(ChBuffer *text, uint32_t indent) {
    ChBuffer out = {0};
    uint32_t at = 0;
    ChStr line;
    bool first = true;
    while (next_line(ch_buffer_view(text), &at, &line)) {
        if (!first) ch_buffer_add_byte(&out, '\n');
        first = false;
        uint32_t blanks = blanks_before(line);
        uint32_t skip = blanks < indent ? blanks : indent;
        if (ch_str_trim(line).length) ch_buffer_add(&out, line.data + skip, line.length - skip);
    }
    ch_buffer_release(text);
    *text = out;
}

static void strip_indentation(PartList *parts) {
    bool has_expression = false;
    for (uint32_t i = 0; i < parts->count; i++)
        has_expression |= parts->items[i].expression != NULL;
    uint32_t indent = common_indent(parts);
    for (uint32_t i = 0; i < parts->count && indent; i++) {
        if (parts->items[i].expression) continue;
        strip_lines(&parts->items[i].text, indent);
        drop_last_newline(&parts->items[i].text);
    }
    if (!has_expression && parts->count && !indent) drop_last_newline(&parts->items[0].text);
    Part *last = parts->count ? &ch_array_last(parts) : NULL;
    if (has_expression && last && !last->expression && !ch_str_trim(ch_buffer_view(&last->text)).length)
        ch_buffer_clear(&last->text);
}

/* ---- the whole */

static void gather_parts(Reduction *r, PartList *parts, bool is_multiline) {
    bool at_start = true;
    for (uint32_t i = 0; i < r->count; i++) {
        const Entry *kid = &r->kids[i];
        ChStr text = ch__entry_text(r->lower, kid);
        if (kid->cst == CST_STRING_CONTENT) {
            if (is_multiline && at_start && ch_str_starts_with(text, CH_STR("\r")))
                text = (ChStr){text.data + 1, text.length - 1};
            if (is_multiline && at_start && ch_str_starts_with(text, CH_STR("\n")))
                text = (ChStr){text.data + 1, text.length - 1};
            Part *part = text_part(parts, kid->start);
            part->end = kid->end;
            if (is_multiline)
                add_lines(&part->text, text);
            else
                ch_buffer_add_str(&part->text, text);
        } else if (kid->cst == CST_ESCAPE_SEQUENCE) {
            Part *part = text_part(parts, kid->start);
            part->end = kid->end;
            add_escape(&part->text, text, is_multiline);
        } else if (kid->cst == CST_INTERPOLATION && kid->node) {
            Part part = {.expression = kid->node, .start = kid->start, .end = kid->end};
            ch_array_push(parts, part);
        } else {
            continue;
        }
        at_start = false;
    }
}

void ch__reduce_string(Reduction *r) {
    if (r->start == r->end) return;
    bool is_multiline = r->cst == CST_MULTILINE_STRING;
    ChArena *arena = &r->lower->tree->arena;
    uint16_t flags = is_multiline ? CH_FLAG_MULTILINE : 0;
    PartList parts = {0};
    gather_parts(r, &parts, is_multiline);
    if (is_multiline) strip_indentation(&parts);
    bool is_plain = parts.count == 0 || (parts.count == 1 && !parts.items[0].expression);
    if (is_plain) {
        ChNode *node = ch__reduce_to(r, CH_NODE_STRING);
        node->flags |= flags;
        if (parts.count) node->as.string.text = ch_str_copy(arena, ch_buffer_view(&parts.items[0].text));
    } else {
        ChNode *node = ch__reduce_to(r, CH_NODE_INTERPOLATION);
        node->flags |= flags;
        ChNodeList *items = &node->as.list.items;
        items->items = CH_ARENA_ARRAY(arena, ChNode *, parts.count);
        for (uint32_t i = 0; i < parts.count; i++) {
            Part *part = &parts.items[i];
            if (part->expression) {
                items->items[items->count++] = part->expression;
            } else if (part->text.length) {
                ChNode *text = ch__node_new(r->lower, CH_NODE_STRING, part->start, part->end);
                text->flags |= CH_FLAG_TEXT_PART | flags;
                text->as.string.text = ch_str_copy(arena, ch_buffer_view(&part->text));
                items->items[items->count++] = text;
            }
        }
    }
    for (uint32_t i = 0; i < parts.count; i++)
        ch_buffer_release(&parts.items[i].text);
    ch_array_release(&parts);
}
