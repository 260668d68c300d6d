// TOML to values and back. Reading is base/toml.h's.
#include "builtins/native.h"

#include <math.h>

#include "base/toml.h"
#include "builtins/toml.h"

#include "base/banned.h"

// ---- reading ----------------------------------------------------------------------------------------------------------

// A table or an array whose children are still to be put in.
typedef struct Filling {
    const ChToml *next;
    ChValue container;
} Filling;

static ChValue value_of(const ChToml *node) {
    switch (node->kind) {
    case CH_TOML_TABLE: return ch_object(ch_dict_new());
    case CH_TOML_ARRAY: return ch_object(ch_list_new(0));
    case CH_TOML_TEXT: return ch_str_value(node->as.text.data, node->as.text.length);
    case CH_TOML_INT: return ch_int(node->as.integer);
    case CH_TOML_FLOAT: return ch_float(node->as.real);
    case CH_TOML_BOOL: break;
    }
    return ch_bool(node->as.boolean);
}

static ChValue tree_to_value(const ChToml *root) {
    CH_ARRAY_OF(Filling) open = {0};
    ChValue result = value_of(root);
    ch_array_push(&open, ((Filling){root->first, result}));
    while (open.count) {
        Filling *here = &ch_array_last(&open);
        const ChToml *node = here->next;
        if (!node) {
            (void)ch_array_pop(&open);
            continue;
        }
        here->next = node->next;
        ChValue value = value_of(node);
        if (here->container.tag == CH_TAG_LIST) {
            ch_list_push(here->container.as.list, value);
        } else {
            ChString *key = ch_string_new(node->key.data, node->key.length);
            ch_dict_put(here->container.as.dict, key, value);
            ch_release(ch_object(key));
        }
        if (node->first) ch_array_push(&open, ((Filling){node->first, value}));
    }
    ch_array_release(&open);
    return result;
}

bool ch_toml_read(ChStr text, ChValue *result, ChBuffer *problem) {
    ChArena arena;
    ch_arena_init(&arena);
    ChTomlProblem found;
    const ChToml *root = ch_toml_parse(&arena, text, &found);
    *result = root ? tree_to_value(root) : CH_NIL;
    if (!root) ch_toml_describe(text, &found, problem);
    ch_arena_release(&arena);
    return root != NULL;
}

CH_NATIVE(ch__toml_parse) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChBuffer why = {0};
    bool ok = ch_toml_read(ch_string_view(text), result, &why);
    if (!ok) ch_throw_text(vm, "TOML parse error: %s", why.data);
    ch_buffer_release(&why);
    ch_release(ch_object(text));
    return ok ? CH_OK : CH_THROW;
}

// ---- printing -------------------------------------------------------------------------------------------------------------

static bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void print_key(ChStr key, ChBuffer *out) {
    bool is_plain = key.length != 0;
    for (uint32_t i = 0; i < key.length; i++) is_plain = is_plain && is_bare(key.data[i]);
    if (is_plain)
        ch_buffer_add_str(out, key);
    else
        ch_buffer_add_json(out, key);
}

