// One lock over all sessions: pushes are short, and drains take the whole queue out before anything else is done with it.
//
// This is the one place with state of the process, as the specification has it: producers know no VM.
#include "runtime/inbox.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/map.h"
#include "base/utf8.h"

#include "base/banned.h"

typedef struct Session {
    char *name;
    uint64_t last;
    CH_ARRAY_OF(ChInboxEntry) entries;
} Session;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static ChMap sessions; // name -> Session *

static void set_up(void) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void enter(void) {
    pthread_once(&once, set_up);
    pthread_mutex_lock(&lock);
}
static void leave(void) { pthread_mutex_unlock(&lock); }

static Session *find(ChStr name, bool make) {
    Session *session = ch_map_get_pointer(&sessions, name);
    if (session || !make) return session;
    session = ch_alloc_zero(1, sizeof *session);
    session->name = ch_str_detach(name);
    ch_map_set_pointer(&sessions, ch_str_of(session->name), session);
    return session;
}

static void release_entry(ChInboxEntry *entry) {
    ch_free(entry->session);
    ch_free(entry->kind);
    ch_free(entry->content);
    ch_free(entry->source);
}

void ch_inbox_list_release(ChInboxList *list) {
    for (uint32_t i = 0; i < list->count; i++) release_entry(&list->items[i]);
    ch_free(list->items);
    *list = (ChInboxList){0};
}

ChStatus ch_inbox_push(ChStr session, ChStr kind, ChStr content, ChStr source, int64_t now_ms, uint64_t *sequence) {
    if (content.length > CH_INBOX_CONTENT_MAX) return CH_STATUS_TOO_LARGE;
    const ChStr texts[] = {session, kind, content, source};
    for (int i = 0; i < 4; i++) {
        if (ch_utf8_find_invalid(texts[i].data, texts[i].length) != texts[i].length) return CH_STATUS_BAD_UTF8;
        // Only contents may hold NULs.
        if (i != 2 && texts[i].length && memchr(texts[i].data, 0, texts[i].length)) return CH_STATUS_BAD_ARGUMENT;
    }
    ChInboxEntry entry = {0, ch_str_detach(session), ch_str_detach(kind), ch_str_detach(content), ch_str_detach(source),
                          content.length, now_ms};
    enter();
    Session *to = find(session, true);
    bool is_full = to->entries.count == CH_INBOX_PENDING_MAX;
    if (!is_full) {
        entry.sequence = ++to->last;
        ch_array_push(&to->entries, entry);
        if (sequence) *sequence = entry.sequence;
        pthread_cond_broadcast(&changed);
    }
    leave();
    if (is_full) release_entry(&entry);
    return is_full ? CH_STATUS_TOO_LARGE : CH_STATUS_OK;
}

ChInboxList ch_inbox_drain(ChStr name) {
    ChInboxList list = {0};
    enter();
    Session *session = find(name, false);
    if (session) {
        list = (ChInboxList){session->entries.items, session->entries.count};
        session->entries.items = NULL;
        session->entries.count = session->entries.capacity = 0;
    }
    leave();
    return list;
}

ChInboxList ch_inbox_drain_where(ChStr name, ChInboxTest is_wanted, void *ud) {
    ChInboxList list = {0};
    enter();
    Session *session = find(name, false);
    if (session && session->entries.count) list.items = ch_alloc(session->entries.count * sizeof *list.items);
    uint32_t kept = 0;
    for (uint32_t i = 0; session && i < session->entries.count; i++) {
        ChInboxEntry entry = session->entries.items[i];
        if (is_wanted(ud, &entry))
            list.items[list.count++] = entry;
        else
            session->entries.items[kept++] = entry;
    }
    if (session) session->entries.count = kept;
    leave();
    return list;
}

void ch_inbox_requeue_front(const ChInboxEntry *entry) {
    ChInboxEntry copy = *entry;
    copy.session = ch_str_detach(ch_str_of(entry->session));
    copy.kind = ch_str_detach(ch_str_of(entry->kind));
    copy.content = ch_str_detach(ch_str_slice(entry->content, entry->content_length));
    copy.source = ch_str_detach(ch_str_of(entry->source));
    enter();
    Session *session = find(ch_str_of(entry->session), true);
    ch_array_push(&session->entries, copy);
    memmove(session->entries.items + 1, session->entries.items, (session->entries.count - 1) * sizeof copy);
    session->entries.items[0] = copy;
    pthread_cond_broadcast(&changed);
    leave();
}

uint32_t ch_inbox_pending(ChStr name) {
    enter();
    const Session *session = find(name, false);
    uint32_t count = session ? session->entries.count : 0;
    leave();
    return count;
}

static void clear(Session *session) {
    for (uint32_t i = 0; i < session->entries.count; i++) release_entry(&session->entries.items[i]);
    ch_array_release(&session->entries);
    session->last = 0;
}

void ch_inbox_clear(ChStr name) {
    enter();
    Session *session = find(name, false);
    if (session) clear(session);
    leave();
}

void ch_inbox_reset(void) {
    enter();
    for (uint32_t i = 0; i < sessions.count; i++) {
        Session *session = sessions.entries[i].value.pointer;
        clear(session);
        ch_free(session->name);
        ch_free(session);
    }
    ch_map_release(&sessions);
    leave();
}

bool ch_inbox_wait(ChStr name, int64_t timeout_ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (timeout_ms < 0) timeout_ms = 0;
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    enter();
    bool is_pending = false;
    for (int code = 0;; code = pthread_cond_timedwait(&changed, &lock, &until)) {
        const Session *session = find(name, false);
        is_pending = session && session->entries.count;
        if (is_pending || code != 0) break;
    }
    leave();
    return is_pending;
}
