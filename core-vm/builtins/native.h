// Between the files of builtins/: what native functions share.
#ifndef CH_BUILTINS_NATIVE_H
#define CH_BUILTINS_NATIVE_H

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "builtins/builtins.h"
#include "host/host.h"
#include "vm/heap.h"
#include "vm/vm.h"

// An open span of trace_start; ids are 8 hexadecimal digits.
typedef struct ChLogSpan {
    char trace_id[9], span_id[9];
} ChLogSpan;

// State that the builtins of one VM keep.
typedef struct ChBuiltinState {
    struct ChBuiltinCheck *checks;  // one per row, made from its signature
    uint8_t *forbidden;             // one ChForbidden per row; NULL: everything is permitted
    ChBuiltinQuick *quick;          // one per row, see ChHeap
    bool is_random_seeded;
    uint64_t random[4];             // xoshiro256**
    struct ChRegexCache *regexes;   // compiled, see regex.c
    int64_t start_ms;               // monotonic, when the VM began
    bool is_time_mocked;
    bool is_input_mocked;           // read_line and read_stdin take from `input`
    bool is_capturing;              // eprint goes to `captured`
    int8_t terminals[3];            // mocked answers for stdin, stdout, stderr: 1 yes, -1 no, 0 not mocked
    int8_t color_mode;              // 1 always, -1 never, 0 as the terminal is
    uint8_t log_level;              // structured lines below it are left out
    ChBuffer input;
    size_t input_at;
    ChBuffer captured;
    CH_ARRAY_OF(ChLogSpan) log_spans; // innermost last
    int64_t mock_now_ms, mock_monotonic_ms;
    struct ChStateFile *store, *checkpoints; // read, see state.c
    ChValue kept;                   // what the prelude keeps between calls: a dict, or nil
    ChDict *memory;                 // what builtins written in Harn keep, by name; NULL: nothing yet
    int64_t memory_number;          // the last number that was given to a handle of theirs
} ChBuiltinState;

ChBuiltinState *ch__builtin_state(ChVm *vm);

// Throws unless the policy permits the row to whoever calls it now (policy.c).
ChFlow ch__policy_check(ChVm *vm, uint32_t row);
// Whether the task may name a file at the absolute path. `what` is said of it: "builtin 'read_file' attempted to read", or
// "process cwd". False: `why` has the text; throws it.
bool ch__roots_permit(ChVm *vm, const char *path, const char *what, ChBuffer *why);
ChFlow ch__roots_check(ChVm *vm, const char *path, const char *what);

// ---- results

static inline ChFlow ch__give(ChValue *result, ChValue take_value) {
    *result = take_value;
    return CH_OK;
}
static inline ChFlow ch__give_bool(ChValue *result, bool b) { return ch__give(result, ch_bool(b)); }
static inline ChFlow ch__give_int(ChValue *result, int64_t i) { return ch__give(result, ch_int(i)); }
static inline ChFlow ch__give_text(ChValue *result, const char *data, size_t length) {
    return ch__give(result, ch_str_value(data, length));
}
// The buffer's text; the buffer is released.
ChFlow ch__give_buffer(ChValue *result, ChBuffer *take_buffer);
// The same, refused with an error that names `who` when it is too long for a string.
ChFlow ch__give_buffer_checked(ChVm *vm, const char *who, ChValue *result, ChBuffer *take_buffer);

// ---- arguments

// Text of argument `index` as to_string shows it, owned; "" when it was not given.
ChString *ch__arg_display(const ChValue *args, uint32_t argc, uint32_t index);
static inline bool ch__arg_is(const ChValue *args, uint32_t argc, uint32_t index, ChTag tag) {
    return index < argc && args[index].tag == tag;
}
// An int argument, or `fallback` for anything else.
static inline int64_t ch__arg_int(const ChValue *args, uint32_t argc, uint32_t index, int64_t fallback) {
    return index < argc && args[index].tag == CH_TAG_INT ? args[index].as.integer : fallback;
}
// A number as double. False: it is none.
static inline bool ch__number(ChValue v, double *number) {
    if (v.tag == CH_TAG_INT) *number = (double)v.as.integer;
    else if (v.tag == CH_TAG_FLOAT) *number = v.as.real;
    else return false;
    return true;
}
static inline bool ch__is_callable(ChValue v) { return v.tag == CH_TAG_CLOSURE || v.tag == CH_TAG_BUILTIN; }
static inline ChStr ch__text(ChValue v) { return ch_string_view(v.as.string); }
// An entry of a dict, or nil. Borrowed.
static inline ChValue ch__dict_get(const ChDict *dict, const char *key) {
    ChValue *found = ch_dict_find_str(dict, ch_str_of(key));
    return found ? *found : CH_NIL;
}

