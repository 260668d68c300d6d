// The event log in a SQLite file: WAL, every commit on the disk before it is acknowledged.
//
// The file may come from anybody (a repository can bring one): defensive mode, no trusted schema, no extensions, and the
// schema has to be exactly ours. Anything else is put aside.
#include "host/evlog_int.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"

#include "base/banned.h"

#define APPLICATION_ID 0x6368726e // "chrn"
#define BUSY_MS 10000

static const char schema[] =
    "PRAGMA application_id=1667789422;"
    "CREATE TABLE topic_heads(topic TEXT PRIMARY KEY, last_id INTEGER NOT NULL, last_hash TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE events(topic TEXT NOT NULL, event_id INTEGER NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,"
    " headers TEXT NOT NULL, occurred_at_ms INTEGER NOT NULL, PRIMARY KEY(topic, event_id)) WITHOUT ROWID;"
    "CREATE TABLE consumers(topic TEXT NOT NULL, consumer_id TEXT NOT NULL, cursor INTEGER NOT NULL,"
    " updated_at_ms INTEGER NOT NULL, PRIMARY KEY(topic, consumer_id)) WITHOUT ROWID;";

enum { Q_LAST, Q_HEAD, Q_INSERT, Q_READ, Q_CURSOR, Q_ACK, Q_COMPACT, Q_COUNT };

static const char *const queries[Q_COUNT] = {
    "SELECT last_id, last_hash FROM topic_heads WHERE topic=?1",
    "INSERT INTO topic_heads VALUES(?1,?2,?3) ON CONFLICT(topic) DO UPDATE SET last_id=?2, last_hash=?3",
    "INSERT INTO events VALUES(?1,?2,?3,?4,?5,?6)",
    "SELECT event_id, kind, payload, headers, occurred_at_ms FROM events WHERE topic=?1 AND event_id>?2 ORDER BY event_id LIMIT ?3",
    "SELECT cursor FROM consumers WHERE topic=?1 AND consumer_id=?2",
    "INSERT INTO consumers VALUES(?1,?2,?3,?4) ON CONFLICT(topic, consumer_id) DO UPDATE SET cursor=max(cursor,?3), updated_at_ms=?4",
    "DELETE FROM events WHERE topic=?1 AND event_id<?2",
};

typedef struct Store {
    sqlite3 *db;
    sqlite3_stmt *statements[Q_COUNT];
} Store;

static ChStatus status_of(int code) {
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return CH_STATUS_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return CH_STATUS_TIMED_OUT;
    case SQLITE_NOMEM: return CH_STATUS_NO_MEMORY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return CH_STATUS_NO_PERMISSION;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return CH_STATUS_BAD_FORMAT;
    default: return CH_STATUS_IO_ERROR;
    }
}

static void close_store(void *self) {
    Store *store = self;
    for (int i = 0; i < Q_COUNT; i++) sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    ch_free(store);
}

// ---- opening --------------------------------------------------------------------------------------------------------------

