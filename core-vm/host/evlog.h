// The event log: topics of records that are never changed, with ids from 1 and no gaps.
//
// Two kinds, one interface. What each survives once ch_evlog_append has answered:
//   MEMORY  nothing: it ends with the process
//   SQLITE  a killed process and a lost machine (WAL, synchronous = FULL: the commit is on the disk first)
// Each record carries in its headers the SHA-256 of itself and of the one before it, so a change shows.
//
// A log belongs to one thread. Several processes may have the same SQLite file open.
#ifndef CH_HOST_EVLOG_H
#define CH_HOST_EVLOG_H

#include "base/status.h"
#include "base/str.h"

#define CH_EVLOG_TOPIC_MAX 200u          // bytes of a topic's name
#define CH_EVLOG_RECORD_MAX (16u << 20)  // bytes of kind, payload and headers together
#define CH_EVLOG_BATCH_MAX 10000u        // records of one batch

typedef struct ChEventLog ChEventLog;

typedef enum ChEventLogKind { CH_EVLOG_MEMORY, CH_EVLOG_SQLITE } ChEventLogKind;

// Texts are borrowed. `payload` is JSON, `headers` a JSON object of texts.
typedef struct ChEventRecord {
    int64_t id;
    ChStr topic, kind, payload, headers;
    int64_t occurred_at_ms;
} ChEventRecord;

// `path`: the SQLite file (NULL for MEMORY); its folder is made. A file that is no event log is put aside under another
// name, and a new one begun; `why` tells of that too. NULL: it cannot be opened.
ChEventLog *ch_evlog_open(ChEventLogKind kind, const char *path, ChBuffer *why);
void ch_evlog_close(ChEventLog *log); // NULL is allowed

// CH_STATUS_OK: it is stored as the kind promises, *id is its id. Topics are letters, digits, '.', '_' and '-'.
ChStatus ch_evlog_append(ChEventLog *log, const ChEventRecord *record, int64_t *id);
// All or none, with one commit; ids[i] are those of records[i].
ChStatus ch_evlog_append_batch(ChEventLog *log, const ChEventRecord *records, uint32_t count, int64_t *ids);
// Empty: it is a topic. Else the sentence that says what is wrong with it.
void ch_evlog_topic_check(ChStr topic, ChBuffer *why);
// Calls `each` for records behind `after`, oldest first, at most `limit`; `each` answers false to stop.
typedef bool (*ChEventRecordFn)(void *ud, const ChEventRecord *record);
ChStatus ch_evlog_read(ChEventLog *log, ChStr topic, int64_t after, uint32_t limit, ChEventRecordFn each, void *ud);
// Id of the last record, 0: there is none.
ChStatus ch_evlog_latest(ChEventLog *log, ChStr topic, int64_t *id);
// Where a consumer is: the id of the last record that it is done with, 0 at first. It never goes back.
ChStatus ch_evlog_cursor(ChEventLog *log, ChStr topic, ChStr consumer, int64_t *id);
ChStatus ch_evlog_acknowledge(ChEventLog *log, ChStr topic, ChStr consumer, int64_t id);
// Drops the records before `id`; ids go on. *dropped may be NULL.
ChStatus ch_evlog_compact(ChEventLog *log, ChStr topic, int64_t before, int64_t *dropped);
// Whether the hashes of a topic hold. False: `why` names the record.
bool ch_evlog_verify(ChEventLog *log, ChStr topic, ChBuffer *why);

#endif
