// What all kinds of event logs have in common: names of topics, the chain of hashes, batches.
#include "host/evlog_int.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"

#include "base/banned.h"

#define HASH_BYTES 32
#define SCHEMA "harn.provenance.schema\":\"harn-eventlog-provenance-v1\""

ChEventLog *ch_evlog_open(ChEventLogKind kind, const char *path, ChBuffer *why) {
    void *self = kind == CH_EVLOG_SQLITE ? ch__evlog_sqlite_open(path, why)
                                         : ch__evlog_memory_open();
    if (!self) return NULL;
    ChEventLog *log = ch_alloc(sizeof *log);
    *log = (ChEventLog){kind == CH_EVLOG_SQLITE ? &ch__evlog_sqlite : &ch__evlog_memory, self};
    return log;
}

void ch_evlog_close(ChEventLog *log) {
    if (!log) return;
    log->store->close(log->self);
    ch_free(log);
}

void ch_evlog_topic_check(ChStr topic, ChBuffer *why) {
    if (!topic.length) ch_buffer_add_text(why, "topic cannot be empty");
    bool is_good = topic.length <= CH_EVLOG_TOPIC_MAX && !(topic.length && topic.data[0] == '.');
    for (uint32_t i = 0; i < topic.length && is_good; i++) {
        char c = topic.data[i];
        is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    }
    if (!is_good)
        ch_buffer_printf(why, topic.length > CH_EVLOG_TOPIC_MAX ? "topic is too long" : "topic '%.*s' contains unsupported characters",
                         CH_STR_ARG(topic));
}

// ---- hashes -------------------------------------------------------------------------------------------------------------

static void add_part(EVP_MD_CTX *sha, ChStr part) {
    // Lengths between the parts, so that no two records have the same bytes.
    uint64_t length = part.length;
    EVP_DigestUpdate(sha, &length, sizeof length);
    if (part.length) EVP_DigestUpdate(sha, part.data, part.length);
}

