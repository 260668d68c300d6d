// Values: a tag and a 64-bit payload; nil, booleans, ints, floats and durations never touch the heap.
//
// Strings, bytes, lists, dicts, sets, structs, enums, pairs, ranges and closures are immutable values with
// reference counts: whoever holds the only reference may change the object in place, everybody else copies first
// ("unshare"). So Harn keeps value semantics, a store into a value that nobody else holds is O(1), and a snapshot of
// a frame costs one retain per slot. Only shared handles (channels, cells, tasks, generators, iterators) have
// identity; only they can close a cycle.
//
// Ownership in names of parameters and results: a ChValue that a function returns is owned by the caller; a
// parameter is borrowed unless its name starts with `take_` (the callee has it from then on, also on failure).
// No function here recurses over the depth of a value: freeing, comparing, hashing and printing keep a worklist.
#ifndef CH_VM_VALUE_H
#define CH_VM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

typedef struct ChVm ChVm;
typedef struct ChObject ChObject;
typedef struct ChString ChString;
typedef struct ChBytes ChBytes;
typedef struct ChList ChList;
typedef struct ChDict ChDict;
typedef struct ChSet ChSet;
typedef struct ChStruct ChStruct;
typedef struct ChEnum ChEnum;
typedef struct ChPair ChPair;
typedef struct ChIntRange ChIntRange;
typedef struct ChClosure ChClosure;
typedef struct ChShape ChShape;
typedef struct ChEnumType ChEnumType;

// Tags, in this order: everything from CH_TAG_STRING on is a counted heap object. CH_TAG_STRING is a power of two, so
// the tags of several values, or-ed, tell whether one of them is on the heap.
// X(NAME, text of type_of)
#define CH_TAGS(X)                                                                                             \
  X(NIL, "nil")                                                                                                \
  X(BOOL, "bool")                                                                                              \
  X(INT, "int")                                                                                                \
  X(FLOAT, "float")                                                                                            \
  X(DURATION, "duration")                                                                                      \
  X(BUILTIN, "builtin")   /* payload: index into the table of builtins */                                      \
  X(ABSENT, "nil")        /* internal: a struct field without a value, an argument that was not given */       \
  X(SPARE, "nil")   /* never a value: makes CH_TAG_STRING 8 */                                                 \
  X(STRING, "string")                                                                                          \
  X(BYTES, "bytes")                                                                                            \
  X(LIST, "list")                                                                                              \
  X(DICT, "dict")                                                                                              \
  X(SET, "set")                                                                                                \
  X(STRUCT, "struct")                                                                                          \
  X(ENUM, "enum")                                                                                              \
  X(PAIR, "pair")                                                                                              \
  X(RANGE, "range")                                                                                            \
  X(CLOSURE, "closure")                                                                                        \
  X(ITER, "iter")         /* lazy iterator: a generator of the prelude, or a cursor over a value */            \
  X(GENERATOR, "generator")                                                                                    \
  X(STREAM, "stream")                                                                                          \
  X(TASK, "task_handle")                                                                                       \
  X(CHANNEL, "channel")                                                                                        \
  X(ATOMIC, "atomic")                                                                                          \
  X(RNG, "rng")                                                                                                \
  X(HARNESS, "Harness")   /* the root value of what a program may reach, see runtime/lifecycle.h */            \
  X(PERMIT, "sync_permit")                                                                                     \
  X(HANDLE, "handle")     /* any other native object: see ChHandleClass */                                     \
  X(CURSOR, "cursor")     /* internal: state of a `for` loop over something that is not a list */              \
  X(ERROR, "error")       /* internal: an error on its way through `finally` */

typedef enum ChTag {
#define X(name, text) CH_TAG_##name,
  CH_TAGS(X)
#undef X
  CH_TAG_COUNT
} ChTag;

_Static_assert(CH_TAG_STRING == 8, "the tags below are told apart by one bit");

typedef struct ChValue {
  union {
    int64_t integer;
    double real;
    bool boolean;
    uint32_t index;
    ChObject *object;
    ChString *string;
    ChBytes *bytes;
    ChList *list;
    ChDict *dict;
    ChSet *set;
    ChStruct *record;
    ChEnum *variant;
    ChPair *pair;
    ChIntRange *range;
    ChClosure *closure;
    void *pointer;
  } as;
  uint32_t tag; // a ChTag
  uint32_t pad;
} ChValue;

