// Equality, identity, sameness, order and hash of values. Pairs of values still to be compared wait on an explicit
// stack; nested values of one kind are visited without recursion in C.
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/hash.h"
#include "vm/heap.h"

#include "base/banned.h"

// Two values of the same container kind, and how far they were compared.
typedef struct Level {
    ChValue a, b;
    uint32_t position;
} Level;
typedef CH_ARRAY_OF(Level) Levels;

typedef enum Mode { EQUAL, SAME } Mode;
typedef enum Answer { NO, YES, DEEPER } Answer;

static Answer answer(bool yes) { return yes ? YES : NO; }

static bool int_equals_float(int64_t i, double d) { return (double)i == d; }

// Compares what can be decided without looking inside.
static Answer compare_shallow(ChValue a, ChValue b, Mode mode) {
    if (a.tag != b.tag) {
        if (a.tag == CH_TAG_ABSENT) a = CH_NIL;
        if (b.tag == CH_TAG_ABSENT) b = CH_NIL;
        if (a.tag == b.tag) return YES;
        if (mode == SAME) return NO;
        if (a.tag == CH_TAG_INT && b.tag == CH_TAG_FLOAT) return answer(int_equals_float(a.as.integer, b.as.real));
        if (a.tag == CH_TAG_FLOAT && b.tag == CH_TAG_INT) return answer(int_equals_float(b.as.integer, a.as.real));
        return NO;
    }
    switch ((ChTag)a.tag) {
    case CH_TAG_NIL:
    case CH_TAG_ABSENT: return YES;
    case CH_TAG_BOOL:
    case CH_TAG_INT:
    case CH_TAG_DURATION:
    case CH_TAG_BUILTIN: return answer(a.as.integer == b.as.integer);
    case CH_TAG_FLOAT: return answer(mode == SAME ? a.as.integer == b.as.integer : a.as.real == b.as.real);
    case CH_TAG_STRING: return answer(ch_string_equal(a.as.string, b.as.string));
    case CH_TAG_BYTES:
        return answer(a.as.bytes->length == b.as.bytes->length &&
                      memcmp(a.as.bytes->data, b.as.bytes->data, a.as.bytes->length) == 0);
    case CH_TAG_RANGE:
        return answer(a.as.range->start == b.as.range->start && a.as.range->end == b.as.range->end &&
                      a.as.range->inclusive == b.as.range->inclusive);
    case CH_TAG_LIST:
        if (a.as.list->count != b.as.list->count) return NO;
        return a.as.list->count ? DEEPER : YES;
    case CH_TAG_DICT:
        if (a.as.dict->count != b.as.dict->count) return NO;
        return a.as.dict->count ? DEEPER : YES;
    case CH_TAG_SET:
        if (a.as.set->count != b.as.set->count) return NO;
        return a.as.set->count ? DEEPER : YES;
    case CH_TAG_ENUM: {
        ChEnum *x = a.as.variant, *y = b.as.variant;
        if (x == y && x->count == 0) return YES;
        if (x->count != y->count) return NO;
        if (x->type != y->type) {
            if (!ch_string_equal(x->type->name, y->type->name)) return NO;
            if (!ch_string_equal(x->type->variants[x->variant].name, y->type->variants[y->variant].name)) return NO;
        } else if (x->variant != y->variant) {
            return NO;
        }
        return x->count ? DEEPER : YES;
    }
    case CH_TAG_STRUCT:
        return ch_string_equal(a.as.record->shape->struct_name, b.as.record->shape->struct_name) ? DEEPER : NO;
    case CH_TAG_PAIR: return DEEPER;
    case CH_TAG_CLOSURE: return answer(mode == SAME && a.as.closure == b.as.closure);
    case CH_TAG_ITER:
    case CH_TAG_TASK:
    case CH_TAG_HANDLE: return answer(a.as.object == b.as.object);
    case CH_TAG_ATOMIC: {
        // Atomics are equal when they show the same value.
        ChBuffer x = {0}, y = {0};
        ch_display(a, &x);
        ch_display(b, &y);
        bool same = ch_str_equal(ch_buffer_view(&x), ch_buffer_view(&y));
        ch_buffer_release(&x);
        ch_buffer_release(&y);
        return answer(same);
    }
    default: return answer(mode == SAME && a.as.object == b.as.object);
    }
}