static void hash_record(const ChEventRecord *record, const char *previous, char hash[CH_EVLOG_HASH_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[HASH_BYTES];
    int64_t numbers[2] = {record->id, record->occurred_at_ms};
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    EVP_DigestInit_ex(sha, EVP_sha256(), NULL);
    EVP_DigestUpdate(sha, numbers, sizeof numbers);
    add_part(sha, record->topic);
    add_part(sha, record->kind);
    add_part(sha, record->payload);
    add_part(sha, record->headers);
    add_part(sha, ch_str_of(previous));
    EVP_DigestFinal_ex(sha, bytes, NULL);
    EVP_MD_CTX_free(sha);
    memcpy(hash, "sha256:", 7);
    for (int i = 0; i < HASH_BYTES; i++) {
        hash[7 + 2 * i] = digits[bytes[i] >> 4];
        hash[8 + 2 * i] = digits[bytes[i] & 15];
    }
    hash[71] = 0;
}

bool ch__evlog_header(ChStr headers, const char *name, ChBuffer *out) {
    ChBuffer key = {0};
    ch_buffer_printf(&key, "\"%s\":\"", name);
    int64_t at = ch_str_find(headers, ch_buffer_view(&key), 0);
    int64_t end = at < 0 ? -1 : ch_str_find(headers, CH_STR("\""), (uint32_t)(at + (int64_t)key.length));
    if (end >= 0) ch_buffer_add(out, headers.data + at + key.length, (size_t)end - (size_t)at - key.length);
    ch_buffer_release(&key);
    return end >= 0;
}

// The caller's headers and those of the chain, which stand last, so that they can be cut off again.
static void add_chain(ChStr headers, const char *previous, const char *hash, ChBuffer *out) {
    ChStr inner = ch_str_trim(headers);
    bool is_empty = inner.length <= 2;
    ch_buffer_add_byte(out, '{');
    if (!is_empty) ch_buffer_add(out, inner.data + 1, inner.length - 2);
    ch_buffer_printf(out, "%s\"" SCHEMA ",", is_empty ? "" : ",");
    if (*previous) ch_buffer_printf(out, "\"harn.provenance.prev_hash\":\"%s\",", previous);
    ch_buffer_printf(out, "\"harn.provenance.record_hash\":\"%s\"}", hash);
}

// The headers as they were hashed.
static ChStr own_headers(ChStr headers, ChBuffer *out) {
    int64_t at = ch_str_find(headers, CH_STR("\"" SCHEMA), 0);
    if (at < 1) return CH_STR("{}");
    ch_buffer_add(out, headers.data, (size_t)at - (headers.data[at - 1] == ',' ? 1 : 0));
    ch_buffer_add_byte(out, '}');
    return ch_buffer_view(out);
}

// ---- appending ------------------------------------------------------------------------------------------------------------

static ChStatus append_one(ChEventLog *log, ChEventRecord record, int64_t *id) {
    char previous[CH_EVLOG_HASH_TEXT] = "", hash[CH_EVLOG_HASH_TEXT];
    int64_t last = 0;
    ChStatus status = log->store->last(log->self, record.topic, &last, previous);
    if (status != CH_STATUS_OK) return status;
    if (!record.headers.length) record.headers = CH_STR("{}");
    record.id = last + 1;
    hash_record(&record, previous, hash);
    ChBuffer headers = {0};
    add_chain(record.headers, previous, hash, &headers);
    record.headers = ch_buffer_view(&headers);
    status = log->store->insert(log->self, &record, hash);
    ch_buffer_release(&headers);
    *id = record.id;
    return status;
}

static bool is_allowed(const ChEventRecord *record) {
    ChBuffer why = {0};
    ch_evlog_topic_check(record->topic, &why);
    bool is_good = !why.length &&
                   (uint64_t)record->kind.length + record->payload.length + record->headers.length <= CH_EVLOG_RECORD_MAX;
    ch_buffer_release(&why);
    return is_good;
}

ChStatus ch_evlog_append_batch(ChEventLog *log, const ChEventRecord *records, uint32_t count, int64_t *ids) {
    if (count > CH_EVLOG_BATCH_MAX) return CH_STATUS_TOO_LARGE;
    for (uint32_t i = 0; i < count; i++)
        if (!is_allowed(&records[i])) return CH_STATUS_BAD_ARGUMENT;
    ChStatus status = log->store->begin(log->self);
    if (status != CH_STATUS_OK) return status;
    for (uint32_t i = 0; i < count && status == CH_STATUS_OK; i++) status = append_one(log, records[i], &ids[i]);
    if (status == CH_STATUS_OK) status = log->store->commit(log->self);
    if (status != CH_STATUS_OK) log->store->rollback(log->self);
    return status;
}

ChStatus ch_evlog_append(ChEventLog *log, const ChEventRecord *record, int64_t *id) {
    return ch_evlog_append_batch(log, record, 1, id);
}

// ---- reading --------------------------------------------------------------------------------------------------------------

ChStatus ch_evlog_read(ChEventLog *log, ChStr topic, int64_t after, uint32_t limit, ChEventRecordFn each, void *ud) {
    return log->store->read(log->self, topic, after < 0 ? 0 : after, limit, each, ud);
}

ChStatus ch_evlog_latest(ChEventLog *log, ChStr topic, int64_t *id) {
    char hash[CH_EVLOG_HASH_TEXT];
    *id = 0;
    return log->store->last(log->self, topic, id, hash);
}

ChStatus ch_evlog_cursor(ChEventLog *log, ChStr topic, ChStr consumer, int64_t *id) {
    return log->store->cursor(log->self, topic, consumer, id);
}
ChStatus ch_evlog_acknowledge(ChEventLog *log, ChStr topic, ChStr consumer, int64_t id) {
    return log->store->acknowledge(log->self, topic, consumer, id);
}
ChStatus ch_evlog_compact(ChEventLog *log, ChStr topic, int64_t before, int64_t *dropped) {
    int64_t count = 0;
    ChStatus status = log->store->compact(log->self, topic, before, &count);
    if (dropped) *dropped = count;
    return status;
}

typedef struct Check {
    ChBuffer *why;
    int64_t last;
    char previous[CH_EVLOG_HASH_TEXT];
} Check;

static bool check_record(void *ud, const ChEventRecord *record) {
    Check *check = ud;
    ChBuffer own = {0}, stored = {0}, before = {0};
    ChEventRecord plain = *record;
    char hash[CH_EVLOG_HASH_TEXT];
    plain.headers = own_headers(record->headers, &own);
    ch__evlog_header(record->headers, "harn.provenance.record_hash", &stored);
    ch__evlog_header(record->headers, "harn.provenance.prev_hash", &before);
    // What was compacted cannot be looked at: the first record's word is taken for the one before.
    const char *previous = check->last ? check->previous : before.data ? before.data : "";
    hash_record(&plain, previous, hash);
    if (check->last && record->id != check->last + 1)
        ch_buffer_printf(check->why, "a gap before record %lld", (long long)record->id);
    else if (!ch_str_is(ch_buffer_view(&stored), hash))
        ch_buffer_printf(check->why, "record %lld does not have the hash it says", (long long)record->id);
    memcpy(check->previous, hash, sizeof hash);
    check->last = record->id;
    ch_buffer_release(&own);
    ch_buffer_release(&stored);
    ch_buffer_release(&before);
    return !check->why->length;
}

bool ch_evlog_verify(ChEventLog *log, ChStr topic, ChBuffer *why) {
    Check check = {.why = why};
    if (ch_evlog_read(log, topic, 0, UINT32_MAX, check_record, &check) != CH_STATUS_OK && !why->length)
        ch_buffer_add_text(why, "the topic cannot be read");
    return !why->length;
}
