// CSV: cells between a delimiter, quoted with "" where they hold one; lines end with LF, CR or both.
#include "builtins/native.h"

#include "base/banned.h"

static char delimiter_of(const ChValue *args, uint32_t argc) {
    ChValue found = ch__arg_is(args, argc, 1, CH_TAG_DICT) ? ch__dict_get(args[1].as.dict, "delimiter") : CH_NIL;
    return found.tag == CH_TAG_STRING && found.as.string->length ? found.as.string->data[0] : ',';
}

static bool wants_headers(const ChValue *args, uint32_t argc) {
    ChValue found = ch__arg_is(args, argc, 1, CH_TAG_DICT) ? ch__dict_get(args[1].as.dict, "headers") : CH_NIL;
    return found.tag == CH_TAG_BOOL && found.as.boolean;
}

// One cell from *at; *ends_row tells whether the row ends behind it.
static void read_cell(ChStr text, uint32_t *at, char delimiter, ChBuffer *cell, bool *ends_row) {
    ch_buffer_clear(cell);
    bool is_quoted = *at < text.length && text.data[*at] == '"';
    if (is_quoted) {
        (*at)++;
        while (*at < text.length) {
            char c = text.data[(*at)++];
            if (c == '"') {
                if (*at >= text.length || text.data[*at] != '"') break;
                (*at)++;
            }
            ch_buffer_add_byte(cell, c);
        }
    }
    while (*at < text.length && text.data[*at] != delimiter && text.data[*at] != '\n' && text.data[*at] != '\r')
        ch_buffer_add_byte(cell, text.data[(*at)++]);
    *ends_row = *at >= text.length || text.data[*at] != delimiter;
    if (*at < text.length && text.data[*at] == '\r' && *at + 1 < text.length && text.data[*at + 1] == '\n') (*at)++;
    if (*at < text.length) (*at)++;
}

// The next row that is not empty, or NULL.
static ChList *read_row(ChStr text, uint32_t *at, char delimiter, ChBuffer *cell) {
    while (*at < text.length && (text.data[*at] == '\n' || text.data[*at] == '\r')) (*at)++;
    if (*at >= text.length) return NULL;
    ChList *row = ch_list_new(0);
    bool ends_row = false;
    while (!ends_row) {
        read_cell(text, at, delimiter, cell, &ends_row);
        ch_list_push(row, ch_str_value(cell->data, cell->length));
    }
    return row;
}

static ChValue row_dict(const ChList *header, const ChList *row) {
    ChDict *dict = ch_dict_new();
    for (uint32_t i = 0; i < header->count; i++)
        ch_dict_put(dict, header->items[i].as.string, i < row->count ? ch_retain(row->items[i]) : ch_str_value("", 0));
    return ch_object(dict);
}

CH_NATIVE(ch__csv_parse) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChStr view = ch_string_view(text);
    char delimiter = delimiter_of(args, argc);
    ChBuffer cell = {0};
    uint32_t at = 0;
    ChList *header = wants_headers(args, argc) ? read_row(view, &at, delimiter, &cell) : NULL;
    ChList *out = ch_list_new(0), *row;
    while ((row = read_row(view, &at, delimiter, &cell))) {
        if (!header) {
            ch_list_push(out, ch_object(row));
            continue;
        }
        ch_list_push(out, row_dict(header, row));
        ch_release(ch_object(row));
    }
    if (header) ch_release(ch_object(header));
    ch_buffer_release(&cell);
    ch_release(ch_object(text));
    return ch__give(result, ch_object(out));
}

static void add_cell(ChBuffer *out, ChStr cell, char delimiter, bool is_only) {
    bool needs_quotes = is_only && cell.length == 0;
    for (uint32_t i = 0; i < cell.length; i++) {
        char c = cell.data[i];
        if (c == delimiter || c == '"' || c == '\n' || c == '\r') needs_quotes = true;
    }
    if (needs_quotes) ch_buffer_add_byte(out, '"');
    for (uint32_t i = 0; i < cell.length; i++) {
        if (cell.data[i] == '"') ch_buffer_add_byte(out, '"');
        ch_buffer_add_byte(out, cell.data[i]);
    }
    if (needs_quotes) ch_buffer_add_byte(out, '"');
}

static void add_value(ChBuffer *out, const ChValue *value, char delimiter, bool is_only) {
    ChString *text = value ? ch_display_string(*value) : ch_string_new(NULL, 0);
    add_cell(out, ch_string_view(text), delimiter, is_only);
    ch_release(ch_object(text));
}

// Keys of all rows, in ascending order.
static ChDict *keys_of(const ChList *rows) {
    ChDict *keys = ch_dict_new();
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->items[i].tag != CH_TAG_DICT) continue;
        uint32_t at = 0;
        ChString *key;
        ChValue value;
        while (ch_dict_next(rows->items[i].as.dict, &at, &key, &value)) ch_dict_put(keys, key, CH_NIL);
    }
    return keys;
}

static bool add_dict_rows(ChBuffer *out, const ChList *rows, char delimiter, bool with_headers) {
    ChDict *keys = keys_of(rows);
    bool ok = true;
    for (int64_t r = with_headers ? -1 : 0; ok && r < rows->count && out->length <= CH_STRING_MAX; r++) {
        if (r >= 0 && rows->items[r].tag != CH_TAG_DICT) {
            ok = false;
            break;
        }
        uint32_t at = 0;
        bool is_first = true;
        ChString *key;
        ChValue ignored;
        while (ch_dict_next(keys, &at, &key, &ignored)) {
            if (!is_first) ch_buffer_add_byte(out, delimiter);
            is_first = false;
            if (r < 0)
                add_cell(out, ch_string_view(key), delimiter, keys->count == 1);
            else
                add_value(out, ch_dict_find(rows->items[r].as.dict, key), delimiter, keys->count == 1);
        }
        ch_buffer_add_byte(out, '\n');
    }
    ch_release(ch_object(keys));
    return ok;
}

CH_NATIVE(ch__csv_stringify) {
    ChList *rows = args[0].as.list;
    char delimiter = delimiter_of(args, argc);
    ChBuffer out = {0};
    if (rows->count && rows->items[0].tag == CH_TAG_DICT) {
        if (add_dict_rows(&out, rows, delimiter, wants_headers(args, argc)))
            return ch__give_buffer_checked(vm, "csv_stringify", result, &out);
        ch_buffer_release(&out);
        return ch_throw_text(vm, "csv_stringify: mixed list/dict rows are not supported");
    }
    for (uint32_t r = 0; r < rows->count && out.length <= CH_STRING_MAX; r++) {
        if (rows->items[r].tag != CH_TAG_LIST) {
            ch_buffer_release(&out);
            return ch_throw_text(vm, "csv_stringify: each row must be a list of cells (or use dict rows)");
        }
        ChList *row = rows->items[r].as.list;
        for (uint32_t i = 0; i < row->count; i++) {
            if (i) ch_buffer_add_byte(&out, delimiter);
            add_value(&out, &row->items[i], delimiter, row->count == 1);
        }
        ch_buffer_add_byte(&out, '\n');
    }
    return ch__give_buffer_checked(vm, "csv_stringify", result, &out);
}
