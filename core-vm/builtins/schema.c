// Schemas: dicts that say what a value must be like. A schema is first brought into one form (JSON Schema's and
// OpenAPI's spellings become ours), then a value is checked against it; what does not fit is told with its place.
// Schemas nest to a limit, references count as nesting: the functions here call themselves at most so deep.
#include "builtins/native.h"

#include <math.h>

#include "base/banned.h"

#define CH_SCHEMA_DEPTH_MAX 128
#define CH_SCHEMA_ERRORS_MAX 1000 // reasons that one check collects

static ChValue get(const ChDict *dict, const char *key) { return ch__dict_get(dict, key); }
static bool has(const ChDict *dict, const char *key) { return ch_dict_find_str(dict, ch_str_of(key)) != NULL; }
static bool is_true(const ChDict *dict, const char *key) {
    ChValue v = get(dict, key);
    return v.tag == CH_TAG_BOOL && v.as.boolean;
}
static void put(ChDict *dict, const char *key, ChValue take_value) { ch_dict_put_str(dict, key, take_value); }
static void put_text(ChDict *dict, const char *key, const char *text) { put(dict, key, ch_object(ch_string_from(text))); }

static ChStr type_of_schema(const ChDict *schema) {
    ChValue type = get(schema, "type");
    return type.tag == CH_TAG_STRING ? ch__text(type) : (ChStr){"", 0};
}

// Keys that pass through every change of form.
static const char *const annotations[] = {"title", "description", "format", "deprecated", "readOnly",
                                          "writeOnly", "example", "examples", "x-harn-type"};

// ---- one form -----------------------------------------------------------------------------------------------------

static const char *canonical(ChValue schema, uint32_t depth, ChValue *out);

// Every value of a dict, or item of a list, in the one form.
static const char *canonical_all(ChValue all, uint32_t depth, ChValue *out) {
    const char *problem = NULL;
    if (all.tag == CH_TAG_DICT) {
        ChDict *made = ch_dict_new();
        uint32_t at = 0;
        ChString *key;
        ChValue value, child;
        while (!problem && ch_dict_next(all.as.dict, &at, &key, &value)) {
            problem = canonical(value, depth, &child);
            if (!problem) ch_dict_put(made, key, child);
        }
        *out = ch_object(made);
    } else {
        ChList *made = ch_list_new(0);
        for (uint32_t i = 0; !problem && i < all.as.list->count; i++) {
            ChValue child;
            problem = canonical(all.as.list->items[i], depth, &child);
            if (!problem) ch_list_push(made, child);
        }
        *out = ch_object(made);
    }
    if (problem) ch_release(*out);
    return problem;
}

static ChValue text_list(ChValue value) {
    ChList *out = ch_list_new(0);
    for (uint32_t i = 0; value.tag == CH_TAG_LIST && i < value.as.list->count; i++)
        ch_list_push(out, ch_object(ch_display_string(value.as.list->items[i])));
    return ch_object(out);
}

