// Iterators, pairs and ranges. What calls back is in prelude.harn.
#include "builtins/native.h"

#include "vm/iter.h"

#include "base/banned.h"

CH_NATIVE(ch__iter) {
    if (ch_iter_new(args[0], result)) return CH_OK;
    return ch_throw_type(vm, "iter: value of type %s is not iterable", ch_type_name(args[0]));
}

CH_NATIVE(ch__iter_drain) {
    ChIter *iter = (ChIter *)args[0].as.object;
    if (ch_iter_is_foreign(iter)) return CH_OK;
    if (iter->source.tag == CH_TAG_RANGE && !iter->done && iter->end >= iter->position) {
        // A long range is refused before a list of it is begun.
        ChFlow flow = ch__check_list_size(vm, "to_list", (uint64_t)iter->end - (uint64_t)iter->position + 1);
        if (flow != CH_OK) return flow;
    }
    ChList *out = ch_list_new(0);
    ChValue item;
    while (ch_iter_next(iter, &item)) {
        ch_list_push(out, item);
        if (out->count >= CH_LIST_MAX) {
            ch_release(ch_object(out));
            return ch__check_list_size(vm, "to_list", (uint64_t)CH_LIST_MAX + 1);
        }
    }
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__pair) {
    if (argc != 2) return ch_throw_type(vm, "pair: expected 2 arguments, got %u", argc);
    return ch__give(result, ch_object(ch_pair_new(ch_take(&args[0]), ch_take(&args[1]))));
}

CH_NATIVE(ch__range) {
    if (argc < 1 || argc > 2) return ch_throw_type(vm, "range expects 1 or 2 integer arguments, got %u", argc);
    for (uint32_t i = 0; i < argc; i++) {
        if (args[i].tag == CH_TAG_INT) continue;
        return argc == 1 ? ch_throw_type(vm, "range(n): expected integer argument")
                         : ch_throw_type(vm, "range(a, b): expected integer arguments");
    }
    int64_t start = argc == 2 ? args[0].as.integer : 0;
    return ch__give(result, ch_object(ch_range_new(start, args[argc - 1].as.integer, false)));
}

static bool range_bounds(const ChIntRange *range, int64_t *first, int64_t *last) {
    if (range->inclusive ? range->end < range->start : range->end <= range->start) return false;
    *first = range->start;
    *last = range->inclusive ? range->end : range->end - 1;
    return true;
}

CH_NATIVE(ch__range_contains) {
    int64_t first, last;
    bool has = ch__arg_is(args, argc, 1, CH_TAG_INT) && range_bounds(args[0].as.range, &first, &last) &&
               args[1].as.integer >= first && args[1].as.integer <= last;
    return ch__give_bool(result, has);
}

CH_NATIVE(ch__range_first) {
    int64_t first, last;
    return range_bounds(args[0].as.range, &first, &last) ? ch__give_int(result, first) : CH_OK;
}

CH_NATIVE(ch__range_last) {
    int64_t first, last;
    return range_bounds(args[0].as.range, &first, &last) ? ch__give_int(result, last) : CH_OK;
}
