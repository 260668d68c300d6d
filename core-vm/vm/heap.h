// What all values of one VM share: interned texts, shapes and enum types, the limits on what a program may make,
// and a slot for the state of the builtins. A ChVm begins with its ChHeap, so a `ChVm *` is enough to reach it.
#ifndef CH_VM_HEAP_H
#define CH_VM_HEAP_H

#include "base/map.h"
#include "vm/value.h"

// Sizes that a program can ask for; beyond them there is a Harn error. A test build makes them tiny.
#ifdef CH_HARD
#define CH_STRING_MAX (64u << 20)
#define CH_LIST_MAX (4u << 20)
#else
#define CH_STRING_MAX (1u << 30)      // bytes of a string or bytes value
#define CH_LIST_MAX (1u << 28)        // items of a list, set or dict
#endif
#define CH_SHAPE_KEYS_MAX 64          // keys of a record; more make a table
#define CH_STRUCT_FIELDS_MAX 1024     // fields of a struct, with those added to a value
#define CH_SHAPES_MAX 65536           // shapes of a VM; then new records are tables (structs may have as many again)
#define CH_SHAPE_FANOUT_MAX 1024      // shapes that differ from one in the next key

// What a call of a builtin must have to need no closer check: so many arguments (least > most: not known yet), of these
// tags (a bit per ChTag).
#define CH_QUICK_PARAMS 3
typedef struct ChBuiltinQuick {
    uint64_t tags[CH_QUICK_PARAMS];
    uint8_t least, most;
} ChBuiltinQuick;

typedef struct ChHeap {
    ChMap interned;          // text -> ChString *, counted
    ChShape **shapes;        // all, for release
    uint32_t shape_count, shape_capacity;
    ChShape *shape_root;     // of dicts
    uint32_t shape_next_id;
    ChEnumType **enum_types; // all that ch_enum_type_new made
    uint32_t enum_type_count, enum_type_capacity;
    ChEnumType *result_type; // Result: Ok, Err
    ChBuiltinQuick *builtin_quick;       // one per row; NULL until a call was checked
    void *builtin_state;                 // of builtins/, made when first needed
    void (*builtin_state_free)(void *state);
} ChHeap;

static inline ChHeap *ch_heap_of(ChVm *vm) { return (ChHeap *)vm; }

// `heap` is zeroed memory.
void ch_heap_init(ChHeap *heap);
// After every value is gone.
void ch_heap_release(ChHeap *heap);

// The root of a struct type's shapes: no keys yet. Lives as long as the VM.
ChShape *ch_shape_new_struct(ChVm *vm, ChString *struct_name, struct ChStructType *type);

// A new enum type without variants' names filled in is never seen: names are interned here. Lives as long as the VM.
typedef struct ChVariantSpec {
    ChStr name;
    uint32_t field_count;
} ChVariantSpec;
ChEnumType *ch_enum_type_new(ChVm *vm, ChStr name, const ChVariantSpec *variants, uint32_t count);
// Number of the variant, or -1.
int32_t ch_enum_variant_find(const ChEnumType *type, ChStr name);

#define CH_RESULT_OK 0
#define CH_RESULT_ERR 1
// Result.Ok(value), Result.Err(value).
ChValue ch_result_ok(ChVm *vm, ChValue take_value);
ChValue ch_result_err(ChVm *vm, ChValue take_value);
// Whether `v` is a Result; *variant tells which.
bool ch_is_result(ChVm *vm, ChValue v, uint32_t *variant);

// The one place where values are made; `size` bytes with the head filled in (one reference).
void *ch_object_alloc(ChTag tag, size_t size);

// Equality of set members and keys of grouping: as ch_equal, but 1 and 1.0 differ, and NaN is the same as NaN.
bool ch_same(ChValue a, ChValue b);

#endif