static ChString *canonical_type(ChString *name) {
    static const char *const names[][2] = {{"object", "dict"}, {"array", "list"}, {"integer", "int"},
                                           {"number", "float"}, {"boolean", "bool"}, {"null", "nil"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ch_str_is(ch_string_view(name), names[i][0])) return ch_string_from(names[i][1]);
    return ch_retain(ch_object(name)).as.string;
}

static void put_type(ChDict *out, ChValue type) {
    if (type.tag == CH_TAG_STRING) {
        put(out, "type", ch_object(canonical_type(type.as.string)));
    } else if (type.tag == CH_TAG_LIST) { // one of several types: a union
        ChList *branches = ch_list_new(type.as.list->count);
        for (uint32_t i = 0; i < type.as.list->count; i++) {
            ChString *name = ch_display_string(type.as.list->items[i]);
            ChDict *branch = ch_dict_new();
            put(branch, "type", ch_object(canonical_type(name)));
            ch_release(ch_object(name));
            ch_list_push(branches, ch_object(branch));
        }
        put(out, "union", ch_object(branches));
    }
}

// Parts that are schemas themselves.
static const char *canonical_parts(const ChDict *schema, ChDict *out, uint32_t depth) {
    ChValue made, part = get(schema, "properties");
    const char *problem = NULL;
    if (part.tag == CH_TAG_DICT) {
        if ((problem = canonical_all(part, depth, &made))) return problem;
        put(out, "properties", made);
    }
    if (has(schema, "items")) {
        if ((problem = canonical(get(schema, "items"), depth, &made))) return problem;
        put(out, "items", made);
    }
    part = has(schema, "additional_properties") ? get(schema, "additional_properties") : get(schema, "additionalProperties");
    if (part.tag == CH_TAG_BOOL) {
        put(out, "additional_properties", part);
    } else if (part.tag == CH_TAG_DICT) {
        if ((problem = canonical(part, depth, &made))) return problem;
        put(out, "additional_properties", made);
    }
    part = get(schema, "definitions");
    if (part.tag == CH_TAG_DICT) {
        if ((problem = canonical_all(part, depth, &made))) return problem;
        put(out, "definitions", made);
    }
    part = get(schema, "components");
    if (part.tag == CH_TAG_DICT) {
        ChValue components = ch_retain(part), schemas = get(part.as.dict, "schemas");
        if (schemas.tag == CH_TAG_DICT) {
            if ((problem = canonical_all(schemas, depth, &made))) {
                ch_release(components);
                return problem;
            }
            put(ch_dict_unshare(&components), "schemas", made);
        }
        put(out, "components", components);
    }
    static const char *const lists[][3] = {{"union", "union", "union"}, {"oneOf", "union", ""}, {"anyOf", "union", ""},
                                           {"all_of", "all_of", ""}, {"allOf", "all_of", ""}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (!has(schema, lists[i][0]) || has(out, lists[i][1])) continue;
        part = get(schema, lists[i][0]);
        if (part.tag != CH_TAG_LIST) return "schema union/all_of must be a list";
        if ((problem = canonical_all(part, depth, &made))) return problem;
        put(out, lists[i][1], made);
    }
    return NULL;
}

// NULL: *out is the schema in the one form; else what is wrong with it.
static const char *canonical(ChValue schema, uint32_t depth, ChValue *out) {
    if (schema.tag != CH_TAG_DICT) return "schema must be a dict";
    if (depth > CH_SCHEMA_DEPTH_MAX) return "schema nests too deep";
    const ChDict *from = schema.as.dict;
    ChDict *made = ch_dict_new();
    static const char *const kept[][2] = {
        {"$ref", "$ref"}, {"default", "default"}, {"const", "const"}, {"enum", "enum"}, {"min", "min"},
        {"minimum", "min"}, {"max", "max"}, {"maximum", "max"}, {"min_length", "min_length"},
        {"minLength", "min_length"}, {"max_length", "max_length"}, {"maxLength", "max_length"},
        {"min_items", "min_items"}, {"minItems", "min_items"}, {"max_items", "max_items"},
        {"maxItems", "max_items"}, {"pattern", "pattern"}};
    for (size_t i = 0; i < sizeof annotations / sizeof annotations[0]; i++)
        if (has(from, annotations[i])) put(made, annotations[i], ch_retain(get(from, annotations[i])));
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (has(from, kept[i][0]) && !has(made, kept[i][1])) put(made, kept[i][1], ch_retain(get(from, kept[i][0])));
    if (has(from, "required")) put(made, "required", text_list(get(from, "required")));
    if (is_true(from, "nullable")) put(made, "nullable", ch_bool(true));
    const char *problem = canonical_parts(from, made, depth + 1);
    put_type(made, get(from, "type"));
    if (is_true(from, "uniqueItems") && ch_str_is(type_of_schema(made), "list") && !has(made, "x-harn-type"))
        put_text(made, "x-harn-type", "set");
    ChValue harn_type = get(made, "x-harn-type");
    if (harn_type.tag == CH_TAG_STRING && ch_str_is(ch__text(harn_type), "set")) put_text(made, "type", "set");
    *out = ch_object(made);
    if (problem) ch_release(*out);
    return problem;
}

// ---- checking ---------------------------------------------------------------------------------------------------------

typedef struct Check {
    ChVm *vm;
    ChDict *root;
    ChList *errors;      // texts
    ChBuffer path;       // place of the value that is looked at
    bool apply_defaults;
} Check;

static void __attribute__((format(printf, 2, 3))) fail(Check *check, const char *format, ...) {
    if (check->errors->count >= CH_SCHEMA_ERRORS_MAX) return;
    ChBuffer text = {0};
    ch_buffer_printf(&text, "at %s: ", check->path.length ? check->path.data : "root");
    va_list args;
    va_start(args, format);
    ch_buffer_vprintf(&text, format, args);
    va_end(args);
    ChValue made;
    ch__give_buffer(&made, &text);
    ch_list_push(check->errors, made);
}

static size_t enter_key(Check *check, const ChString *key) {
    size_t before = check->path.length;
    if (before) ch_buffer_add_byte(&check->path, '.');
    ch_buffer_add(&check->path, key->data, key->length);
    return before;
}

static void leave(Check *check, size_t length) {
    check->path.length = length;
    if (check->path.data) check->path.data[length] = 0;
}

// "#/definitions/x" seen from the root; NULL when it leads to no dict.
static ChDict *resolve(const Check *check, ChStr pointer) {
    uint32_t at = 0;
    while (at < pointer.length && pointer.data[at] == '#') at++;
    while (at < pointer.length && pointer.data[at] == '/') at++;
    ChValue found = ch_object(check->root);
    while (at < pointer.length) {
        uint32_t end = at;
        ChBuffer step = {0};
        for (; end < pointer.length && pointer.data[end] != '/'; end++) {
            bool is_escape = pointer.data[end] == '~' && end + 1 < pointer.length;
            char next = is_escape ? pointer.data[end + 1] : 0;
            if (next == '0' || next == '1') end++;
            ch_buffer_add_byte(&step, next == '1' ? '/' : next == '0' ? '~' : pointer.data[end]);
        }
        ChValue *next = NULL;
        if (found.tag == CH_TAG_DICT) {
            next = ch_dict_find_str(found.as.dict, ch_buffer_view(&step));
        } else if (found.tag == CH_TAG_LIST && step.length && step.length < 9) {
            uint32_t index = 0;
            for (size_t i = 0; i < step.length; i++)
                index = step.data[i] >= '0' && step.data[i] <= '9' && index != UINT32_MAX
                            ? index * 10 + (uint32_t)(step.data[i] - '0')
                            : UINT32_MAX;
            if (index < found.as.list->count) next = &found.as.list->items[index];
        }
        ch_buffer_release(&step);
        if (!next) return NULL;
        found = *next;
        at = end + 1;
    }
    return found.tag == CH_TAG_DICT ? found.as.dict : NULL;
}

static ChValue check_value(Check *check, ChValue value, ChDict *schema, uint32_t depth);

static const char *shown_type(ChValue value) { return value.tag == CH_TAG_STRUCT ? "dict" : ch_type_name(value); }

static bool matches_type(ChValue value, ChStr type) {
    if (ch_str_is(type, "any")) return true;
    return ch_str_is(type, shown_type(value));
}

// Checks the child and, when nothing is wrong with it, puts the normalised value into *target (a dict or a struct).
static void check_child(Check *check, ChValue *target, ChString *key, ChValue value, ChValue schema, uint32_t depth) {
    if (schema.tag != CH_TAG_DICT) return;
    size_t before = enter_key(check, key);
    uint32_t errors = check->errors->count;
    ChValue child = check_value(check, value, schema.as.dict, depth);
    leave(check, before);
    if (check->errors->count != errors)
        ch_release(child);
    else if (target->tag == CH_TAG_DICT)
        ch_dict_put(ch_dict_unshare(target), key, child);
    else
        ch_struct_put(check->vm, target, key, child);
}

static ChValue *field_of(ChValue value, const ChString *key) {
    return value.tag == CH_TAG_DICT ? ch_dict_find(value.as.dict, key) : ch_struct_find(value.as.record, key);
}

static bool next_field(ChValue value, uint32_t *at, ChString **key, ChValue *field) {
    if (value.tag == CH_TAG_DICT) return ch_dict_next(value.as.dict, at, key, field);
    const ChShape *shape = value.as.record->shape;
    while (*at < shape->count) {
        uint32_t slot = shape->sorted[(*at)++];
        if (value.as.record->fields[slot].tag == CH_TAG_ABSENT) continue;
        *key = shape->keys[slot];
        *field = value.as.record->fields[slot];
        return true;
    }
    return false;
}

// `value` is owned by the caller and stays so; returns the normalised one.
static ChValue check_object(Check *check, ChValue value, ChDict *schema, uint32_t depth) {
    ChValue out = ch_retain(value), required = get(schema, "required"), properties = get(schema, "properties");
    for (uint32_t i = 0; required.tag == CH_TAG_LIST && i < required.as.list->count; i++) {
        ChString *key = ch_display_string(required.as.list->items[i]);
        ChValue *property = properties.tag == CH_TAG_DICT ? ch_dict_find(properties.as.dict, key) : NULL;
        bool has_default = property && property->tag == CH_TAG_DICT && has(property->as.dict, "default");
        if (!field_of(value, key) && !(check->apply_defaults && has_default))
            fail(check, "missing required key '%s'", key->data);
        ch_release(ch_object(key));
    }
    uint32_t at = 0;
    ChString *key;
    ChValue property;
    while (properties.tag == CH_TAG_DICT && ch_dict_next(properties.as.dict, &at, &key, &property)) {
        ChValue *field = field_of(value, key);
        if (field)
            check_child(check, &out, key, *field, property, depth);
        else if (check->apply_defaults && property.tag == CH_TAG_DICT && has(property.as.dict, "default"))
            check_child(check, &out, key, get(property.as.dict, "default"), property, depth);
    }
    ChValue additional = get(schema, "additional_properties"), field;
    bool are_forbidden = additional.tag == CH_TAG_BOOL && !additional.as.boolean;
    at = 0;
    while ((are_forbidden || additional.tag == CH_TAG_DICT) && next_field(value, &at, &key, &field)) {
        if (properties.tag == CH_TAG_DICT && ch_dict_find(properties.as.dict, key)) continue;
        if (are_forbidden)
            fail(check, "unexpected key '%s'", key->data);
        else
            check_child(check, &out, key, field, additional, depth);
    }
    return out;
}

static ChValue check_items(Check *check, ChValue value, ChDict *schema, uint32_t depth) {
    bool is_list = value.tag == CH_TAG_LIST;
    int64_t count = is_list ? value.as.list->count : value.as.set->count;
    ChValue min = get(schema, "min_items"), max = get(schema, "max_items"), items = get(schema, "items");
    if (min.tag == CH_TAG_INT && count < min.as.integer)
        fail(check, "expected at least %" PRId64 " items, got %" PRId64, min.as.integer, count);
    if (max.tag == CH_TAG_INT && count > max.as.integer)
        fail(check, "expected at most %" PRId64 " items, got %" PRId64, max.as.integer, count);
    if (items.tag != CH_TAG_DICT) return ch_retain(value);
    ChValue out = is_list ? ch_object(ch_list_new((uint32_t)count)) : ch_object(ch_set_new((uint32_t)count));
    for (uint32_t i = 0; i < count; i++) {
        size_t before = check->path.length;
        uint32_t errors = check->errors->count;
        ch_buffer_printf(&check->path, "[%u]", i);
        ChValue child = check_value(check, is_list ? value.as.list->items[i] : value.as.set->items[i], items.as.dict, depth);
        leave(check, before);
        if (check->errors->count != errors)
            ch_release(child);
        else if (is_list)
            ch_list_push(out.as.list, child);
        else
            ch_set_add(out.as.set, child);
    }
    return out;
}

static void check_enum(Check *check, ChValue value, const ChDict *schema) {
    ChValue allowed = get(schema, "enum");
    if (allowed.tag != CH_TAG_LIST) return;
    for (uint32_t i = 0; i < allowed.as.list->count; i++)
        if (ch_equal(allowed.as.list->items[i], value)) return;
    ChBuffer names = {0};
    for (uint32_t i = 0; i < allowed.as.list->count; i++) {
        if (i) ch_buffer_add_text(&names, ", ");
        ch_display(allowed.as.list->items[i], &names);
    }
    fail(check, "value must be one of [%s]", names.data ? names.data : "");
    ch_buffer_release(&names);
}

static void check_text(Check *check, ChValue value, const ChDict *schema) {
    int64_t length = ch_string_chars(value.as.string);
    ChValue min = get(schema, "min_length"), max = get(schema, "max_length"), pattern = get(schema, "pattern");
    if (min.tag == CH_TAG_INT && length < min.as.integer)
        fail(check, "expected length >= %" PRId64 ", got %" PRId64, min.as.integer, length);
    if (max.tag == CH_TAG_INT && length > max.as.integer)
        fail(check, "expected length <= %" PRId64 ", got %" PRId64, max.as.integer, length);
    if (pattern.tag == CH_TAG_STRING) {
        bool matches;
        ChBuffer why = {0};
        if (!ch__regex_is_match(check->vm, ch__text(pattern), ch__text(value), &matches, &why))
            fail(check, "invalid regex pattern '%s': %s", pattern.as.string->data, why.data);
        else if (!matches)
            fail(check, "value does not match pattern '%s'", pattern.as.string->data);
        ch_buffer_release(&why);
    }
    check_enum(check, value, schema);
}

// As Rust prints a float: no point behind a whole number.
static void add_number(double d, ChBuffer *out) {
    if (isfinite(d) && d == trunc(d) && fabs(d) < 1e15)
        ch_buffer_printf(out, "%.0f", d);
    else
        ch_display_float(d, out);
}

static void check_bound(Check *check, double value, ChValue bound, bool is_min) {
    double limit;
    if (!ch__number(bound, &limit) || (is_min ? value >= limit : value <= limit)) return;
    ChBuffer text = {0};
    ch_buffer_add_text(&text, is_min ? "expected value >= " : "expected value <= ");
    add_number(limit, &text);
    ch_buffer_add_text(&text, ", got ");
    add_number(value, &text);
    fail(check, "%s", text.data);
    ch_buffer_release(&text);
}

// What is wrong goes to check->errors. Returns the value with defaults filled in, owned.
static ChValue check_value(Check *check, ChValue value, ChDict *schema, uint32_t depth) {
    if (depth > CH_SCHEMA_DEPTH_MAX) {
        fail(check, "schema nests too deep");
        return ch_retain(value);
    }
    ChValue reference = get(schema, "$ref");
    if (reference.tag == CH_TAG_STRING) {
        ChDict *found = resolve(check, ch__text(reference));
        if (found) return check_value(check, value, found, depth + 1);
        fail(check, "unresolved schema reference '%s'", reference.as.string->data);
        return ch_retain(value);
    }
    if (ch_is_nil(value) && is_true(schema, "nullable")) return CH_NIL;
    if (has(schema, "const") && !ch_equal(value, get(schema, "const"))) {
        ChString *wanted = ch_display_string(get(schema, "const")), *got = ch_display_string(value);
        fail(check, "expected constant %s, got %s", wanted->data, got->data);
        ch_release(ch_object(wanted));
        ch_release(ch_object(got));
        return ch_retain(value);
    }
    ChValue out = ch_retain(value), branches = get(schema, "all_of");
    for (uint32_t i = 0; branches.tag == CH_TAG_LIST && i < branches.as.list->count; i++) {
        ChValue branch = branches.as.list->items[i];
        if (branch.tag == CH_TAG_DICT) ch_assign_take(&out, check_value(check, out, branch.as.dict, depth + 1));
    }
    branches = get(schema, "union");
    if (branches.tag == CH_TAG_LIST) {
        bool matched = false;
        for (uint32_t i = 0; !matched && i < branches.as.list->count; i++) {
            if (branches.as.list->items[i].tag != CH_TAG_DICT) continue;
            uint32_t errors = check->errors->count;
            ChValue found = check_value(check, value, branches.as.list->items[i].as.dict, depth + 1);
            matched = check->errors->count == errors;
            while (check->errors->count > errors) ch_release(check->errors->items[--check->errors->count]);
            if (matched)
                ch_assign_take(&out, found);
            else
                ch_release(found);
        }
        if (!matched) fail(check, "value did not match any union branch");
    }
    ChStr type = type_of_schema(schema);
    if (type.length && !matches_type(value, type)) {
        fail(check, "expected type '%.*s', got '%s'", CH_STR_ARG(type), shown_type(value));
        return out;
    }
    ChValue before = out;
    switch ((ChTag)out.tag) {
    case CH_TAG_DICT:
    case CH_TAG_STRUCT:
        out = check_object(check, before, schema, depth + 1);
        ch_release(before);
        break;
    case CH_TAG_LIST:
    case CH_TAG_SET:
        out = check_items(check, before, schema, depth + 1);
        ch_release(before);
        break;
    case CH_TAG_STRING: check_text(check, out, schema); break;
    case CH_TAG_INT:
    case CH_TAG_FLOAT: {
        double number;
        ch__number(out, &number);
        check_bound(check, number, get(schema, "min"), true);
        check_bound(check, number, get(schema, "max"), false);
        check_enum(check, out, schema);
        break;
    }
    case CH_TAG_BOOL:
    case CH_TAG_NIL: check_enum(check, out, schema); break;
    default: break;
    }
    return out;
}

// Checks against a schema in any form. Returns the errors (a list, owned) and the normalised value (owned); NULL with
// *problem when the schema is none.
static ChList *run_check(ChVm *vm, ChValue value, ChValue schema, bool apply_defaults, ChValue *out, const char **problem) {
    ChValue made;
    *problem = canonical(schema, 0, &made);
    if (*problem) return NULL;
    Check check = {vm, made.as.dict, ch_list_new(0), {0}, apply_defaults};
    *out = check_value(&check, value, made.as.dict, 0);
    ch_buffer_release(&check.path);
    ch_release(made);
    return check.errors;
}

static ChValue failure(ChVm *vm, ChValue take_errors) {
    ChDict *payload = ch_dict_new();
    put(payload, "message", ch_retain(take_errors.as.list->items[0]));
    put(payload, "errors", take_errors);
    return ch_object(payload);
}

static ChFlow give_result(ChVm *vm, ChValue *args, ChValue *result, bool apply_defaults) {
    ChValue out;
    const char *problem;
    ChList *errors = run_check(vm, args[0], args[1], apply_defaults, &out, &problem);
    if (problem) {
        errors = ch_list_new(1);
        ch_list_push(errors, ch_object(ch_string_from(problem)));
        return ch__give(result, ch_result_err(vm, failure(vm, ch_object(errors))));
    }
    if (errors->count == 0) {
        ch_release(ch_object(errors));
        return ch__give(result, ch_result_ok(vm, out));
    }
    ChValue payload = failure(vm, ch_object(errors));
    put(payload.as.dict, "value", out);
    return ch__give(result, ch_result_err(vm, payload));
}

CH_NATIVE(ch__schema_check) { return give_result(vm, args, result, false); }
CH_NATIVE(ch__schema_parse) { return give_result(vm, args, result, true); }

CH_NATIVE(ch__schema_is) {
    ChValue out;
    const char *problem;
    ChList *errors = run_check(vm, args[0], args[1], false, &out, &problem);
    if (problem) return ch_throw_text(vm, "%s", problem);
    bool fits = errors->count == 0;
    ch_release(ch_object(errors));
    ch_release(out);
    return ch__give_bool(result, fits);
}

static ChFlow expect(ChVm *vm, ChValue *args, bool apply_defaults, ChValue *out) {
    const char *problem;
    ChList *errors = run_check(vm, args[0], args[1], apply_defaults, out, &problem);
    if (problem) return ch_throw_text(vm, "%s", problem);
    ChFlow flow = CH_OK;
    if (errors->count) {
        ChBuffer text = {0};
        for (uint32_t i = 0; i < errors->count; i++) {
            if (i) ch_buffer_add_text(&text, "; ");
            ch_display(errors->items[i], &text);
        }
        ch_release(*out);
        *out = CH_NIL;
        flow = ch_throw_text(vm, "%s", text.data);
        ch_buffer_release(&text);
    }
    ch_release(ch_object(errors));
    return flow;
}

CH_NATIVE(ch__schema_expect) { return expect(vm, args, ch_is_truthy(ch_arg(args, argc, 2)), result); }

CH_NATIVE(ch__json_validate) {
    ChValue out;
    if (expect(vm, args, false, &out) != CH_OK) return CH_THROW;
    ch_release(out);
    return ch__give_bool(result, true);
}

CH_NATIVE(ch__schema_of) {
    if (args[0].tag == CH_TAG_DICT) return ch__give(result, ch_take(&args[0]));
    return ch_throw_text(vm, "schema_of: expected a type alias or schema dict, got %s", ch_type_name(args[0]));
}

// ---- changing schemas ----------------------------------------------------------------------------------------------------

CH_NATIVE(ch__schema_canonical) {
    const char *problem = canonical(args[0], 0, result);
    if (!problem) return CH_OK;
    *result = CH_NIL;
    return ch_throw_text(vm, "%s", problem);
}

CH_NATIVE(ch__schema_extend) {
    ChValue both[2] = {CH_NIL, CH_NIL};
    const char *problem = canonical(args[0], 0, &both[0]);
    if (!problem && (problem = canonical(args[1], 0, &both[1]))) ch_release(both[0]);
    if (problem) return ch_throw_text(vm, "%s", problem);
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(both[1].as.dict, &at, &key, &value)) ch_dict_put(both[0].as.dict, key, ch_retain(value));
    ch_release(both[1]);
    return ch__give(result, both[0]);
}

