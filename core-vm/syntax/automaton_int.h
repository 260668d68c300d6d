/* The generated parser's own tables, run over a text for their own sake: no tree, no
 * error recovery, but an exact answer to "which token did not fit, where, and what
 * would have". The tree-sitter runtime does not keep that: its recovery pops and skips
 * tokens by cost, and its trees hide some of them. Nothing here knows Harn's syntax;
 * all of it is in the tables, whose layout the generated parser's header defines. */
#ifndef CH_SYNTAX_AUTOMATON_INT_H
#define CH_SYNTAX_AUTOMATON_INT_H

#include "base/array.h"
#include "syntax/syntax_int.h"

/* A symbol on the automaton's stack, and the state it led to. */
typedef struct ChStackItem {
    TSStateId state;
    TSSymbol symbol;
    uint32_t start, end; /* of the text that it stands for */
} ChStackItem;

typedef struct ChToken {
    TSSymbol symbol;
    uint32_t start, end;
    bool is_unknown; /* no token of the language begins here */
} ChToken;

typedef struct ChAutomaton {
    const TSLanguage *language;
    ChStr text;
    void *scanner;                  /* of the language's external scanner */
    uint32_t position;              /* the next token is looked for here */
    CH_ARRAY_OF(ChStackItem) stack; /* never empty; the first is the start state */
    CH_ARRAY_OF(ChStackItem) spare; /* for trials */
} ChAutomaton;

typedef enum ChStep {
    CH_STEP_SHIFTED,
    CH_STEP_EXTRA,    /* a comment: skipped */
    CH_STEP_ACCEPTED, /* the text is over */
    CH_STEP_ERROR,    /* the token fits nowhere; the stack is as before it */
} ChStep;

void ch__automaton_init(ChAutomaton *automaton, const TSLanguage *language, ChStr text);
void ch__automaton_release(ChAutomaton *automaton);

/* Read the token at the position, as the state at the top of the stack reads it. */
ChToken ch__automaton_read(ChAutomaton *automaton);

/* The token at `offset` as if every token could come; neither stack nor position change. */
ChToken ch__automaton_peek(ChAutomaton *automaton, uint32_t offset);

/* Feed a token: reduce what it ends, then shift it. Moves the position behind it. */
ChStep ch__automaton_feed(ChAutomaton *automaton, ChToken token);

/* Would the symbol be shifted (or accepted) here? The stack does not change. With
 * `then` not 0, would that symbol be shifted next as well? */
bool ch__automaton_accepts(ChAutomaton *automaton, TSSymbol symbol, TSSymbol then);

/* Has the top state any action for the symbol? Cheaper than accepts, and wider. */
bool ch__automaton_knows(const ChAutomaton *automaton, TSStateId state, TSSymbol symbol);

/* The token's symbol for an anonymous or named token of that name; 0 when none. */
TSSymbol ch__automaton_symbol(const TSLanguage *language, const char *name, bool is_named);

/* Symbols below this number are tokens. */
uint32_t ch__automaton_token_count(const TSLanguage *language);

#endif
