// Lists. What changes a list changes the receiver in place when nobody else holds it.
#include "builtins/native.h"

#include "base/banned.h"

CH_NATIVE(ch__identity) { return ch__give(result, ch_take(&args[0])); }

// ---- in place -------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__list_push) {
    if (argc < 2) return ch__give(result, ch_take(&args[0]));
    if (args[0].as.list->count >= CH_LIST_MAX) return ch__check_list_size(vm, "push", (uint64_t)CH_LIST_MAX + 1);
    ch_list_push(ch_list_unshare(&args[0]), ch_take(&args[1]));
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__list_pop) {
    ChList *list = ch_list_unshare(&args[0]);
    if (list->count) ch_release(list->items[--list->count]);
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__list_reverse) {
    ChList *list = ch_list_unshare(&args[0]);
    for (uint32_t i = 0, j = list->count; i + 1 < j; i++) {
        ChValue kept = list->items[i];
        list->items[i] = list->items[--j];
        list->items[j] = kept;
    }
    return ch__give(result, ch_take(&args[0]));
}

// ---- sorting -----------------------------------------------------------------------------------------------------------

#define SORT_RUN 8

static inline int compare(ChValue a, ChValue b) {
    if (a.tag == CH_TAG_INT && b.tag == CH_TAG_INT) return a.as.integer < b.as.integer ? -1 : a.as.integer > b.as.integer;
    return ch_compare(a, b);
}

// A merge sort of keys, bottom-up and stable; `items` (may be NULL) is moved along.
static void sort(ChValue *keys, ChValue *items, uint32_t count) {
    for (uint32_t start = 0; start < count; start += SORT_RUN) {
        uint32_t end = start + SORT_RUN < count ? start + SORT_RUN : count;
        for (uint32_t i = start + 1; i < end; i++) {
            ChValue key = keys[i], item = items ? items[i] : CH_NIL;
            uint32_t at = i;
            for (; at > start && compare(keys[at - 1], key) > 0; at--) {
                keys[at] = keys[at - 1];
                if (items) items[at] = items[at - 1];
            }
            keys[at] = key;
            if (items) items[at] = item;
        }
    }
    if (count <= SORT_RUN) return;
    ChValue *room = ch_realloc_array(NULL, items ? (size_t)count * 2 : count, sizeof *room);
    ChValue *key_from = keys, *key_to = room, *item_from = items, *item_to = items ? room + count : NULL;
    for (uint64_t width = SORT_RUN; width < count; width *= 2) {
        for (uint64_t start = 0; start < count; start += 2 * width) {
            uint64_t middle = start + width < count ? start + width : count;
            uint64_t end = start + 2 * width < count ? start + 2 * width : count;
            uint64_t left = start, right = middle;
            for (uint64_t at = start; at < end; at++) {
                bool take_left = left < middle && (right >= end || compare(key_from[left], key_from[right]) <= 0);
                uint64_t from = take_left ? left++ : right++;
                key_to[at] = key_from[from];
                if (items) item_to[at] = item_from[from];
            }
        }
        ChValue *swap = key_from;
        key_from = key_to;
        key_to = swap;
        swap = item_from;
        item_from = item_to;
        item_to = swap;
    }
    if (key_from != keys) {
        memcpy(keys, key_from, (size_t)count * sizeof *keys);
        if (items) memcpy(items, item_from, (size_t)count * sizeof *items);
    }
    ch_free(room);
}

void ch__sort_values(ChValue *values, uint32_t count) { sort(values, NULL, count); }

CH_NATIVE(ch__list_sort) {
    ChList *list = ch_list_unshare(&args[0]);
    sort(list->items, NULL, list->count);
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__sort_by_keys) {
    ChList *items = ch_list_unshare(&args[0]), *keys = ch_list_unshare(&args[1]);
    sort(keys->items, items->items, items->count < keys->count ? items->count : keys->count);
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__compare) { return ch__give_int(result, ch_compare(args[0], args[1])); }
CH_NATIVE(ch__same_value) { return ch__give_bool(result, ch_same(args[0], args[1])); }

// ---- asking -------------------------------------------------------------------------------------------------------------

static int64_t index_of(const ChList *list, ChValue item) {
    for (uint32_t i = 0; i < list->count; i++)
        if (ch_equal(list->items[i], item)) return i;
    return -1;
}