typedef enum Step { PAIR, DONE, DIFFERENT } Step;

static Step next_struct_pair(Level *level, ChValue *x, ChValue *y) {
    ChStruct *a = level->a.as.record, *b = level->b.as.record;
    // Every field of a has to be in b; at the end b may have no further one.
    while (level->position < a->shape->count) {
        uint32_t slot = level->position++;
        if (a->fields[slot].tag == CH_TAG_ABSENT) continue;
        ChValue *other = a->shape == b->shape ? &b->fields[slot] : ch_struct_find(b, a->shape->keys[slot]);
        if (!other || other->tag == CH_TAG_ABSENT) return DIFFERENT;
        *x = a->fields[slot];
        *y = *other;
        return PAIR;
    }
    for (uint32_t slot = 0; slot < b->shape->count; slot++)
        if (b->fields[slot].tag != CH_TAG_ABSENT && !ch_struct_find(a, b->shape->keys[slot])) return DIFFERENT;
    return DONE;
}

static bool is_container(ChValue v) {
    return v.tag == CH_TAG_LIST || v.tag == CH_TAG_DICT || v.tag == CH_TAG_SET || v.tag == CH_TAG_STRUCT ||
           v.tag == CH_TAG_ENUM || v.tag == CH_TAG_PAIR;
}

// The one item of `set` that can be the same as the container `item`: the only one of its kind, else the one with
// its hash. NULL when there is none.
static const ChValue *set_counterpart(const ChSet *set, ChValue item) {
    if (set->table) {
        uint64_t hash = ch_hash(item);
        for (uint32_t at = (uint32_t)hash & set->table_mask; set->table[at]; at = (at + 1) & set->table_mask) {
            const ChValue *found = &set->items[set->table[at] - 1];
            if (found->tag == item.tag && ch_hash(*found) == hash) return found;
        }
        return NULL;
    }
    const ChValue *only = NULL;
    uint32_t similar = 0;
    for (uint32_t i = 0; i < set->count && similar < 2; i++) {
        if (compare_shallow(set->items[i], item, SAME) == NO) continue;
        only = &set->items[i];
        similar++;
    }
    if (similar < 2) return only;
    uint64_t hash = ch_hash(item);
    for (uint32_t i = 0; i < set->count; i++)
        if (is_container(set->items[i]) && ch_hash(set->items[i]) == hash) return &set->items[i];
    return NULL;
}

// Plain items are looked up; containers are compared with their counterpart.
static Step next_set_pair(Level *level, ChValue *x, ChValue *y, Mode mode) {
    ChSet *a = level->a.as.set, *b = level->b.as.set;
    while (level->position < a->count) {
        ChValue item = a->items[level->position++];
        if (!is_container(item)) {
            bool is_there = mode == SAME ? ch_set_contains(b, item) : ch_set_contains_equal(b, item);
            if (!is_there) return DIFFERENT;
            continue;
        }
        const ChValue *other = set_counterpart(b, item);
        if (!other) return DIFFERENT;
        *x = item;
        *y = *other;
        return PAIR;
    }
    return DONE;
}

static Step next_pair(Level *level, ChValue *x, ChValue *y, Mode mode) {
    uint32_t i = level->position;
    switch ((ChTag)level->a.tag) {
    case CH_TAG_LIST:
        if (i >= level->a.as.list->count) return DONE;
        *x = level->a.as.list->items[i];
        *y = level->b.as.list->items[i];
        break;
    case CH_TAG_ENUM:
        if (i >= level->a.as.variant->count) return DONE;
        *x = level->a.as.variant->fields[i];
        *y = level->b.as.variant->fields[i];
        break;
    case CH_TAG_PAIR:
        if (i >= 2) return DONE;
        *x = i ? level->a.as.pair->second : level->a.as.pair->first;
        *y = i ? level->b.as.pair->second : level->b.as.pair->first;
        break;
    case CH_TAG_STRUCT: return next_struct_pair(level, x, y);
    case CH_TAG_SET: return next_set_pair(level, x, y, mode);
    default: { // dict
        ChString *key;
        if (!ch_dict_next(level->a.as.dict, &level->position, &key, x)) return DONE;
        ChValue *other = ch_dict_find(level->b.as.dict, key);
        if (!other) return DIFFERENT;
        *y = *other;
        return PAIR;
    }
    }
    level->position++;
    return PAIR;
}

