// Dicts. Keys are texts; any value given as a key stands for its display text.
#include "builtins/native.h"

#include "base/banned.h"

CH_NATIVE(ch__dict_keys) {
    ChDict *dict = args[0].as.dict;
    ChList *out = ch_list_new(dict->count);
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(dict, &at, &key, &value)) ch_list_push(out, ch_retain(ch_object(key)));
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__dict_values) {
    ChDict *dict = args[0].as.dict;
    ChList *out = ch_list_new(dict->count);
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(dict, &at, &key, &value)) ch_list_push(out, ch_retain(value));
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__values) {
    if (ch__arg_is(args, argc, 0, CH_TAG_DICT)) return ch__dict_values(vm, args, argc, result);
    return ch__give(result, ch_object(ch_list_new(0)));
}

CH_NATIVE(ch__dict_entries) {
    ChDict *dict = args[0].as.dict;
    ChList *out = ch_list_new(dict->count);
    ChShape *shape = ch_shape_with(vm, ch_shape_root(vm), ch_intern(vm, "key", 3));
    if (shape) shape = ch_shape_with(vm, shape, ch_intern(vm, "value", 5));
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(dict, &at, &key, &value)) {
        ChDict *entry = shape ? ch_dict_new_record(shape) : ch_dict_new();
        ch_dict_put(entry, ch_intern(vm, "key", 3), ch_retain(ch_object(key)));
        ch_dict_put(entry, ch_intern(vm, "value", 5), ch_retain(value));
        ch_list_push(out, ch_object(entry));
    }
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__dict_has) {
    ChString *key = ch__arg_display(args, argc, 1);
    bool has = ch_dict_find(args[0].as.dict, key) != NULL;
    ch_release(ch_object(key));
    return ch__give_bool(result, has);
}

CH_NATIVE(ch__dict_get_value) {
    ChString *key = ch__arg_display(args, argc, 1);
    ChValue *found = ch_dict_find(args[0].as.dict, key);
    *result = ch_retain(found ? *found : ch_arg(args, argc, 2));
    ch_release(ch_object(key));
    return CH_OK;
}

static void merge_into(ChDict *target, ChDict *other) {
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(other, &at, &key, &value)) ch_dict_put(target, key, ch_retain(value));
}

CH_NATIVE(ch__dict_merge_method) {
    if (!ch__arg_is(args, argc, 1, CH_TAG_DICT) || args[1].as.dict == args[0].as.dict)
        return ch__give(result, ch_take(&args[0]));
    ChDict *other = args[1].as.dict;
    if (args[0].as.dict->count == 0) return ch__give(result, ch_take(&args[1]));
    if (other->count) merge_into(ch_dict_unshare(&args[0]), other);
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__dict_remove_key) {
    ChString *key = ch__arg_display(args, argc, 1);
    if (ch_dict_find(args[0].as.dict, key)) ch_dict_remove(ch_dict_unshare(&args[0]), key);
    ch_release(ch_object(key));
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__dict_push) {
    ChDict *dict = ch_dict_unshare(&args[0]);
    ChString *key = ch_display_string(args[1]);
    if (!ch_dict_find(dict, key)) ch_dict_put(dict, key, ch_object(ch_list_new(4)));
    ch_list_push(ch_list_unshare(ch_dict_find(dict, key)), ch_take(&args[2]));
    ch_release(ch_object(key));
    return ch__give(result, ch_take(&args[0]));
}

// ---- for std/collections and std/json -------------------------------------------------------------------------------

// Nil counts as an empty dict. False: an error is pending.
static bool dict_arg(ChVm *vm, ChValue *slot, const char *who) {
    if (ch_is_nil(*slot)) *slot = ch_object(ch_dict_new());
    if (slot->tag == CH_TAG_DICT) return true;
    ch_throw_type(vm, "%s: expected dict, got %s", who, ch_type_name(*slot));
    return false;
}

static bool keys_arg(ChVm *vm, ChValue v, const char *who, const ChValue **keys, uint32_t *count) {
    if (v.tag == CH_TAG_LIST) {
        *keys = v.as.list->items;
        *count = v.as.list->count;
        return true;
    }
    if (v.tag == CH_TAG_SET) {
        *keys = v.as.set->items;
        *count = v.as.set->count;
        return true;
    }
    ch_throw_type(vm, "%s: keys argument must be a list or set, got %s", who, ch_type_name(v));
    return false;
}

static ChFlow pick(ChVm *vm, ChValue *args, ChValue *result, const char *who, bool drop_nil) {
    const ChValue *keys;
    uint32_t count;
    if (!dict_arg(vm, &args[0], who) || !keys_arg(vm, args[1], who, &keys, &count)) return CH_THROW;
    ChDict *out = ch_dict_new();
    for (uint32_t i = 0; i < count; i++) {
        ChString *key = ch_display_string(keys[i]);
        ChValue *found = ch_dict_find(args[0].as.dict, key);
        if (found && !(drop_nil && ch_is_nil(*found))) ch_dict_put(out, key, ch_retain(*found));
        ch_release(ch_object(key));
    }
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__dict_pick) { return pick(vm, args, result, "pick", true); }
CH_NATIVE(ch__dict_pick_keys) {
    return pick(vm, args, result, "pick_keys", ch_is_truthy(ch_arg(args, argc, 2)));
}

CH_NATIVE(ch__dict_omit) {
    const ChValue *keys;
    uint32_t count;
    if (!dict_arg(vm, &args[0], "omit") || !keys_arg(vm, args[1], "omit", &keys, &count)) return CH_THROW;
    for (uint32_t i = 0; i < count; i++) {
        ChString *key = ch_display_string(keys[i]);
        if (ch_dict_find(args[0].as.dict, key)) ch_dict_remove(ch_dict_unshare(&args[0]), key);
        ch_release(ch_object(key));
    }
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__dict_merge) {
    if (!dict_arg(vm, &args[0], "merge") || !dict_arg(vm, &args[1], "merge")) return CH_THROW;
    return ch__dict_merge_method(vm, args, argc, result);
}

static bool is_void(ChValue v) {
    return ch_is_nil(v) || (v.tag == CH_TAG_STRING && (v.as.string->length == 0 || ch_str_is(ch__text(v), "null")));
}

CH_NATIVE(ch__dict_filter_nil) {
    if (!dict_arg(vm, &args[0], "filter_nil")) return CH_THROW;
    ChDict *out = ch_dict_new();
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(args[0].as.dict, &at, &key, &value))
        if (!is_void(value)) ch_dict_put(out, key, ch_retain(value));
    return ch__give(result, ch_object(out));
}