CH_NATIVE(ch__list_contains) {
    return ch__give_bool(result, index_of(args[0].as.list, ch_arg(args, argc, 1)) >= 0);
}

CH_NATIVE(ch__list_index_of) { return ch__give_int(result, index_of(args[0].as.list, ch_arg(args, argc, 1))); }

CH_NATIVE(ch__list_join) {
    ChList *list = args[0].as.list;
    ChString *separator = ch__arg_display(args, argc, 1);
    ChBuffer out = {0};
    for (uint32_t i = 0; i < list->count && out.length <= CH_STRING_MAX; i++) {
        if (i) ch_buffer_add(&out, separator->data, separator->length);
        ch_display(list->items[i], &out);
    }
    ch_release(ch_object(separator));
    return ch__give_buffer_checked(vm, "join", result, &out);
}

CH_NATIVE(ch__list_sum) {
    ChList *list = args[0].as.list;
    uint64_t ints = 0;
    double floats = 0;
    bool has_float = false;
    for (uint32_t i = 0; i < list->count; i++) {
        ChValue v = list->items[i];
        if (v.tag == CH_TAG_INT) {
            ints += (uint64_t)v.as.integer;
            floats += (double)v.as.integer;
        } else if (v.tag == CH_TAG_FLOAT) {
            has_float = true;
            floats += v.as.real;
        }
    }
    return ch__give(result, has_float ? ch_float(floats) : ch_int((int64_t)ints));
}

static ChFlow extreme(const ChList *list, int wanted, ChValue *result) {
    if (!list->count) return CH_OK;
    ChValue best = list->items[0];
    for (uint32_t i = 1; i < list->count; i++)
        if (ch_compare(list->items[i], best) == wanted) best = list->items[i];
    return ch__give(result, ch_retain(best));
}

CH_NATIVE(ch__list_min) { return extreme(args[0].as.list, -1, result); }
CH_NATIVE(ch__list_max) { return extreme(args[0].as.list, 1, result); }

CH_NATIVE(ch__list_tally) {
    ChList *list = args[0].as.list;
    ChDict *counts = ch_dict_new();
    for (uint32_t i = 0; i < list->count; i++) {
        ChString *key = ch_display_string(list->items[i]);
        ChValue *found = ch_dict_find(counts, key);
        if (found)
            found->as.integer++;
        else
            ch_dict_put(counts, key, ch_int(1));
        ch_release(ch_object(key));
    }
    return ch__give(result, ch_object(counts));
}

// ---- parts --------------------------------------------------------------------------------------------------------------

static ChValue part(const ChList *list, uint32_t start, uint32_t end) {
    ChList *out = ch_list_new(end - start);
    for (uint32_t i = start; i < end; i++) out->items[i - start] = ch_retain(list->items[i]);
    out->count = end - start;
    return ch_object(out);
}

static uint32_t clamp(int64_t i, uint32_t high) { return i < 0 ? 0 : i > high ? high : (uint32_t)i; }

CH_NATIVE(ch__list_slice) {
    ChList *list = args[0].as.list;
    int64_t count = list->count;
    int64_t start = ch__arg_int(args, argc, 1, 0), end = ch__arg_int(args, argc, 2, count);
    uint32_t from = clamp(start < 0 ? start + count : start, list->count);
    uint32_t to = clamp(end < 0 ? end + count : end, list->count);
    return ch__give(result, part(list, from, to < from ? from : to));
}

CH_NATIVE(ch__list_take) {
    ChList *list = args[0].as.list;
    return ch__give(result, part(list, 0, clamp(ch__arg_int(args, argc, 1, 0), list->count)));
}

CH_NATIVE(ch__list_skip) {
    ChList *list = args[0].as.list;
    return ch__give(result, part(list, clamp(ch__arg_int(args, argc, 1, 0), list->count), list->count));
}

CH_NATIVE(ch__list_first) {
    ChList *list = args[0].as.list;
    if (ch__arg_is(args, argc, 1, CH_TAG_INT)) return ch__list_take(vm, args, argc, result);
    return list->count ? ch__give(result, ch_retain(list->items[0])) : CH_OK;
}

CH_NATIVE(ch__list_last) {
    ChList *list = args[0].as.list;
    if (ch__arg_is(args, argc, 1, CH_TAG_INT))
        return ch__give(result, part(list, list->count - clamp(args[1].as.integer, list->count), list->count));
    return list->count ? ch__give(result, ch_retain(list->items[list->count - 1])) : CH_OK;
}

