// The lines that were typed, in this session and in earlier ones.
#ifndef CH_CLI_REPL_HISTORY_H
#define CH_CLI_REPL_HISTORY_H

#include "base/array.h"
#include "base/str.h"

typedef struct ReplHistory {
    char *path; // owned; NULL: nothing is written
    CH_ARRAY_OF(char *) lines; // owned, oldest first
} ReplHistory;

// Reads $XDG_STATE_HOME/charn/history, or ~/.local/state/charn/history. Without such a place, or when the file cannot be
// used, the history lives as long as the session.
void repl_history_init(ReplHistory *history);
// Appends a line, to the file at once; one that begins with a space is not kept, nor one that repeats the last.
// False: it was not kept.
bool repl_history_add(ReplHistory *history, ChStr line);
void repl_history_release(ReplHistory *history);

#endif
