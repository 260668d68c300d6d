/* A received message, and safe ways to read and to build JSON.
 *
 * A ChMessage owns its parsed document and keeps the exact text of its `id` and `seq`, because numbers above 2^53 do not
 * survive the JSON library: replies repeat that text byte for byte. Everything read from a message is borrowed from it.
 *
 * The builders take ownership of what they are given whether or not adding succeeds, so that a result under
 * construction never leaks. Nothing here knows the language server or debug adapter protocol. */
#ifndef CH_TRANSPORT_MESSAGE_H
#define CH_TRANSPORT_MESSAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CH_MESSAGE_ERROR_BYTES_MAX = 256 };

typedef struct ChMessage {
    cJSON *root;         /* owned; always an object */
    char *id_text;       /* owned; exact text of the member `id`, NULL when absent or no scalar */
    char *seq_text;      /* owned; likewise `seq` */
    uint32_t nul_marker; /* see json_scan.h; 0 when no string holds a NUL */
    size_t bytes;        /* size of the body */
} ChMessage;

/* Why a body is no message. */
typedef struct ChMessageError {
    char text[CH_MESSAGE_ERROR_BYTES_MAX]; /* what is wrong and at which byte */
    char *id_text;                         /* owned; the id, when it came before the mistake, else NULL */
    bool is_json;                          /* valid JSON, but not an object */
} ChMessageError;

/* Parses one body; `bytes` must be writable with a NUL after `size` bytes, and is not kept. Returns NULL and fills
 * `error` (end it with `ch_message_error_release`) when the body is no message. */
ChMessage *ch_message_parse(char *bytes, size_t size, ChMessageError *error);
void ch_message_error_release(ChMessageError *error);
void ch_message_free(ChMessage *message);

/* ---- reading: every function accepts NULL and wrong kinds ---- */

/* The member `name` of an object, or NULL when absent. `ch_json_path` follows names separated by dots. */
const cJSON *ch_json_get(const cJSON *object, const char *name);
const cJSON *ch_json_path(const cJSON *object, const char *path);

/* The string of a value, or NULL. A string that held a NUL escape shows its marker character instead. */
const char *ch_json_string(const cJSON *value);
/* Likewise the member `name`. */
const char *ch_json_get_string(const cJSON *object, const char *name);

/* A whole number within `min` to `max`. False when it is absent, no number, has a fraction, or lies outside. */
bool ch_json_integer(const cJSON *value, int64_t min, int64_t max, int64_t *out);
bool ch_json_get_integer(const cJSON *object, const char *name, int64_t min, int64_t max, int64_t *out);

/* True only for the value `true`; `otherwise` when the member is absent or no boolean. */
bool ch_json_get_bool(const cJSON *object, const char *name, bool otherwise);

/* The bytes of a string with its NULs restored: owned, `*size` bytes and a NUL after them. NULL when it is no string. */
char *ch_message_copy_string(const ChMessage *message, const cJSON *value, size_t *size);

/* Tells whether a string holds a NUL (a name or path that does is to be refused). */
bool ch_message_string_has_nul(const ChMessage *message, const cJSON *value);

/* ---- building ---- */

cJSON *ch_json_new_object(void);
cJSON *ch_json_new_array(void);
cJSON *ch_json_new_null(void);
/* Strings are bytes of any kind: what is not valid UTF-8, and NUL, is sent as U+FFFD. */
cJSON *ch_json_new_string(const char *bytes, size_t size);

/* Adds to an object; `take_value` NULL adds null. `name` must be a literal. */
void ch_json_add(cJSON *object, const char *name, cJSON *take_value);
void ch_json_add_string(cJSON *object, const char *name, const char *text);
void ch_json_add_bytes(cJSON *object, const char *name, const char *bytes, size_t size);
void ch_json_add_integer(cJSON *object, const char *name, int64_t number);
void ch_json_add_bool(cJSON *object, const char *name, bool value);
void ch_json_add_null(cJSON *object, const char *name);
/* JSON text as it stands: an id from `id_text`, a long array that was printed elsewhere. */
void ch_json_add_raw(cJSON *object, const char *name, const char *json);
cJSON *ch_json_add_object(cJSON *object, const char *name);
cJSON *ch_json_add_array(cJSON *object, const char *name);

void ch_json_append(cJSON *array, cJSON *take_value);
void ch_json_append_string(cJSON *array, const char *text);

/* The text on one line; owned, free with `ch_free`. NULL when `value` is NULL. */
char *ch_json_print(const cJSON *value);

#endif