// Head of every heap object. Counts are not atomic: a value belongs to the thread of its VM.
struct ChObject {
  uint32_t refs;
  uint8_t tag;
  uint8_t flags;
  uint16_t extra;
};

// ---- immediates ---------------------------------------------------------------------------------------------

#define CH_NIL ((ChValue){.as = {.integer = 0}, .tag = CH_TAG_NIL})
#define CH_ABSENT ((ChValue){.as = {.integer = 0}, .tag = CH_TAG_ABSENT})
static inline ChValue ch_bool(bool b) { return (ChValue){.as = {.integer = b ? 1 : 0}, .tag = CH_TAG_BOOL}; }
static inline ChValue ch_int(int64_t i) { return (ChValue){.as = {.integer = i}, .tag = CH_TAG_INT}; }
static inline ChValue ch_float(double d) { return (ChValue){.as = {.real = d}, .tag = CH_TAG_FLOAT}; }
static inline ChValue ch_duration(int64_t ms) { return (ChValue){.as = {.integer = ms}, .tag = CH_TAG_DURATION}; }
static inline ChValue ch_builtin_ref(uint32_t index) {
  return (ChValue){.as = {.integer = index}, .tag = CH_TAG_BUILTIN};
}
static inline ChValue ch_object(void *object) {
  return (ChValue){.as = {.object = (ChObject *)object}, .tag = ((ChObject *)object)->tag};
}

static inline bool ch_is_heap(ChValue v) { return v.tag >= CH_TAG_STRING; }
static inline bool ch_is_nil(ChValue v) { return v.tag == CH_TAG_NIL; }

// Frees the object: its last reference is gone. Iterative: nested values go to a worklist.
void ch_object_free(ChObject *object);

static inline ChValue ch_retain(ChValue v) {
  if (ch_is_heap(v)) v.as.object->refs++;
  return v;
}
static inline void ch_release(ChValue v) {
  if (ch_is_heap(v) && --v.as.object->refs == 0) ch_object_free(v.as.object);
}
// Replaces *slot by a value that the caller gives away.
static inline void ch_assign_take(ChValue *slot, ChValue take_value) {
  ChValue old = *slot;
  *slot = take_value;
  ch_release(old);
}
static inline void ch_assign(ChValue *slot, ChValue value) { ch_assign_take(slot, ch_retain(value)); }
// Moves the value out and leaves nil behind.
static inline ChValue ch_take(ChValue *slot) {
  ChValue v = *slot;
  *slot = CH_NIL;
  return v;
}

// ---- objects ------------------------------------------------------------------------------------------------

// UTF-8 text. `capacity` counts bytes behind `data`, one more is always there for a NUL.
struct ChString {
  ChObject head;
  uint32_t hash;     // 0: not computed yet
  uint32_t length;   // bytes
  uint32_t capacity;
  uint32_t chars;    // code points; UINT32_MAX: not counted yet
  char data[];
};
#define CH_STRING_INTERNED 1 // head.flags: the one copy of this text in its VM (constants, names)

struct ChBytes {
  ChObject head;
  uint64_t length;
  uint8_t *data;
};

struct ChList {
  ChObject head;
  uint32_t count;
  uint32_t capacity;
  ChValue *items;
};

// Keys of a record in the order of insertion, shared by all dicts and structs that have them. Lives as long as its VM.
struct ChShape {
  uint32_t id;             // unique in the VM, never 0
  uint32_t count;
  ChString **keys;         // interned, insertion order: key i is in slot i
  uint32_t *sorted;        // slots in the order of their keys (byte order)
  ChShape *parent;
  ChString *struct_name;   // NULL for dicts; a struct type's shapes form a tree of their own
  struct ChStructType *type; // the declaration, NULL for dicts
  void *transitions;       // key -> shape, owned by vm/shape.c
};

typedef struct ChDictEntry {
  ChString *key; // owned; NULL: removed
  ChValue value;
} ChDictEntry;