// Takes "required" out of the schema (unshared, at most CH_SCHEMA_DEPTH_MAX deep) and of those inside.
static void make_partial(ChValue *schema);

static void make_partial_all(ChValue *all) {
    if (all->tag == CH_TAG_LIST) {
        ChList *list = ch_list_unshare(all);
        for (uint32_t i = 0; i < list->count; i++) make_partial(&list->items[i]);
    } else if (all->tag == CH_TAG_DICT) {
        ChDict *dict = ch_dict_unshare(all);
        uint32_t at = 0;
        ChString *key;
        ChValue value;
        while (ch_dict_next(dict, &at, &key, &value)) make_partial(ch_dict_find(dict, key));
    }
}

static void make_partial(ChValue *schema) {
    if (schema->tag != CH_TAG_DICT) return;
    ChDict *dict = ch_dict_unshare(schema);
    ChString *required = ch_string_from("required");
    ch_dict_remove(dict, required);
    ch_release(ch_object(required));
    static const char *const many[] = {"properties", "union", "all_of"}, *const one[] = {"items", "additional_properties"};
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        ChValue *part = ch_dict_find_str(dict, ch_str_of(many[i]));
        if (part) make_partial_all(part);
    }
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
        ChValue *part = ch_dict_find_str(dict, ch_str_of(one[i]));
        if (part) make_partial(part);
    }
}