static bool compare_deep(ChValue a, ChValue b, Mode mode) {
    Levels levels = {0};
    bool equal = true;
    ch_array_push(&levels, ((Level){a, b, 0}));
    while (levels.count) {
        ChValue x, y;
        Step step = next_pair(&ch_array_last(&levels), &x, &y, mode);
        if (step == DONE) {
            (void)ch_array_pop(&levels);
            continue;
        }
        Answer found = step == DIFFERENT ? NO : compare_shallow(x, y, mode);
        if (found == NO) {
            equal = false;
            break;
        }
        if (found == DEEPER) ch_array_push(&levels, ((Level){x, y, 0}));
    }
    ch_array_release(&levels);
    return equal;
}

bool ch_equal(ChValue a, ChValue b) {
    Answer found = compare_shallow(a, b, EQUAL);
    return found == DEEPER ? compare_deep(a, b, EQUAL) : found == YES;
}

bool ch_same(ChValue a, ChValue b) {
    Answer found = compare_shallow(a, b, SAME);
    return found == DEEPER ? compare_deep(a, b, SAME) : found == YES;
}

bool ch_identical(ChValue a, ChValue b) {
    if (a.tag == b.tag) {
        switch ((ChTag)a.tag) {
        case CH_TAG_LIST:
        case CH_TAG_DICT:
        case CH_TAG_SET:
        case CH_TAG_CLOSURE:
        case CH_TAG_PAIR: return a.as.object == b.as.object;
        default: break;
        }
    }
    return ch_equal(a, b);
}

// ---- order -----------------------------------------------------------------------------------------------------

static int compare_floats(double x, double y) { return x < y ? -1 : x > y ? 1 : 0; }

static int compare_plain(ChValue a, ChValue b) {
    if (a.tag == CH_TAG_INT && b.tag == CH_TAG_INT)
        return a.as.integer < b.as.integer ? -1 : a.as.integer > b.as.integer;
    if (a.tag == CH_TAG_FLOAT && b.tag == CH_TAG_FLOAT) return compare_floats(a.as.real, b.as.real);
    if (a.tag == CH_TAG_INT && b.tag == CH_TAG_FLOAT) return compare_floats((double)a.as.integer, b.as.real);
    if (a.tag == CH_TAG_FLOAT && b.tag == CH_TAG_INT) return compare_floats(a.as.real, (double)b.as.integer);
    if (a.tag == CH_TAG_STRING && b.tag == CH_TAG_STRING) {
        int order = ch_str_compare(ch_string_view(a.as.string), ch_string_view(b.as.string));
        return order < 0 ? -1 : order > 0;
    }
    return 0;
}

int ch_compare(ChValue a, ChValue b) {
    if (a.tag != CH_TAG_PAIR || b.tag != CH_TAG_PAIR) return compare_plain(a, b);
    // Pairs: the first members decide, then the second. Only what stands on the right of first members has to wait.
    Levels waiting = {0};
    int order = 0;
    ch_array_push(&waiting, ((Level){a, b, 0}));
    while (waiting.count && order == 0) {
        Level at = ch_array_pop(&waiting);
        while (at.a.tag == CH_TAG_PAIR && at.b.tag == CH_TAG_PAIR) {
            ch_array_push(&waiting, ((Level){at.a.as.pair->second, at.b.as.pair->second, 0}));
            at = (Level){at.a.as.pair->first, at.b.as.pair->first, 0};
        }
        order = compare_plain(at.a, at.b);
    }
    ch_array_release(&waiting);
    return order;
}

// ---- hash ------------------------------------------------------------------------------------------------------

// A container whose members are being hashed. A set's hash is the sum of its members', so that order does not count.
typedef struct Hashing {
    ChValue value;
    uint32_t position;
    uint64_t hash;
} Hashing;
typedef CH_ARRAY_OF(Hashing) Hashings;

static uint64_t hash_word(uint64_t tag, uint64_t word) { return ch_hash_mix(tag * 0x9e3779b97f4a7c15u, word); }

