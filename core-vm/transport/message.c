/* The layer between our servers and cJSON. cJSON is used for what it does well, building and printing small documents;
 * what it does badly with foreign input is kept from it by json_scan. Its numbers are doubles, so exact integers are
 * read only within a range that doubles hold. */
#include "transport/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/json_scan.h"

static char *copy_slice(ChJsonSlice slice)
{
    if (!slice.text || slice.size > CH_JSON_ID_BYTES_MAX)
        return NULL;
    char *text = ch_alloc(slice.size + 1);
    memcpy(text, slice.text, slice.size);
    text[slice.size] = '\0';
    return text;
}

ChMessage *ch_message_parse(char *bytes, size_t size, ChMessageError *error)
{
    memset(error, 0, sizeof(*error));
    ChJsonScan scan = ch_json_scan(bytes, size);
    if (!scan.is_valid) {
        snprintf(error->text, sizeof(error->text), "The message body is not acceptable JSON: %s (at byte %zu of %zu).",
                 scan.error, scan.error_offset, size);
        error->id_text = copy_slice(scan.id);
        return NULL;
    }
    if (!scan.is_object) {
        error->is_json = true;
        snprintf(error->text, sizeof(error->text), "%s",
                 size && bytes[0] == '[' ? "A message must be one JSON object; batches in a list are not part of the protocol."
                                         : "A message must be a JSON object.");
        return NULL;
    }
    ChMessage *message = ch_alloc_zero(1, sizeof(*message));
    message->id_text = copy_slice(scan.id);
    message->seq_text = copy_slice(scan.seq);
    message->nul_marker = scan.nul_marker;
    message->bytes = size;
    message->root = cJSON_ParseWithLength(bytes, size);
    if (!message->root) {
        snprintf(error->text, sizeof(error->text), "There is not enough memory for a message of %zu bytes.", size);
        error->id_text = message->id_text;
        message->id_text = NULL;
        ch_message_free(message);
        return NULL;
    }
    return message;
}

void ch_message_error_release(ChMessageError *error)
{
    ch_free(error->id_text);
    error->id_text = NULL;
}

void ch_message_free(ChMessage *message)
{
    if (!message)
        return;
    cJSON_Delete(message->root);
    ch_free(message->id_text);
    ch_free(message->seq_text);
    ch_free(message);
}

const cJSON *ch_json_get(const cJSON *object, const char *name)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const cJSON *ch_json_path(const cJSON *object, const char *path)
{
    char name[64];
    while (object && *path) {
        size_t size = strcspn(path, ".");
        if (size >= sizeof(name))
            return NULL;
        memcpy(name, path, size);
        name[size] = '\0';
        object = ch_json_get(object, name);
        path += size + (path[size] == '.');
    }
    return object;
}

const char *ch_json_string(const cJSON *value)
{
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

const char *ch_json_get_string(const cJSON *object, const char *name)
{
    return ch_json_string(ch_json_get(object, name));
}

bool ch_json_integer(const cJSON *value, int64_t min, int64_t max, int64_t *out)
{
    if (!cJSON_IsNumber(value))
        return false;
    double number = value->valuedouble;
    if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0))
        return false;
    int64_t integer = (int64_t)number;
    if ((double)integer != number || integer < min || integer > max)
        return false;
    *out = integer;
    return true;
}

bool ch_json_get_integer(const cJSON *object, const char *name, int64_t min, int64_t max, int64_t *out)
{
    return ch_json_integer(ch_json_get(object, name), min, max, out);
}

bool ch_json_get_bool(const cJSON *object, const char *name, bool otherwise)
{
    const cJSON *value = ch_json_get(object, name);
    return cJSON_IsBool(value) ? cJSON_IsTrue(value) : otherwise;
}

/* The marker is a noncharacter of the basic plane: always three bytes. */
static void marker_bytes(uint32_t marker, char out[4])
{
    out[0] = (char)(0xE0 | marker >> 12);
    out[1] = (char)(0x80 | (marker >> 6 & 0x3F));
    out[2] = (char)(0x80 | (marker & 0x3F));
    out[3] = '\0';
}