CH_NATIVE(ch__schema_partial) {
    if (ch__schema_canonical(vm, args, argc, result) != CH_OK) return CH_THROW;
    make_partial(result);
    return CH_OK;
}

static bool is_listed(const ChList *keys, ChString *key) {
    for (uint32_t i = 0; i < keys->count; i++) {
        ChString *text = ch_display_string(keys->items[i]);
        bool same = ch_string_equal(text, key);
        ch_release(ch_object(text));
        if (same) return true;
    }
    return false;
}

static ChFlow choose(ChVm *vm, ChValue *args, ChValue *result, bool listed_stay) {
    if (ch__schema_canonical(vm, args, 1, result) != CH_OK) return CH_THROW;
    ChDict *schema = result->as.dict;
    const ChList *keys = args[1].as.list;
    ChValue properties = get(schema, "properties"), required = get(schema, "required");
    if (properties.tag == CH_TAG_DICT) {
        ChDict *kept = ch_dict_new();
        uint32_t at = 0;
        ChString *key;
        ChValue value;
        while (ch_dict_next(properties.as.dict, &at, &key, &value))
            if (is_listed(keys, key) == listed_stay) ch_dict_put(kept, key, ch_retain(value));
        put(schema, "properties", ch_object(kept));
    }
    if (required.tag == CH_TAG_LIST) {
        ChList *kept = ch_list_new(0);
        for (uint32_t i = 0; i < required.as.list->count; i++) {
            ChValue key = required.as.list->items[i];
            if (is_listed(keys, key.as.string) == listed_stay) ch_list_push(kept, ch_retain(key));
        }
        put(schema, "required", ch_object(kept));
    }
    return CH_OK;
}

