// A session: texts that are entered one after another, checked and run, each in sight of what those before it declared.
#ifndef CH_CLI_REPL_SESSION_H
#define CH_CLI_REPL_SESSION_H

#include <stdbool.h>

#include "base/diagnostic.h"
#include "base/source.h"
#include "debug/debug.h"
#include "host/host.h"

typedef struct ReplSession ReplSession;

// Does a terminal's Ctrl-C interrupt what runs? Else a signal does to the process what it always does.
typedef enum ReplInterrupts { REPL_INTERRUPTS_END, REPL_INTERRUPTS_STOP } ReplInterrupts;

typedef enum ReplOutcome {
    REPL_DONE,
    REPL_FAILED,      // has errors, or threw one
    REPL_INTERRUPTED,
    REPL_EXITED,      // it called exit(): see repl_session_exit_code
} ReplOutcome;

ReplSession *repl_session_new(ReplInterrupts interrupts, ChColorMode color);
void repl_session_free(ReplSession *session);
ch_host *repl_session_host(ReplSession *session); // that programs run on; borrowed
// Forgets everything that was entered.
void repl_session_reset(ReplSession *session);

// A text of which one line after another comes. Zeroed memory begins one.
typedef struct ReplReading {
    struct ChTree *tree; // of the lines so far; counted
} ReplReading;
// Does the text go on in the next line, as the parser sees it: is something open at its end?
bool repl_reading_is_incomplete(ReplReading *reading, ChStr text);
void repl_reading_release(ReplReading *reading);
// Checks and runs. `why` gets warnings and errors, ready to be shown. DONE: *value is owned.
ReplOutcome repl_session_enter(ReplSession *session, ChSource *source, ChValue *value, ChBuffer *why);
int repl_session_exit_code(const ReplSession *session);
// A source for a text that was typed; it is known by its number. NULL: the reason is in `why`.
ChSource *repl_session_source(ReplSession *session, ChStr text, ChBuffer *why);

// The type of an expression, which is not evaluated. False: `out` has the errors.
bool repl_session_type(ReplSession *session, ChStr expression, ChBuffer *out);
// What is known about a name: of the session, or in the manual. False: nothing, `out` says so.
bool repl_session_doc(ReplSession *session, ChStr name, ChBuffer *out);
// Calls `visit` for each name that can stand at the end of `text`; *start is where the word to be replaced begins.
void repl_session_complete(ReplSession *session, ChStr text, uint32_t *start, ChNameVisit visit, void *ud);

#endif
