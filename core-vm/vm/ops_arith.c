// Arithmetic, containment and interpolation for all the types that the loop leaves alone (spec: Arithmetic, Equality
// and comparison). Strings and lists that nobody else holds grow in place when the result goes where they stand.
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "vm/vm_int.h"

#include "base/banned.h"

static bool is_number(const ChValue *v) { return v->tag == CH_TAG_INT || v->tag == CH_TAG_FLOAT; }
static double number(const ChValue *v) { return v->tag == CH_TAG_INT ? (double)v->as.integer : v->as.real; }

// Ends an operation: operands that die here are cleared, the result is stored.
static ChFlow finish(ChValue *ra, ChValue *rb, ChValue *rc, unsigned x, ChValue result) {
    if ((x & CH_X_FREE_B) && rb != ra) ch__slot_clear(rb);
    if ((x & CH_X_FREE_C) && rc != ra) ch__slot_clear(rc);
    ch_assign_take(ra, result);
    return CH_OK;
}

static ChFlow string_too_long(ChVm *vm) { return ch_throw_runtime(vm, "string is too long (limit %u bytes)", CH_STRING_MAX); }
static ChFlow list_too_long(ChVm *vm) { return ch_throw_runtime(vm, "list is too long (limit %u items)", CH_LIST_MAX); }

static ChFlow add_strings(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    // The left text may be changed where it stands when it is the target or dies here.
    if (ra == rb || (x & CH_X_FREE_B)) {
        ChString *right = rc->as.string;
        ChValue left = ch_take(rb);
        bool fits = (uint64_t)left.as.string->length + right->length <= CH_STRING_MAX;
        // Appending a text to itself: it must not move under our feet.
        ChValue hold = left.as.string == right ? ch_retain(*rc) : CH_NIL;
        if (fits) ch_string_append(&left, right->data, right->length);
        ch_release(hold);
        if (!fits) {
            *rb = left;
            return string_too_long(vm);
        }
        if ((x & CH_X_FREE_C) && rc != ra) ch__slot_clear(rc);
        ch_assign_take(ra, left);
        return CH_OK;
    }
    const ChString *left = rb->as.string, *right = rc->as.string;
    if ((uint64_t)left->length + right->length > CH_STRING_MAX) return string_too_long(vm);
    ChString *both = ch_string_with_capacity((size_t)left->length + right->length);
    memcpy(both->data, left->data, left->length);
    memcpy(both->data + left->length, right->data, right->length);
    both->length = left->length + right->length;
    both->data[both->length] = 0;
    both->chars = UINT32_MAX;
    return finish(ra, rb, rc, x, ch_object(both));
}

static ChFlow add_lists(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    if ((uint64_t)rb->as.list->count + rc->as.list->count > CH_LIST_MAX) return list_too_long(vm);
    ChValue right = ch_retain(*rc);
    ChValue left = ra == rb || (x & CH_X_FREE_B) ? ch_take(rb) : ch_retain(*rb);
    ChList *list = ch_list_unshare(&left);
    ch_list_reserve(list, list->count + right.as.list->count);
    for (uint32_t i = 0; i < right.as.list->count; i++) ch_list_push(list, ch_retain(right.as.list->items[i]));
    ch_release(right);
    return finish(ra, rb, rc, x, left);
}

static ChFlow add_dicts(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    ChValue right = ch_retain(*rc);
    ChValue left = ra == rb || (x & CH_X_FREE_B) ? ch_take(rb) : ch_retain(*rb);
    ChDict *dict = ch_dict_unshare(&left);
    uint32_t position = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(right.as.dict, &position, &key, &value))
        ch_dict_put_property(vm, dict, key, ch_retain(value));
    ch_release(right);
    return finish(ra, rb, rc, x, left);
}

ChFlow ch__op_add(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    if (rb->tag == CH_TAG_STRING && rc->tag == CH_TAG_STRING) return add_strings(vm, ra, rb, rc, x);
    if (is_number(rb) && is_number(rc)) return finish(ra, rb, rc, x, ch_float(number(rb) + number(rc)));
    if (rb->tag == CH_TAG_LIST && rc->tag == CH_TAG_LIST) return add_lists(vm, ra, rb, rc, x);
    if (rb->tag == CH_TAG_DICT && rc->tag == CH_TAG_DICT) return add_dicts(vm, ra, rb, rc, x);
    return ch_throw_type(vm, "Cannot add %s and %s", ch_type_name(*rb), ch_type_name(*rc));
}

ChFlow ch__op_sub(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    if (is_number(rb) && is_number(rc)) return finish(ra, rb, rc, x, ch_float(number(rb) - number(rc)));
    return ch_throw_type(vm, "Cannot subtract %s from %s", ch_type_name(*rc), ch_type_name(*rb));
}

static ChFlow repeat(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x, const ChString *text,
                     int64_t times) {
    uint64_t length = text->length;
    if (times < 0) times = 0;
    if (length && (uint64_t)times > CH_STRING_MAX / length) return string_too_long(vm);
    if (!length) times = 0;
    ChString *result = ch_string_with_capacity((size_t)(length * (uint64_t)times));
    for (int64_t i = 0; i < times; i++) memcpy(result->data + (size_t)i * length, text->data, length);
    result->length = (uint32_t)(length * (uint64_t)times);
    result->data[result->length] = 0;
    result->chars = UINT32_MAX;
    return finish(ra, rb, rc, x, ch_object(result));
}

