// Inboxes of agent sessions: what happens outside of a session's current step waits here, first in, first out.
//
// One set for the process; every function may be called from any thread. A session's numbers begin at 1 and rise; only
// clearing it begins them anew. The empty session id is a session of its own.
#ifndef CH_RUNTIME_INBOX_H
#define CH_RUNTIME_INBOX_H

#include "base/status.h"
#include "base/str.h"

#define CH_INBOX_PENDING_MAX 1000000u      // entries of one session
#define CH_INBOX_CONTENT_MAX (64u << 20)   // bytes of a content

typedef struct ChInboxEntry {
    uint64_t sequence;
    char *session, *kind, *content, *source; // owned; content may hold NULs
    size_t content_length;
    int64_t at_ms;
} ChInboxEntry;

// Entries that were taken out. Owned: ch_inbox_list_release.
typedef struct ChInboxList {
    ChInboxEntry *items;
    uint32_t count;
} ChInboxList;

// BAD_UTF8: a text is none; BAD_ARGUMENT: a NUL outside of the content; TOO_LARGE: too long, or too many are pending.
// Nothing is queued then. *sequence may be NULL.
ChStatus ch_inbox_push(ChStr session, ChStr kind, ChStr content, ChStr source, int64_t now_ms, uint64_t *sequence);
// All entries, oldest first.
ChInboxList ch_inbox_drain(ChStr session);
// Those that `is_wanted` takes; the others stay in their order. It must not call the inbox.
typedef bool (*ChInboxTest)(void *ud, const ChInboxEntry *entry);
ChInboxList ch_inbox_drain_where(ChStr session, ChInboxTest is_wanted, void *ud);
// Puts an entry in front again, with its number. The entry is copied.
void ch_inbox_requeue_front(const ChInboxEntry *entry);
uint32_t ch_inbox_pending(ChStr session);
void ch_inbox_list_release(ChInboxList *list);
// Drops a session's entries and its counter; of all sessions.
void ch_inbox_clear(ChStr session);
void ch_inbox_reset(void);
// Blocks the calling thread until something is pending, at most so long (monotonic clock); tells whether it is.
bool ch_inbox_wait(ChStr session, int64_t timeout_ms);

#endif