// A dict is a record (shape != NULL: `values[slot]`) as long as its keys come from literals and property names, and a
// hash table otherwise. Iteration, keys() and printing are in the byte order of the keys: `ch_dict_sort` makes the
// table's entries so (invisible to programs, so allowed on shared dicts too).
struct ChDict {
  ChObject head;
  uint32_t count;
  uint32_t capacity;     // of values, or of entries
  ChShape *shape;
  union {
    ChValue *values;     // record
    ChDictEntry *entries;
  };
  uint32_t *table;       // hash table of entry numbers + 1, NULL for records and small tables
  uint32_t table_mask;
  uint32_t used;         // entries in use, with removed ones
  bool sorted;
};

// Unique values in the order of insertion, found by structural hash.
struct ChSet {
  ChObject head;
  uint32_t count;
  uint32_t capacity;
  ChValue *items;
  uint32_t *table; // of item numbers + 1; NULL while small
  uint32_t table_mask;
  bool has_floats; // one was ever added: only then can an int be equal to a member that is none
};

struct ChStruct {
  ChObject head;
  ChShape *shape;
  ChValue *fields;      // shape->count; `inline_fields` unless a field was added behind the declaration's
  ChValue inline_fields[];
};

struct ChEnumType {
  ChString *name;
  uint32_t id;
  uint32_t variant_count;
  struct {
    ChString *name;
    uint32_t field_count; // declared
    ChEnum *constant;     // the one value of a variant without payload
  } *variants;
};

// A variant; `variant` indexes type->variants. Values made from data (e.g. Result) use the VM's own types.
struct ChEnum {
  ChObject head;
  uint32_t variant;
  uint32_t count;
  ChEnumType *type;
  ChValue fields[];
};

struct ChPair {
  ChObject head;
  ChValue first, second;
};

struct ChIntRange {
  ChObject head;
  bool inclusive;
  int64_t start, end;
};

// Code with the values that it captured when it was made (by value: Harn closures are snapshots).
struct ChClosure {
  ChObject head;
  uint32_t capture_count;
  const struct ChProto *proto;   // kept alive by its module
  struct ChModule *module;       // counted
  ChValue captures[];
};

// A native object with identity (channel, task, generator, atomic ...). `tag` says which; `class` how it is
// freed, printed and what it refers to (for the cycle collector).
typedef struct ChHandleClass {
  const char *type_name;                                        // for CH_TAG_HANDLE
  void (*free)(void *self);                                     // contents; the memory itself is freed by the caller
  void (*trace)(void *self, void (*visit)(ChValue *slot, void *ud), void *ud); // every value it holds; may be NULL
  void (*display)(void *self, ChBuffer *out);                   // may be NULL: `<TYPE>`
} ChHandleClass;
typedef struct ChHandle {
  ChObject head;
  const ChHandleClass *class;
} ChHandle; // the first member of every native object's struct

// ---- making -------------------------------------------------------------------------------------------------
// All return a new reference. Sizes that a program chose are checked by the caller (CH_STRING_MAX, CH_LIST_MAX).

ChString *ch_string_new(const char *data, size_t length);
ChString *ch_string_from(const char *text);
ChString *ch_string_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Appends to *slot's string, in place when nobody else holds it (amortised O(1)). Returns false when it would exceed CH_STRING_MAX.
bool ch_string_append(ChValue *slot, const char *data, size_t length);
ChString *ch_string_with_capacity(size_t capacity); // empty
uint32_t ch_string_hash(ChString *s);
uint32_t ch_string_chars(ChString *s);   // code points, cached
bool ch_string_equal(const ChString *a, const ChString *b);
static inline ChStr ch_string_view(const ChString *s) { return (ChStr){s->data, s->length}; }

ChBytes *ch_bytes_new(const void *data, size_t length);
ChList *ch_list_new(uint32_t capacity);
ChDict *ch_dict_new(void);
ChDict *ch_dict_new_record(ChShape *shape);          // all values nil
ChSet *ch_set_new(uint32_t capacity);
ChStruct *ch_struct_new(ChShape *shape);             // all fields absent
ChEnum *ch_enum_new(ChEnumType *type, uint32_t variant, uint32_t count); // fields nil; constants are shared
ChPair *ch_pair_new(ChValue take_first, ChValue take_second);
ChIntRange *ch_range_new(int64_t start, int64_t end, bool inclusive);
ChClosure *ch_closure_new(const struct ChProto *proto, struct ChModule *module, uint32_t captures);