// ---- sizes

// Throws when a string of `bytes` or a list of `items` would be too large.
ChFlow ch__check_string_size(ChVm *vm, const char *who, uint64_t bytes);
ChFlow ch__check_list_size(ChVm *vm, const char *who, uint64_t items);

// ---- between families

// Text of a string value; a text owned by nobody when it is not UTF-8. Case mapping and white space (string.c).
void ch__lower(ChStr text, ChBuffer *out);
void ch__upper(ChStr text, ChBuffer *out);
ChStr ch__trim(ChStr text, bool at_start, bool at_end);
bool ch__is_space(uint32_t rune);

// JSON (json.c). `indent`: spaces per level, 0 for one line.
void ch__json_print(ChValue v, uint32_t indent, ChBuffer *out);
// Parses a whole document. False: *why has the text (owned by the caller's buffer).
bool ch__json_parse(ChStr text, ChValue *value, ChBuffer *why);

// A structured log line (log.c): level 0 debug to 3 error, with the fields and the ids of the open log span.
void ch__log_line(ChVm *vm, uint8_t level, ChStr message, ChDict *fields);

// Clock and random numbers of the program, mocked or real (time.c, random.c).
int64_t ch__now_ms(ChVm *vm);
int64_t ch__monotonic_ms(ChVm *vm);
// The moment in UTC as ISO 8601 with milliseconds (datetime.c).
void ch__iso_now(ChVm *vm, ChBuffer *out);
// Moves a stopped clock on; false: the clock is real.
bool ch__time_advance(ChVm *vm, int64_t ms);
uint64_t ch__random_word(ChVm *vm);

// Bytes that may be no UTF-8 as text: what is none becomes U+FFFD (encoding.c). The bytes are borrowed.
ChFlow ch__give_lossy(ChVm *vm, const char *who, ChValue *result, ChStr bytes);

// Bytes as base 64, as hexadecimal digits; bytes of %XX and +; comparison in a time that tells nothing.
void ch__base64(ChStr bytes, bool for_url, ChBuffer *out);
void ch__hex(ChStr bytes, ChBuffer *out);
void ch__url_decode_into(ChStr text, ChBuffer *out);
bool ch__same_bytes(ChStr a, ChStr b);

// What the operating system says of a file operation, as the reference words it (fs.c).
const char *ch__file_reason(ChStatus status);
// Appends the folder of the source file that is running, the working folder where it has none (fs.c).
void ch__source_folder(ChVm *vm, ChBuffer *out);

// Replaces a file as a whole, with the folders above it: afterwards it holds the old bytes or the new ones (state.c).
ChStatus ch__replace_file(ChVm *vm, const char *path, const char *data, size_t length);
typedef struct ChStateFile ChStateFile;
void ch__state_file_free(ChStateFile *file); // NULL is allowed

// Whether the expression matches somewhere in the text. False: it is none, *why tells (regex.c).
bool ch__regex_is_match(ChVm *vm, ChStr pattern, ChStr text, bool *matches, ChBuffer *why);

// The bytes of a bytes argument (with `also_text` of a string too), borrowed. Throws for anything else (compress.c).
ChFlow ch__input_bytes(ChVm *vm, const char *who, const ChValue *args, uint32_t argc, uint32_t index, bool also_text,
                       ChStr *bytes);
// The buffer's bytes as a bytes value; the buffer is released.
ChFlow ch__give_bytes(ChValue *result, ChBuffer *take_buffer);
void ch__blake3(ChStr bytes, uint8_t out[32]);

void ch__regex_cache_free(struct ChRegexCache *cache);

// Sorts stably in place by ch_compare (list.c).
void ch__sort_values(ChValue *values, uint32_t count);

#define CH_NATIVE(function) ChFlow function(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result)

// Every native function.
#define CH_BUILTIN(name, signature, function, effects, doc, example) CH_NATIVE(function);
#define CH_BUILTIN_PRELUDE(name, signature, effects, doc, example)
#define CH_CONSTANT(name, type, function, doc, example) CH_NATIVE(function);
#define CH_CONSTANT_PRELUDE(name, type, doc, example)
#define CH_METHOD(type, name, signature, function, effects, doc, example) CH_NATIVE(function);
#define CH_METHOD_PRELUDE(type, name, signature, effects, doc, example)
#include "builtins/all.def"
#undef CH_BUILTIN
#undef CH_BUILTIN_PRELUDE
#undef CH_CONSTANT
#undef CH_CONSTANT_PRELUDE
#undef CH_METHOD
#undef CH_METHOD_PRELUDE

#endif