CH_NATIVE(ch__schema_pick) { return choose(vm, args, result, true); }
CH_NATIVE(ch__schema_omit) { return choose(vm, args, result, false); }

// ---- JSON Schema -----------------------------------------------------------------------------------------------------------

static ChValue export_schema(ChVm *vm, ChValue schema, bool for_openapi);

static ChValue export_all(ChVm *vm, ChValue all, bool for_openapi) {
    if (all.tag == CH_TAG_LIST) {
        ChList *out = ch_list_new(all.as.list->count);
        for (uint32_t i = 0; i < all.as.list->count; i++)
            ch_list_push(out, export_schema(vm, all.as.list->items[i], for_openapi));
        return ch_object(out);
    }
    ChDict *out = ch_dict_new();
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(all.as.dict, &at, &key, &value)) ch_dict_put(out, key, export_schema(vm, value, for_openapi));
    return ch_object(out);
}

static void export_type(ChDict *out, ChStr type) {
    static const char *const names[][2] = {{"int", "integer"}, {"float", "number"}, {"bool", "boolean"},
                                           {"list", "array"},  {"dict", "object"},  {"nil", "null"}};
    if (ch_str_is(type, "set")) {
        put_text(out, "type", "array");
        put(out, "uniqueItems", ch_bool(true));
        return;
    }
    if (ch_str_is(type, "closure") || ch_str_is(type, "builtin")) {
        put_text(out, "type", "string");
        put(out, "x-harn-type", ch_str_value(type.data, type.length));
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ch_str_is(type, names[i][0])) type = ch_str_of(names[i][1]);
    put(out, "type", ch_str_value(type.data, type.length));
}

