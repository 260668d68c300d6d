// Where the lines of a session come from: a terminal with an editor for lines (libedit), or plain standard input.
#ifndef CH_CLI_REPL_TERMINAL_H
#define CH_CLI_REPL_TERMINAL_H

#include "host/host.h"
#include "repl/history.h"
#include "repl/session.h"

typedef struct ReplTerminal ReplTerminal;

typedef enum ReplRead { REPL_READ_LINE, REPL_READ_INTERRUPTED, REPL_READ_END } ReplRead;
// Is the line the first of a text, or does it go on with one?
typedef enum ReplPrompt { REPL_PROMPT_FIRST, REPL_PROMPT_MORE } ReplPrompt;

// Offers words that may stand at the end of `text`, as repl_session_complete does.
typedef void (*ReplComplete)(void *ud, ChStr text, uint32_t *start, ChNameVisit visit, void *visit_ud);

// Without a terminal there are no prompts; without libedit, or on a terminal that cannot move its cursor, lines are not
// edited. `host` and `history` are borrowed. SIGINT is blocked from now on, where there is a terminal.
ReplTerminal *repl_terminal_new(ch_host *host, ReplHistory *history, ChColorMode color, ReplComplete complete, void *ud);
void repl_terminal_free(ReplTerminal *terminal);
bool repl_terminal_is_interactive(const ReplTerminal *terminal);
// Appends the line without its newline.
ReplRead repl_terminal_read(ReplTerminal *terminal, ReplPrompt prompt, ChBuffer *line);
// Has more been typed already? So it is where a text is pasted.
bool repl_terminal_has_more(const ReplTerminal *terminal);

#endif