static void print_float(double d, ChBuffer *out) {
    if (!isfinite(d)) {
        ch_buffer_add_text(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
        return;
    }
    size_t before = out->length;
    ch_display_float(d, out);
    if (!memchr(out->data + before, '.', out->length - before)) ch_buffer_add_text(out, ".0");
}

typedef struct Level {
    ChValue value;
    uint32_t position;
} Level;

// A value in one line; lists and dicts inside wait on a stack. False: nil has no place in TOML.
static bool print_inline(ChValue v, ChBuffer *out) {
    CH_ARRAY_OF(Level) levels = {0};
    bool ok = true, has_value = true;
    while (ok && out->length <= CH_STRING_MAX) {
        if (has_value) {
            if (v.tag == CH_TAG_LIST || v.tag == CH_TAG_DICT) {
                ch_buffer_add_text(out, v.tag == CH_TAG_LIST ? "[" : v.as.dict->count ? "{ " : "{");
                ch_array_push(&levels, ((Level){v, 0}));
            } else if (v.tag == CH_TAG_NIL || v.tag == CH_TAG_ABSENT) {
                ok = false;
            } else if (v.tag == CH_TAG_FLOAT) {
                print_float(v.as.real, out);
            } else if (v.tag == CH_TAG_INT || v.tag == CH_TAG_BOOL) {
                ch_display(v, out);
            } else {
                ChString *text = ch_display_string(v);
                ch_buffer_add_json(out, ch_string_view(text));
                ch_release(ch_object(text));
            }
        }
        if (!levels.count) break;
        Level *level = &ch_array_last(&levels);
        ChString *key = NULL;
        bool is_list = level->value.tag == CH_TAG_LIST, is_first = level->position == 0;
        if (is_list) {
            has_value = level->position < level->value.as.list->count;
            if (has_value) v = level->value.as.list->items[level->position++];
        } else {
            has_value = ch_dict_next(level->value.as.dict, &level->position, &key, &v);
        }
        if (!has_value) {
            ch_buffer_add_text(out, is_list ? "]" : level->value.as.dict->count ? " }" : "}");
            (void)ch_array_pop(&levels);
            continue;
        }
        if (!is_first) ch_buffer_add_text(out, ", ");
        if (key) {
            print_key(ch_string_view(key), out);
            ch_buffer_add_text(out, " = ");
        }
    }
    ch_array_release(&levels);
    return ok;
}

static bool is_table_list(ChValue v) {
    if (v.tag != CH_TAG_LIST || !v.as.list->count) return false;
    for (uint32_t i = 0; i < v.as.list->count; i++)
        if (v.as.list->items[i].tag != CH_TAG_DICT) return false;
    return true;
}

// A table that waits to be printed under its path.
typedef struct Waiting {
    ChDict *dict;
    ChString *path; // owned; NULL: the root
    bool in_list;
} Waiting;
typedef CH_ARRAY_OF(Waiting) Tables;

static void push_table(Tables *tables, const Waiting *parent, ChString *key, ChDict *dict, bool in_list) {
    ChBuffer path = {0};
    if (parent->path) {
        ch_buffer_add_str(&path, ch_string_view(parent->path));
        ch_buffer_add_byte(&path, '.');
    }
    print_key(ch_string_view(key), &path);
    ch_array_push(tables, ((Waiting){dict, ch_string_new(path.data, path.length), in_list}));
    ch_buffer_release(&path);
}

static bool print_table(const Waiting *table, Tables *tables, ChBuffer *out) {
    uint32_t at = 0, first_child = tables->count, values = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(table->dict, &at, &key, &value))
        if (value.tag != CH_TAG_DICT && !is_table_list(value)) values++;
    if (table->path && (values || table->in_list || table->dict->count == 0)) {
        if (out->length) ch_buffer_add_byte(out, '\n');
        ch_buffer_printf(out, table->in_list ? "[[%.*s]]\n" : "[%.*s]\n", CH_STR_ARG(ch_string_view(table->path)));
    }
    at = 0;
    while (ch_dict_next(table->dict, &at, &key, &value)) {
        if (value.tag == CH_TAG_DICT) {
            push_table(tables, table, key, value.as.dict, false);
        } else if (is_table_list(value)) {
            for (uint32_t i = 0; i < value.as.list->count; i++)
                push_table(tables, table, key, value.as.list->items[i].as.dict, true);
        } else {
            print_key(ch_string_view(key), out);
            ch_buffer_add_text(out, " = ");
            if (!print_inline(value, out)) return false;
            ch_buffer_add_byte(out, '\n');
        }
    }
    // The stack gives back the last first: turn the children round.
    for (uint32_t i = first_child, j = tables->count; i + 1 < j; i++) {
        Waiting kept = tables->items[i];
        tables->items[i] = tables->items[--j];
        tables->items[j] = kept;
    }
    return true;
}

CH_NATIVE(ch__toml_stringify) {
    if (args[0].tag != CH_TAG_DICT)
        return ch_throw_text(vm, "toml_stringify: expected a dict, got %s", ch_type_name(args[0]));
    ChBuffer out = {0};
    Tables tables = {0};
    ch_array_push(&tables, ((Waiting){args[0].as.dict, NULL, false}));
    bool ok = true;
    while (tables.count) {
        Waiting table = ch_array_pop(&tables);
        if (ok && out.length <= CH_STRING_MAX) ok = print_table(&table, &tables, &out);
        if (table.path) ch_release(ch_object(table.path));
    }
    ch_array_release(&tables);
    if (ok) return ch__give_buffer_checked(vm, "toml_stringify", result, &out);
    ch_buffer_release(&out);
    return ch_throw_text(vm, "toml_stringify: unsupported unit type");
}