static void export_nullable(ChDict *out, bool for_openapi) {
    ChValue type = get(out, "type");
    if (for_openapi) {
        put(out, "nullable", ch_bool(true));
    } else if (!ch_is_nil(type)) {
        ChList *types = ch_list_new(2);
        ch_list_push(types, ch_retain(type));
        ch_list_push(types, ch_object(ch_string_from("null")));
        put(out, "type", ch_object(types));
    }
}

// `schema` is in the one form, so it nests to the limit only. What is no schema becomes {}.
static ChValue export_schema(ChVm *vm, ChValue schema, bool for_openapi) {
    ChDict *out = ch_dict_new();
    if (schema.tag != CH_TAG_DICT) return ch_object(out);
    const ChDict *from = schema.as.dict;
    ChStr type = type_of_schema(from);
    if (type.length) export_type(out, type);
    static const char *const numbers[][2] = {{"min", "minimum"}, {"max", "maximum"}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double number;
        if (ch__number(get(from, numbers[i][0]), &number)) put(out, numbers[i][1], ch_float(number));
    }
    static const char *const kept[][2] = {
        {"min_length", "minLength"}, {"max_length", "maxLength"}, {"min_items", "minItems"}, {"max_items", "maxItems"},
        {"$ref", "$ref"}, {"pattern", "pattern"}, {"default", "default"}, {"const", "const"}, {"enum", "enum"},
        {"required", "required"}};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        ChValue value = get(from, kept[i][0]);
        bool fits = i < 4 ? value.tag == CH_TAG_INT : i < 6 ? value.tag == CH_TAG_STRING : has(from, kept[i][0]);
        if (fits) put(out, kept[i][1], ch_retain(value));
    }
    static const char *const parts[][2] = {{"properties", "properties"}, {"union", "oneOf"}, {"all_of", "allOf"},
                                           {"definitions", "definitions"}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ChValue part = get(from, parts[i][0]);
        bool is_list = i == 1 || i == 2;
        if (part.tag == (is_list ? CH_TAG_LIST : CH_TAG_DICT)) put(out, parts[i][1], export_all(vm, part, for_openapi));
    }
    if (get(from, "items").tag == CH_TAG_DICT) put(out, "items", export_schema(vm, get(from, "items"), for_openapi));
    ChValue additional = get(from, "additional_properties"), components = get(from, "components");
    if (additional.tag == CH_TAG_BOOL) put(out, "additionalProperties", additional);
    if (additional.tag == CH_TAG_DICT) put(out, "additionalProperties", export_schema(vm, additional, for_openapi));
    if (components.tag == CH_TAG_DICT) {
        ChValue made = ch_retain(components), schemas = get(components.as.dict, "schemas");
        if (schemas.tag == CH_TAG_DICT) put(ch_dict_unshare(&made), "schemas", export_all(vm, schemas, for_openapi));
        put(out, "components", made);
    }
    for (size_t i = 0; i < sizeof annotations / sizeof annotations[0]; i++)
        if (has(from, annotations[i])) put(out, annotations[i], ch_retain(get(from, annotations[i])));
    if (is_true(from, "nullable")) export_nullable(out, for_openapi);
    return ch_object(out);
}

static ChFlow export_args(ChVm *vm, ChValue *args, ChValue *result, bool for_openapi) {
    ChValue schema;
    const char *problem = canonical(args[0], 0, &schema);
    if (problem) return ch_throw_text(vm, "%s", problem);
    *result = export_schema(vm, schema, for_openapi);
    ch_release(schema);
    return CH_OK;
}

CH_NATIVE(ch__schema_to_json_schema) { return export_args(vm, args, result, false); }
CH_NATIVE(ch__schema_to_openapi_schema) { return export_args(vm, args, result, true); }