char *ch_message_copy_string(const ChMessage *message, const cJSON *value, size_t *size)
{
    const char *text = ch_json_string(value);
    if (!text)
        return NULL;
    size_t length = strlen(text);
    char *copy = ch_alloc_copy(text, length + 1);
    if (message->nul_marker) {
        char marker[4];
        marker_bytes(message->nul_marker, marker);
        char *to = copy;
        const char *from = copy;
        for (const char *next; (next = strstr(from, marker)) != NULL; from = next + 3) {
            memmove(to, from, (size_t)(next - from));
            to += next - from;
            *to++ = '\0';
        }
        size_t rest = length - (size_t)(from - copy);
        memmove(to, from, rest + 1);
        length = (size_t)(to - copy) + rest;
    }
    *size = length;
    return copy;
}

bool ch_message_string_has_nul(const ChMessage *message, const cJSON *value)
{
    const char *text = ch_json_string(value);
    if (!text || !message->nul_marker)
        return false;
    char marker[4];
    marker_bytes(message->nul_marker, marker);
    return strstr(text, marker) != NULL;
}

/* cJSON answers NULL when memory is gone; like ch_alloc, that ends the process. */
static cJSON *need(cJSON *item)
{
    if (!item) {
        fputs("charn: out of memory\n", stderr);
        abort();
    }
    return item;
}

cJSON *ch_json_new_object(void)
{
    return need(cJSON_CreateObject());
}

cJSON *ch_json_new_array(void)
{
    return need(cJSON_CreateArray());
}

cJSON *ch_json_new_null(void)
{
    return need(cJSON_CreateNull());
}

/* Length of a valid sequence at `text`, 0 when it is none; NUL counts as none. */
static size_t valid_sequence(const unsigned char *text, size_t size)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return lead != 0;
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    bool is_overlong = (lead == 0xE0 && text[1] < 0xA0) || (lead == 0xF0 && text[1] < 0x90);
    bool is_outside = (lead == 0xED && text[1] > 0x9F) || (lead == 0xF4 && text[1] > 0x8F);
    return is_overlong || is_outside ? 0 : length;
}

cJSON *ch_json_new_string(const char *bytes, size_t size)
{
    char *text = ch_alloc(size * 3 + 1);
    size_t to = 0;
    for (size_t from = 0; from < size;) {
        size_t length = valid_sequence((const unsigned char *)bytes + from, size - from);
        if (length) {
            memcpy(text + to, bytes + from, length);
            to += length;
            from += length;
        } else {
            memcpy(text + to, "\xEF\xBF\xBD", 3);
            to += 3;
            from++;
        }
    }
    text[to] = '\0';
    cJSON *item = need(cJSON_CreateString(text));
    ch_free(text);
    return item;
}

void ch_json_add(cJSON *object, const char *name, cJSON *take_value)
{
    if (!cJSON_AddItemToObjectCS(object, name, take_value ? take_value : ch_json_new_null()))
        cJSON_Delete(take_value);
}

void ch_json_add_string(cJSON *object, const char *name, const char *text)
{
    ch_json_add(object, name, ch_json_new_string(text, strlen(text)));
}

void ch_json_add_bytes(cJSON *object, const char *name, const char *bytes, size_t size)
{
    ch_json_add(object, name, ch_json_new_string(bytes, size));
}

void ch_json_add_integer(cJSON *object, const char *name, int64_t number)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)number);
    ch_json_add_raw(object, name, text);
}

void ch_json_add_bool(cJSON *object, const char *name, bool value)
{
    ch_json_add(object, name, need(cJSON_CreateBool(value)));
}

void ch_json_add_null(cJSON *object, const char *name)
{
    ch_json_add(object, name, NULL);
}

void ch_json_add_raw(cJSON *object, const char *name, const char *json)
{
    ch_json_add(object, name, need(cJSON_CreateRaw(json)));
}

cJSON *ch_json_add_object(cJSON *object, const char *name)
{
    cJSON *child = ch_json_new_object();
    ch_json_add(object, name, child);
    return child;
}

cJSON *ch_json_add_array(cJSON *object, const char *name)
{
    cJSON *child = ch_json_new_array();
    ch_json_add(object, name, child);
    return child;
}

void ch_json_append(cJSON *array, cJSON *take_value)
{
    if (!cJSON_AddItemToArray(array, take_value ? take_value : ch_json_new_null()))
        cJSON_Delete(take_value);
}

void ch_json_append_string(cJSON *array, const char *text)
{
    ch_json_append(array, ch_json_new_string(text, strlen(text)));
}

char *ch_json_print(const cJSON *value)
{
    if (!value)
        return NULL;
    char *text = cJSON_PrintUnformatted(value);
    if (!text)
        need(NULL);
    return text;
}