static inline ChValue ch_str_value(const char *data, size_t length) { return ch_object(ch_string_new(data, length)); }

// ---- lists, dicts, sets: read --------------------------------------------------------------------------------

// NULL when the key is not there. The result is borrowed and good until the dict changes.
ChValue *ch_dict_find(const ChDict *dict, const ChString *key);
ChValue *ch_dict_find_str(const ChDict *dict, ChStr key);
bool ch_set_contains(const ChSet *set, ChValue item);       // as a set tells its items apart: 1 is not 1.0
bool ch_set_contains_equal(const ChSet *set, ChValue item); // as `in`: 1 finds 1.0
uint32_t ch_range_length(const ChIntRange *range, bool *too_large);
// Sorted walk: `position` starts at 0; returns false at the end. Key and value are borrowed.
bool ch_dict_next(ChDict *dict, uint32_t *position, ChString **key, ChValue *value);
void ch_dict_sort(ChDict *dict);
// Record or table slot of a struct field; NULL when there is none (or it is absent).
ChValue *ch_struct_find(const ChStruct *record, const ChString *key);

// ---- lists, dicts, sets, structs: write through a slot ---------------------------------------------------------
// `slot` holds a value of the named tag. When it is shared it is copied first and the slot gets the copy; so the
// caller sees value semantics and unshared values change in place. Values given are taken.

ChList *ch_list_unshare(ChValue *slot);
ChDict *ch_dict_unshare(ChValue *slot);
ChSet *ch_set_unshare(ChValue *slot);
ChStruct *ch_struct_unshare(ChValue *slot);
void ch_list_reserve(ChList *list, uint32_t capacity);          // list must be unshared
void ch_list_push(ChList *list, ChValue take_value);            // list must be unshared
void ch_dict_put(ChDict *dict, ChString *key, ChValue take_value);      // dict must be unshared; key borrowed
void ch_dict_put_str(ChDict *dict, const char *key, ChValue take_value);
// As ch_dict_put for a property name of the source (interned): a record stays a record. `vm` owns the shapes.
void ch_dict_put_property(ChVm *vm, ChDict *dict, ChString *key, ChValue take_value);
bool ch_dict_remove(ChDict *dict, const ChString *key);         // dict must be unshared
bool ch_set_add(ChSet *set, ChValue take_value);                // set must be unshared; false: was there
bool ch_set_remove(ChSet *set, ChValue value);
// Adds the field when it is new. False: too many fields (CH_STRUCT_FIELDS_MAX), nothing changed.
bool ch_struct_put(ChVm *vm, ChValue *slot, ChString *key, ChValue take_value);

// ---- shapes ----------------------------------------------------------------------------------------------------

ChShape *ch_shape_root(ChVm *vm);
// The shape with `key` added; NULL when the limit of keys or shapes is reached (the caller makes a table, or throws).
ChShape *ch_shape_with(ChVm *vm, ChShape *shape, ChString *key);
// -1: not there.
int32_t ch_shape_slot(const ChShape *shape, const ChString *key);
// Interned copy of a text, borrowed from the VM (lives as long as it).
ChString *ch_intern(ChVm *vm, const char *data, size_t length);

// ---- meaning -----------------------------------------------------------------------------------------------------

bool ch_is_truthy(ChValue v);
bool ch_equal(ChValue a, ChValue b);          // spec: Equality; NaN != NaN; 1 == 1.0
bool ch_identical(ChValue a, ChValue b);
uint64_t ch_hash(ChValue v);                  // equal hash for values that a set takes for the same
int ch_compare(ChValue a, ChValue b);         // spec: Comparison; -1, 0, 1; other types: 0
const char *ch_type_name(ChValue v);          // what type_of answers
// Appends what `to_string` and interpolation show.
void ch_display(ChValue v, ChBuffer *out);
ChString *ch_display_string(ChValue v);
// The same with quotes around strings, for one who looks at a value; cut with "…" behind about `limit` bytes.
void ch_display_quoted(ChValue v, size_t limit, ChBuffer *out);
void ch_display_float(double d, ChBuffer *out);

#endif
