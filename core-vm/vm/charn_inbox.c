// Inboxes behind include/charn.h.
#include <time.h>

#include "charn.h"
#include "runtime/inbox.h"

#include "base/banned.h"

bool charn_inbox_push(const char *session, const char *kind, const char *content, size_t content_length, const char *source) {
    if (!session || !kind || !content || !source || content_length > CH_INBOX_CONTENT_MAX) return false;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ch_inbox_push(ch_str_of(session), ch_str_of(kind), ch_str_slice(content, content_length), ch_str_of(source),
                         (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, NULL) == CH_STATUS_OK;
}

size_t charn_inbox_pending(const char *session) { return ch_inbox_pending(ch_str_of(session)); }
bool charn_inbox_wait(const char *session, int64_t timeout_ms) { return ch_inbox_wait(ch_str_of(session), timeout_ms); }
void charn_inbox_clear(const char *session) { ch_inbox_clear(ch_str_of(session)); }

void charn_inbox_drain(const char *session, charn_inbox_entry each, void *ud) {
    ChInboxList list = ch_inbox_drain(ch_str_of(session));
    for (uint32_t i = 0; i < list.count; i++) {
        const ChInboxEntry *entry = &list.items[i];
        each(ud, entry->sequence, entry->kind, entry->content, entry->content_length, entry->source, entry->at_ms);
    }
    ch_inbox_list_release(&list);
}