static uint32_t positive(ChValue *args, uint32_t argc, uint32_t index, int64_t usual) {
    int64_t i = ch__arg_int(args, argc, index, usual);
    return i < 1 ? 1 : i > CH_LIST_MAX ? CH_LIST_MAX : (uint32_t)i;
}

CH_NATIVE(ch__list_chunk) {
    ChList *list = args[0].as.list, *out = ch_list_new(0);
    uint32_t size = positive(args, argc, 1, 1);
    for (uint32_t start = 0; start < list->count; start += size)
        ch_list_push(out, part(list, start, list->count - start < size ? list->count : start + size));
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__list_window) {
    ChList *list = args[0].as.list;
    uint32_t size = positive(args, argc, 1, 2), step = positive(args, argc, 2, 1);
    uint64_t windows = list->count < size ? 0 : (list->count - size) / step + 1;
    if (ch__check_list_size(vm, "window", windows * size) != CH_OK) return CH_THROW;
    ChList *out = ch_list_new((uint32_t)windows);
    for (uint64_t i = 0; i < windows; i++)
        ch_list_push(out, part(list, (uint32_t)(i * step), (uint32_t)(i * step) + size));
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__list_unique) {
    ChList *list = args[0].as.list, *out = ch_list_new(0);
    ChSet *seen = ch_set_new(0);
    for (uint32_t i = 0; i < list->count; i++)
        if (ch_set_add(seen, ch_retain(list->items[i]))) ch_list_push(out, ch_retain(list->items[i]));
    ch_release(ch_object(seen));
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__list_to_set) {
    ChList *list = args[0].as.list;
    ChSet *set = ch_set_new(0);
    for (uint32_t i = 0; i < list->count; i++) ch_set_add(set, ch_retain(list->items[i]));
    return ch__give(result, ch_object(set));
}

CH_NATIVE(ch__list_compact) {
    ChList *list = args[0].as.list, *out = ch_list_new(list->count);
    for (uint32_t i = 0; i < list->count; i++)
        if (!ch_is_nil(list->items[i])) ch_list_push(out, ch_retain(list->items[i]));
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__list_flatten) {
    ChList *list = args[0].as.list;
    uint64_t total = 0;
    for (uint32_t i = 0; i < list->count; i++)
        total += list->items[i].tag == CH_TAG_LIST ? list->items[i].as.list->count : 1;
    if (ch__check_list_size(vm, "flatten", total) != CH_OK) return CH_THROW;
    ChList *out = ch_list_new((uint32_t)total);
    for (uint32_t i = 0; i < list->count; i++) {
        ChValue item = list->items[i];
        if (item.tag != CH_TAG_LIST) {
            ch_list_push(out, ch_retain(item));
            continue;
        }
        for (uint32_t n = 0; n < item.as.list->count; n++) ch_list_push(out, ch_retain(item.as.list->items[n]));
    }
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__list_enumerate) {
    ChList *list = args[0].as.list, *out = ch_list_new(list->count);
    ChShape *shape = ch_shape_with(vm, ch_shape_root(vm), ch_intern(vm, "index", 5));
    if (shape) shape = ch_shape_with(vm, shape, ch_intern(vm, "value", 5));
    for (uint32_t i = 0; i < list->count; i++) {
        ChDict *entry = shape ? ch_dict_new_record(shape) : ch_dict_new();
        ch_dict_put(entry, ch_intern(vm, "index", 5), ch_int(i));
        ch_dict_put(entry, ch_intern(vm, "value", 5), ch_retain(list->items[i]));
        ch_list_push(out, ch_object(entry));
    }
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__list_zip) {
    ChList *a = args[0].as.list, *b = ch__arg_is(args, argc, 1, CH_TAG_LIST) ? args[1].as.list : NULL;
    uint32_t count = b ? (a->count < b->count ? a->count : b->count) : 0;
    ChList *out = ch_list_new(count);
    for (uint32_t i = 0; i < count; i++) {
        ChList *both = ch_list_new(2);
        ch_list_push(both, ch_retain(a->items[i]));
        ch_list_push(both, ch_retain(b->items[i]));
        ch_list_push(out, ch_object(both));
    }
    return ch__give(result, ch_object(out));
}
