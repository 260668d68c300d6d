// Sets. The functions throw for what is no set; the methods take the receiver as it is.
#include "builtins/native.h"

#include "base/banned.h"

CH_NATIVE(ch__set) {
    ChSet *set = ch_set_new(0);
    for (uint32_t i = 0; i < argc; i++) {
        ChValue v = args[i];
        uint32_t count = v.tag == CH_TAG_LIST ? v.as.list->count : v.tag == CH_TAG_SET ? v.as.set->count : 0;
        const ChValue *items = v.tag == CH_TAG_LIST ? v.as.list->items : v.tag == CH_TAG_SET ? v.as.set->items : NULL;
        for (uint32_t n = 0; n < count; n++) ch_set_add(set, ch_retain(items[n]));
        if (v.tag != CH_TAG_LIST && v.tag != CH_TAG_SET) ch_set_add(set, ch_retain(v));
    }
    return ch__give(result, ch_object(set));
}

static bool is_set(ChValue *args, uint32_t argc, uint32_t index) { return ch__arg_is(args, argc, index, CH_TAG_SET); }

CH_NATIVE(ch__set_method_contains) {
    return ch__give_bool(result, ch_set_contains_equal(args[0].as.set, ch_arg(args, argc, 1)));
}

CH_NATIVE(ch__set_method_add) {
    if (!ch_set_contains_equal(args[0].as.set, ch_arg(args, argc, 1)))
        ch_set_add(ch_set_unshare(&args[0]), argc > 1 ? ch_take(&args[1]) : CH_NIL);
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__set_method_remove) {
    ChValue item = ch_arg(args, argc, 1);
    if (ch_set_contains(args[0].as.set, item)) ch_set_remove(ch_set_unshare(&args[0]), item);
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__set_method_union) {
    if (is_set(args, argc, 1) && args[1].as.set != args[0].as.set) {
        ChSet *other = args[1].as.set, *set = ch_set_unshare(&args[0]);
        for (uint32_t i = 0; i < other->count; i++) ch_set_add(set, ch_retain(other->items[i]));
    }
    return ch__give(result, ch_take(&args[0]));
}

// The items of `from` that are in `other`, or that are not.
static void add_those(ChSet *out, const ChSet *from, const ChSet *other, bool that_are_in) {
    for (uint32_t i = 0; i < from->count; i++)
        if (ch_set_contains(other, from->items[i]) == that_are_in) ch_set_add(out, ch_retain(from->items[i]));
}

CH_NATIVE(ch__set_method_intersect) {
    ChSet *out = ch_set_new(0);
    if (is_set(args, argc, 1)) add_those(out, args[0].as.set, args[1].as.set, true);
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__set_method_difference) {
    if (!is_set(args, argc, 1)) return ch__give(result, ch_take(&args[0]));
    ChSet *out = ch_set_new(0);
    add_those(out, args[0].as.set, args[1].as.set, false);
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__set_method_symmetric_difference) {
    if (!is_set(args, argc, 1)) return ch__give(result, ch_take(&args[0]));
    ChSet *out = ch_set_new(0);
    add_those(out, args[0].as.set, args[1].as.set, false);
    add_those(out, args[1].as.set, args[0].as.set, false);
    return ch__give(result, ch_object(out));
}

static bool is_subset(const ChSet *a, const ChSet *b) {
    for (uint32_t i = 0; i < a->count; i++)
        if (!ch_set_contains(b, a->items[i])) return false;
    return true;
}

CH_NATIVE(ch__set_is_subset) {
    return ch__give_bool(result, is_set(args, argc, 0) && is_set(args, argc, 1) && is_subset(args[0].as.set, args[1].as.set));
}

CH_NATIVE(ch__set_is_superset) {
    return ch__give_bool(result, is_set(args, argc, 0) && is_set(args, argc, 1) && is_subset(args[1].as.set, args[0].as.set));
}

CH_NATIVE(ch__set_is_disjoint) {
    if (!is_set(args, argc, 0) || !is_set(args, argc, 1)) return ch__give_bool(result, true);
    ChSet *a = args[0].as.set;
    for (uint32_t i = 0; i < a->count; i++)
        if (ch_set_contains(args[1].as.set, a->items[i])) return ch__give_bool(result, false);
    return ch__give_bool(result, true);
}

// ---- functions -------------------------------------------------------------------------------------------------------

static ChFlow of_two(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, const char *name, ChNativeFn method) {
    if (!is_set(args, argc, 0) || !is_set(args, argc, 1)) return ch_throw_text(vm, "%s: arguments must be sets", name);
    return method(vm, args, argc, result);
}

static ChFlow of_one(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, const char *name, ChNativeFn method) {
    if (!is_set(args, argc, 0)) return ch_throw_text(vm, "%s: first argument must be a set", name);
    return method(vm, args, argc, result);
}

CH_NATIVE(ch__set_union) { return of_two(vm, args, argc, result, "set_union", ch__set_method_union); }
CH_NATIVE(ch__set_intersect) { return of_two(vm, args, argc, result, "set_intersect", ch__set_method_intersect); }
CH_NATIVE(ch__set_difference) { return of_two(vm, args, argc, result, "set_difference", ch__set_method_difference); }
CH_NATIVE(ch__set_symmetric_difference) {
    return of_two(vm, args, argc, result, "set_symmetric_difference", ch__set_method_symmetric_difference);
}

CH_NATIVE(ch__set_add) { return of_one(vm, args, argc, result, "set_add", ch__set_method_add); }
CH_NATIVE(ch__set_remove) { return of_one(vm, args, argc, result, "set_remove", ch__set_method_remove); }

CH_NATIVE(ch__set_contains) {
    return ch__give_bool(result, is_set(args, argc, 0) && ch_set_contains(args[0].as.set, ch_arg(args, argc, 1)));
}
