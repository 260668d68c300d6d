// The event log in memory: for tests, and for hosts that want nothing on the disk.
#include "host/evlog_int.h"

#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/map.h"

#include "base/banned.h"

typedef struct Kept {
    int64_t id, occurred_at_ms;
    char *kind, *payload, *headers;
} Kept;

typedef struct Topic {
    char *name;
    int64_t last_id;
    char last_hash[CH_EVLOG_HASH_TEXT];
    CH_ARRAY_OF(Kept) records; // without gaps, oldest first
    ChMap consumers;           // name -> int64_t *
    uint32_t before;           // records when the batch began
    int64_t before_id;
    char before_hash[CH_EVLOG_HASH_TEXT];
} Topic;

typedef struct Store {
    ChMap topics; // name -> Topic *
} Store;

void *ch__evlog_memory_open(void) { return ch_alloc_zero(1, sizeof(Store)); }

static Topic *topic_of(Store *store, ChStr name, bool make) {
    Topic *topic = ch_map_get_pointer(&store->topics, name);
    if (topic || !make) return topic;
    topic = ch_alloc_zero(1, sizeof *topic);
    topic->name = ch_str_detach(name);
    ch_map_set_pointer(&store->topics, ch_str_of(topic->name), topic);
    return topic;
}

static void drop_record(Kept *record) {
    ch_free(record->kind);
    ch_free(record->payload);
    ch_free(record->headers);
}

static void close_store(void *self) {
    Store *store = self;
    for (uint32_t i = 0; i < store->topics.count; i++) {
        Topic *topic = store->topics.entries[i].value.pointer;
        for (uint32_t r = 0; r < topic->records.count; r++) drop_record(&topic->records.items[r]);
        ch_array_release(&topic->records);
        for (uint32_t c = 0; c < topic->consumers.count; c++) {
            ch_free((char *)(uintptr_t)topic->consumers.entries[c].key.data);
            ch_free(topic->consumers.entries[c].value.pointer);
        }
        ch_map_release(&topic->consumers);
        ch_free(topic->name);
        ch_free(topic);
    }
    ch_map_release(&store->topics);
    ch_free(store);
}

static ChStatus begin(void *self) {
    Store *store = self;
    for (uint32_t i = 0; i < store->topics.count; i++) {
        Topic *topic = store->topics.entries[i].value.pointer;
        topic->before = topic->records.count;
        topic->before_id = topic->last_id;
        memcpy(topic->before_hash, topic->last_hash, sizeof topic->last_hash);
    }
    return CH_STATUS_OK;
}

static ChStatus commit(void *self) { return CH_STATUS_OK; }

static void rollback(void *self) {
    Store *store = self;
    for (uint32_t i = 0; i < store->topics.count; i++) {
        Topic *topic = store->topics.entries[i].value.pointer;
        while (topic->records.count > topic->before) drop_record(&ch_array_pop(&topic->records));
        topic->last_id = topic->before_id;
        memcpy(topic->last_hash, topic->before_hash, sizeof topic->last_hash);
    }
}

static ChStatus last(void *self, ChStr name, int64_t *id, char hash[CH_EVLOG_HASH_TEXT]) {
    const Topic *topic = topic_of(self, name, false);
    *id = topic ? topic->last_id : 0;
    memcpy(hash, topic ? topic->last_hash : "", topic ? CH_EVLOG_HASH_TEXT : 1);
    return CH_STATUS_OK;
}

static ChStatus insert(void *self, const ChEventRecord *record, const char *hash) {
    Topic *topic = topic_of(self, record->topic, true);
    Kept kept = {record->id, record->occurred_at_ms, ch_str_detach(record->kind), ch_str_detach(record->payload),
                 ch_str_detach(record->headers)};
    ch_array_push(&topic->records, kept);
    topic->last_id = record->id;
    memcpy(topic->last_hash, hash, CH_EVLOG_HASH_TEXT);
    return CH_STATUS_OK;
}

static ChStatus read_records(void *self, ChStr name, int64_t after, uint32_t limit, ChEventRecordFn each, void *ud) {
    const Topic *topic = topic_of(self, name, false);
    if (!topic || !topic->records.count) return CH_STATUS_OK;
    int64_t first = topic->records.items[0].id;
    uint64_t at = after < first ? 0 : (uint64_t)(after - first + 1);
    for (; at < topic->records.count && limit--; at++) {
        const Kept *kept = &topic->records.items[at];
        ChEventRecord record = {kept->id, name, ch_str_of(kept->kind), ch_str_of(kept->payload), ch_str_of(kept->headers),
                                kept->occurred_at_ms};
        if (!each(ud, &record)) break;
    }
    return CH_STATUS_OK;
}

static ChStatus cursor(void *self, ChStr name, ChStr consumer, int64_t *id) {
    const Topic *topic = topic_of(self, name, false);
    const int64_t *found = topic ? ch_map_get_pointer(&topic->consumers, consumer) : NULL;
    *id = found ? *found : 0;
    return CH_STATUS_OK;
}

static ChStatus acknowledge(void *self, ChStr name, ChStr consumer, int64_t id) {
    Topic *topic = topic_of(self, name, true);
    int64_t *found = ch_map_get_pointer(&topic->consumers, consumer);
    if (!found) {
        found = ch_alloc_zero(1, sizeof *found);
        ch_map_set_pointer(&topic->consumers, ch_str_of(ch_str_detach(consumer)), found);
    }
    if (*found < id) *found = id;
    return CH_STATUS_OK;
}

static ChStatus compact(void *self, ChStr name, int64_t before, int64_t *dropped) {
    Topic *topic = topic_of(self, name, false);
    uint32_t count = 0;
    while (topic && count < topic->records.count && topic->records.items[count].id < before)
        drop_record(&topic->records.items[count++]);
    if (count) {
        memmove(topic->records.items, topic->records.items + count, (topic->records.count - count) * sizeof(Kept));
        topic->records.count -= count;
    }
    *dropped = count;
    return CH_STATUS_OK;
}

const ChEventStore ch__evlog_memory = {begin, last, insert, commit, rollback, read_records, cursor, acknowledge, compact, close_store};
