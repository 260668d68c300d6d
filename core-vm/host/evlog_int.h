// Between evlog.c and the kinds of logs.
#ifndef CH_HOST_EVLOG_INT_H
#define CH_HOST_EVLOG_INT_H

#include "host/evlog.h"

#define CH_EVLOG_HASH_TEXT 72 // "sha256:" and 64 digits, and a NUL

// What a kind has to do. Between begin and commit nobody else appends.
typedef struct ChEventStore {
    ChStatus (*begin)(void *self);
    ChStatus (*last)(void *self, ChStr topic, int64_t *id, char hash[CH_EVLOG_HASH_TEXT]);
    ChStatus (*insert)(void *self, const ChEventRecord *record, const char *hash);
    ChStatus (*commit)(void *self);
    void (*rollback)(void *self);
    ChStatus (*read)(void *self, ChStr topic, int64_t after, uint32_t limit, ChEventRecordFn each, void *ud);
    ChStatus (*cursor)(void *self, ChStr topic, ChStr consumer, int64_t *id);
    ChStatus (*acknowledge)(void *self, ChStr topic, ChStr consumer, int64_t id);
    ChStatus (*compact)(void *self, ChStr topic, int64_t before, int64_t *dropped);
    void (*close)(void *self);
} ChEventStore;

struct ChEventLog {
    const ChEventStore *store;
    void *self;
};

void *ch__evlog_memory_open(void);
void *ch__evlog_sqlite_open(const char *path, ChBuffer *why);
extern const ChEventStore ch__evlog_memory, ch__evlog_sqlite;
// The text of a member of a JSON object of texts that evlog.c wrote, into `out`; false: not there.
bool ch__evlog_header(ChStr headers, const char *name, ChBuffer *out);

#endif