static bool is_exactly_ours(sqlite3 *db) {
    sqlite3_stmt *statement = NULL;
    ChBuffer found = {0};
    bool is_ours = sqlite3_prepare_v2(db, "SELECT type, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid", -1, &statement, NULL) == SQLITE_OK;
    ch_buffer_printf(&found, "PRAGMA application_id=%d;", APPLICATION_ID);
    while (is_ours && sqlite3_step(statement) == SQLITE_ROW) {
        const char *sql = (const char *)sqlite3_column_text(statement, 1);
        ch_buffer_printf(&found, "%s;", sql ? sql : "");
    }
    sqlite3_finalize(statement);
    statement = NULL;
    is_ours = is_ours && ch_str_is(ch_buffer_view(&found), schema) &&
              sqlite3_prepare_v2(db, "PRAGMA application_id", -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == APPLICATION_ID;
    sqlite3_finalize(statement);
    ch_buffer_release(&found);
    return is_ours;
}

static int count_objects(sqlite3 *db) {
    sqlite3_stmt *statement = NULL;
    int count = -1;
    if (sqlite3_prepare_v2(db, "SELECT count(*) FROM sqlite_schema", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

static void protect(sqlite3 *db) {
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, (int)(2 * CH_EVLOG_RECORD_MAX));
    sqlite3_exec(db, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;", NULL, NULL, NULL);
}

static bool set_up(sqlite3 *db) {
    protect(db);
    if (sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", NULL, NULL, NULL) != SQLITE_OK) return false;
    // Another process may do the same now: one of both makes the tables.
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) return false;
    bool is_good = count_objects(db) != 0 || sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK;
    is_good = is_good && is_exactly_ours(db);
    return sqlite3_exec(db, is_good ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK && is_good;
}

static void make_folders(const char *path) {
    char *copy = ch_str_detach(ch_str_of(path));
    for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) break;
        *at = '/';
    }
    ch_free(copy);
}

static Store *try_open(const char *path, bool *is_foreign) {
    Store *store = ch_alloc_zero(1, sizeof *store);
    int code = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
    bool is_good = code == SQLITE_OK && set_up(store->db);
    for (int i = 0; i < Q_COUNT && is_good; i++)
        is_good = sqlite3_prepare_v3(store->db, queries[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL) == SQLITE_OK;
    if (is_good) return store;
    code = sqlite3_errcode(store->db);
    *is_foreign = code == SQLITE_OK || code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
    close_store(store);
    return NULL;
}

static void put_aside(const char *path, ChBuffer *why) {
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        ChBuffer from = {0}, to = {0};
        ch_buffer_printf(&from, "%s%s", path, endings[i]);
        ch_buffer_printf(&to, "%s.bad-%lld%s", path, (long long)time(NULL), endings[i]);
        if (rename(from.data, to.data) == 0 && i == 0) ch_buffer_printf(why, "%s is not an event log; it is now %s", path, to.data);
        ch_buffer_release(&from);
        ch_buffer_release(&to);
    }
}

void *ch__evlog_sqlite_open(const char *path, ChBuffer *why) {
    bool is_foreign = false;
    make_folders(path);
    Store *store = try_open(path, &is_foreign);
    if (!store && is_foreign) {
        put_aside(path, why);
        store = try_open(path, &is_foreign);
    }
    if (!store) ch_buffer_printf(why, "%sthe event log %s cannot be opened", why->length ? "; " : "", path);
    return store;
}

// ---- statements -----------------------------------------------------------------------------------------------------------

static sqlite3_stmt *use(Store *store, int query, ChStr topic) {
    sqlite3_stmt *statement = store->statements[query];
    sqlite3_reset(statement);
    sqlite3_bind_text(statement, 1, topic.data, (int)topic.length, SQLITE_STATIC);
    return statement;
}

static void bind(sqlite3_stmt *statement, int index, ChStr text) {
    sqlite3_bind_text(statement, index, text.data ? text.data : "", (int)text.length, SQLITE_STATIC);
}

static ChStatus finish(sqlite3_stmt *statement) {
    ChStatus status = status_of(sqlite3_step(statement));
    sqlite3_reset(statement);
    return status;
}

static ChStatus begin(void *self) { return status_of(sqlite3_exec(((Store *)self)->db, "BEGIN IMMEDIATE", NULL, NULL, NULL)); }
static ChStatus commit(void *self) { return status_of(sqlite3_exec(((Store *)self)->db, "COMMIT", NULL, NULL, NULL)); }
static void rollback(void *self) { sqlite3_exec(((Store *)self)->db, "ROLLBACK", NULL, NULL, NULL); }

static ChStatus last(void *self, ChStr topic, int64_t *id, char hash[CH_EVLOG_HASH_TEXT]) {
    sqlite3_stmt *statement = use(self, Q_LAST, topic);
    int code = sqlite3_step(statement);
    *id = 0;
    hash[0] = 0;
    if (code == SQLITE_ROW) {
        *id = sqlite3_column_int64(statement, 0);
        const char *text = (const char *)sqlite3_column_text(statement, 1);
        snprintf(hash, CH_EVLOG_HASH_TEXT, "%s", text ? text : "");
    }
    sqlite3_reset(statement);
    return status_of(code);
}

static ChStatus insert(void *self, const ChEventRecord *record, const char *hash) {
    sqlite3_stmt *statement = use(self, Q_INSERT, record->topic);
    sqlite3_bind_int64(statement, 2, record->id);
    bind(statement, 3, record->kind);
    bind(statement, 4, record->payload);
    bind(statement, 5, record->headers);
    sqlite3_bind_int64(statement, 6, record->occurred_at_ms);
    ChStatus status = finish(statement);
    if (status != CH_STATUS_OK) return status;
    statement = use(self, Q_HEAD, record->topic);
    sqlite3_bind_int64(statement, 2, record->id);
    bind(statement, 3, ch_str_of(hash));
    return finish(statement);
}

static ChStr column(sqlite3_stmt *statement, int index) {
    const char *text = (const char *)sqlite3_column_text(statement, index);
    return text ? ch_str_slice(text, (size_t)sqlite3_column_bytes(statement, index)) : CH_STR("");
}

static ChStatus read_records(void *self, ChStr topic, int64_t after, uint32_t limit, ChEventRecordFn each, void *ud) {
    sqlite3_stmt *statement = use(self, Q_READ, topic);
    sqlite3_bind_int64(statement, 2, after);
    sqlite3_bind_int64(statement, 3, limit);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        ChEventRecord record = {sqlite3_column_int64(statement, 0), topic, column(statement, 1), column(statement, 2),
                                column(statement, 3), sqlite3_column_int64(statement, 4)};
        if (!each(ud, &record)) break;
    }
    sqlite3_reset(statement);
    return status_of(code);
}

static ChStatus cursor(void *self, ChStr topic, ChStr consumer, int64_t *id) {
    sqlite3_stmt *statement = use(self, Q_CURSOR, topic);
    bind(statement, 2, consumer);
    int code = sqlite3_step(statement);
    *id = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return status_of(code);
}

static ChStatus acknowledge(void *self, ChStr topic, ChStr consumer, int64_t id) {
    sqlite3_stmt *statement = use(self, Q_ACK, topic);
    bind(statement, 2, consumer);
    sqlite3_bind_int64(statement, 3, id);
    sqlite3_bind_int64(statement, 4, (int64_t)time(NULL) * 1000);
    return finish(statement);
}

static ChStatus compact(void *self, ChStr topic, int64_t before, int64_t *dropped) {
    sqlite3_stmt *statement = use(self, Q_COMPACT, topic);
    sqlite3_bind_int64(statement, 2, before);
    ChStatus status = finish(statement);
    *dropped = status == CH_STATUS_OK ? sqlite3_changes(((Store *)self)->db) : 0;
    return status;
}

const ChEventStore ch__evlog_sqlite = {begin, last, insert, commit, rollback, read_records, cursor, acknowledge, compact, close_store};