ChFlow ch__op_mul(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    if (is_number(rb) && is_number(rc)) return finish(ra, rb, rc, x, ch_float(number(rb) * number(rc)));
    if (rb->tag == CH_TAG_STRING && rc->tag == CH_TAG_INT)
        return repeat(vm, ra, rb, rc, x, rb->as.string, rc->as.integer);
    if (rc->tag == CH_TAG_STRING && rb->tag == CH_TAG_INT)
        return repeat(vm, ra, rb, rc, x, rc->as.string, rb->as.integer);
    return ch_throw_type(vm, "Cannot multiply %s and %s", ch_type_name(*rb), ch_type_name(*rc));
}

ChFlow ch__op_div(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    if (rb->tag == CH_TAG_INT && rc->tag == CH_TAG_INT) {
        if (rc->as.integer == 0) return ch_throw_error(vm, CH_ERROR_DIVISION, CH_NIL);
        // -1 only: the quotient of the smallest int wraps.
        return finish(ra, rb, rc, x, ch_int((int64_t)(0 - (uint64_t)rb->as.integer)));
    }
    if (is_number(rb) && is_number(rc)) return finish(ra, rb, rc, x, ch_float(number(rb) / number(rc)));
    return ch_throw_runtime(vm, "Cannot divide %s by %s", ch_type_name(*rb), ch_type_name(*rc));
}

ChFlow ch__op_mod(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    if (is_number(rb) && is_number(rc)) {
        if (number(rc) == 0.0) return ch_throw_error(vm, CH_ERROR_DIVISION, CH_NIL);
        if (rb->tag == CH_TAG_INT && rc->tag == CH_TAG_INT) return finish(ra, rb, rc, x, ch_int(0)); // by -1
        return finish(ra, rb, rc, x, ch_float(fmod(number(rb), number(rc))));
    }
    return ch_throw_runtime(vm, "Cannot modulo %s by %s", ch_type_name(*rb), ch_type_name(*rc));
}

static int64_t int_power(int64_t base, uint64_t exponent) {
    uint64_t result = 1, factor = (uint64_t)base;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) result *= factor;
        factor *= factor;
    }
    return (int64_t)result;
}

ChFlow ch__op_pow(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    if (!is_number(rb) || !is_number(rc))
        return ch_throw_type(vm, "Cannot exponentiate %s by %s", ch_type_name(*rb), ch_type_name(*rc));
    if (rb->tag == CH_TAG_INT && rc->tag == CH_TAG_INT && rc->as.integer >= 0 && rc->as.integer <= UINT32_MAX)
        return finish(ra, rb, rc, x, ch_int(int_power(rb->as.integer, (uint64_t)rc->as.integer)));
    return finish(ra, rb, rc, x, ch_float(pow(number(rb), number(rc))));
}

ChFlow ch__op_neg(ChVm *vm, ChValue *ra, ChValue *rb, unsigned x) {
    if (rb->tag == CH_TAG_INT) return finish(ra, rb, ra, x, ch_int((int64_t)(0 - (uint64_t)rb->as.integer)));
    if (rb->tag == CH_TAG_FLOAT) return finish(ra, rb, ra, x, ch_float(-rb->as.real));
    return ch_throw_runtime(vm, "Cannot negate value of type %s", ch_type_name(*rb));
}

static bool text_contains(ChStr text, ChValue item) {
    if (item.tag == CH_TAG_STRING) return ch_str_find(text, ch_string_view(item.as.string), 0) >= 0;
    ChBuffer shown = {0};
    ch_display(item, &shown);
    bool is_in = ch_str_find(text, ch_buffer_view(&shown), 0) >= 0;
    ch_buffer_release(&shown);
    return is_in;
}

bool ch__contains(ChVm *vm, ChValue item, ChValue collection) {
    switch ((ChTag)collection.tag) {
    case CH_TAG_LIST:
        for (uint32_t i = 0; i < collection.as.list->count; i++)
            if (ch_equal(collection.as.list->items[i], item)) return true;
        return false;
    case CH_TAG_SET: return ch_set_contains_equal(collection.as.set, item);
    case CH_TAG_STRING: return text_contains(ch_string_view(collection.as.string), item);
    case CH_TAG_RANGE: {
        const ChIntRange *range = collection.as.range;
        return item.tag == CH_TAG_INT && item.as.integer >= range->start &&
               (range->inclusive ? item.as.integer <= range->end : item.as.integer < range->end);
    }
    case CH_TAG_DICT: {
        if (item.tag == CH_TAG_STRING) return ch_dict_find(collection.as.dict, item.as.string) != NULL;
        ChString *key = ch_display_string(item);
        bool is_in = ch_dict_find(collection.as.dict, key) != NULL;
        ch_release(ch_object(key));
        return is_in;
    }
    default: return false;
    }
}

static size_t int_text(int64_t value, char out[24]) {
    char digits[24];
    size_t n = 0, length = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do digits[n++] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) out[length++] = '-';
    while (n) out[length++] = digits[--n];
    return length;
}

ChFlow ch__op_interp(ChVm *vm, ChValue *ra, ChValue *parts, uint32_t count) {
    ChBuffer *text = &vm->scratch;
    text->length = 0;
    for (uint32_t i = 0; i < count; i++) {
        const ChValue *part = &parts[i];
        if (part->tag == CH_TAG_STRING)
            ch_buffer_add(text, part->as.string->data, part->as.string->length);
        else if (part->tag == CH_TAG_INT) {
            char digits[24];
            ch_buffer_add(text, digits, int_text(part->as.integer, digits));
        } else
            ch_display(*part, text);
        if (text->length > CH_STRING_MAX) return string_too_long(vm);
    }
    ch__slots_clear(parts, parts + count);
    ch_assign_take(ra, ch_str_value(text->data, text->length));
    if (text->capacity > (1u << 20)) ch_buffer_release(text);
    return CH_OK;
}