// Hash of `v`; containers are begun, and true is returned.
static bool hash_begin(ChValue v, uint64_t *hash, Hashings *open) {
    uint64_t tag = v.tag;
    switch ((ChTag)v.tag) {
    case CH_TAG_NIL:
    case CH_TAG_ABSENT: *hash = hash_word(CH_TAG_NIL, 0); return false;
    case CH_TAG_BOOL:
    case CH_TAG_INT:
    case CH_TAG_FLOAT:
    case CH_TAG_DURATION:
    case CH_TAG_BUILTIN: *hash = hash_word(tag, (uint64_t)v.as.integer); return false;
    case CH_TAG_STRING: *hash = hash_word(tag, ch_string_hash(v.as.string)); return false;
    case CH_TAG_BYTES: *hash = hash_word(tag, ch_hash_bytes(v.as.bytes->data, v.as.bytes->length)); return false;
    case CH_TAG_RANGE:
        *hash = ch_hash_mix(hash_word(tag, (uint64_t)v.as.range->start), (uint64_t)v.as.range->end);
        return false;
    case CH_TAG_LIST:
    case CH_TAG_DICT:
    case CH_TAG_SET:
    case CH_TAG_STRUCT:
    case CH_TAG_PAIR: break;
    case CH_TAG_ENUM: {
        ChEnum *variant = v.as.variant;
        tag = ch_hash_mix(tag, ch_string_hash(variant->type->variants[variant->variant].name));
        break;
    }
    case CH_TAG_ATOMIC: *hash = hash_word(tag, 0); return false;
    default: *hash = hash_word(tag, (uint64_t)(uintptr_t)v.as.object); return false;
    }
    ch_array_push(open, ((Hashing){v, 0, hash_word(tag, 1)}));
    return true;
}

static bool hash_next(Hashing *at, ChValue *item) {
    ChValue v = at->value;
    uint32_t i = at->position;
    switch ((ChTag)v.tag) {
    case CH_TAG_LIST:
        if (i >= v.as.list->count) return false;
        *item = v.as.list->items[i];
        break;
    case CH_TAG_SET:
        if (i >= v.as.set->count) return false;
        *item = v.as.set->items[i];
        break;
    case CH_TAG_ENUM:
        if (i >= v.as.variant->count) return false;
        *item = v.as.variant->fields[i];
        break;
    case CH_TAG_PAIR:
        if (i >= 2) return false;
        *item = i ? v.as.pair->second : v.as.pair->first;
        break;
    case CH_TAG_STRUCT: {
        const ChShape *shape = v.as.record->shape;
        while (i < shape->count && v.as.record->fields[shape->sorted[i]].tag == CH_TAG_ABSENT) i++;
        at->position = i;
        if (i >= shape->count) return false;
        at->hash = ch_hash_mix(at->hash, ch_string_hash(shape->keys[shape->sorted[i]]));
        *item = v.as.record->fields[shape->sorted[i]];
        break;
    }
    default: { // dict
        ChString *key;
        if (!ch_dict_next(v.as.dict, &at->position, &key, item)) return false;
        at->hash = ch_hash_mix(at->hash, ch_string_hash(key));
        return true;
    }
    }
    at->position++;
    return true;
}

static void hash_add(Hashing *at, uint64_t hash) {
    if (at->value.tag == CH_TAG_SET)
        at->hash += hash;
    else
        at->hash = ch_hash_mix(at->hash, hash);
}

uint64_t ch_hash(ChValue v) {
    if (v.tag == CH_TAG_INT) return hash_word(CH_TAG_INT, (uint64_t)v.as.integer);
    if (v.tag == CH_TAG_STRING) return hash_word(CH_TAG_STRING, ch_string_hash(v.as.string));
    Hashings open = {0};
    uint64_t hash = 0;
    hash_begin(v, &hash, &open);
    while (open.count) {
        Hashing *at = &ch_array_last(&open);
        ChValue item;
        if (!hash_next(at, &item)) {
            hash = at->hash;
            (void)ch_array_pop(&open);
            if (open.count) hash_add(&ch_array_last(&open), hash);
            continue;
        }
        if (!hash_begin(item, &hash, &open)) hash_add(&ch_array_last(&open), hash);
    }
    ch_array_release(&open);
    return hash;
}
