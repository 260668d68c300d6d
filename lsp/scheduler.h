/* When which document is analysed.
 *
 * One analysis runs at a time, on a worker thread. A document that changed is due once it rested half as long as its last
 * analysis took (at once where that is short, bounded where it is long), and at once when a request waits for it. An edit cancels the
 * analysis of the text it replaced, so edits that follow edits collapse into one analysis. Where the tree was made
 * incrementally from a text with errors, a fresh analysis follows when the typing rests, so that what the user is told
 * does not depend on how the text was typed. An analysis that takes too long is given up: the document is then kept as
 * plain text until it changes. */
#ifndef CH_LSP_SCHEDULER_H
#define CH_LSP_SCHEDULER_H

#include "server.h"

enum {
    CH_SCHEDULER_DELAY_MS_MIN = 10,  /* shorter waits are not worth a timer */
    CH_SCHEDULER_DELAY_MS_MAX = 200, /* longest wait for the typing to pause */
    CH_SCHEDULER_REST_MS = 200,      /* then a provisional analysis is made anew */
};

ChScheduler *ch_scheduler_new(ChServer *server);

/* A document was opened or changed: cancels what it outdates, and arranges for the next analysis. */
void ch_scheduler_document_changed(ChScheduler *scheduler, ChDocument *document);

/* A document is about to be closed: its analysis is cancelled and will not be delivered. */
void ch_scheduler_document_closing(ChScheduler *scheduler, ChDocument *document);

/* A file changed on disk, or the editor let go of it: the documents that import it are analysed again. `document` is the
 * one that is not to be looked at, or NULL. */
void ch_scheduler_file_changed(ChScheduler *scheduler, const ChDocument *document, const char *path);

/* Something else changed that decides what is due: a request waits. */
void ch_scheduler_wake(ChScheduler *scheduler);

/* Cancels what runs and closes the handles; frees itself when the loop has let go of them. */
void ch_scheduler_close(ChScheduler *scheduler);

#endif
