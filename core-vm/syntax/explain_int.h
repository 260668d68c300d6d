/* What explain.c (where the errors are) and explain_words.c (what is said of them)
 * share. */
#ifndef CH_SYNTAX_EXPLAIN_INT_H
#define CH_SYNTAX_EXPLAIN_INT_H

#include "syntax/automaton_int.h"

/* Tokens that the wording asks for, by name. */
#define WORD_TOKENS(X)                                                                                       \
    X(newline, "_newline", true)                                                                             \
    X(identifier, "identifier", true)                                                                        \
    X(lbrace, "{", false)                                                                                    \
    X(rbrace, "}", false)                                                                                    \
    X(lparen, "(", false)                                                                                    \
    X(rparen, ")", false)                                                                                    \
    X(lbracket, "[", false)                                                                                  \
    X(rbracket, "]", false)                                                                                  \
    X(greater, ">", false)                                                                                   \
    X(less_equal, "<=", false)                                                                               \
    X(comma, ",", false)                                                                                     \
    X(colon, ":", false)                                                                                     \
    X(equals, "=", false)                                                                                    \
    X(arrow, "->", false)                                                                                    \
    X(bang, "!", false)                                                                                      \
    X(spread, "...", false)                                                                                  \
    X(dot, ".", false)                                                                                       \
    X(optional_dot, "?.", false)                                                                             \
    X(optional_bracket, "?[", false)                                                                         \
    X(let, "let", false)                                                                                     \
    X(import, "import", false)                                                                               \
    X(at, "@", false)                                                                                        \
    X(fn, "fn", false)                                                                                       \
    X(double_colon, "::", false)                                                                             \
    X(unterminated, "unterminated", true)                                                                    \
    X(unclosed_comment, "unclosed_comment", true)

typedef struct Words {
#define X(field, name, is_named) TSSymbol field;
    WORD_TOKENS(X)
#undef X
} Words;

typedef struct Explainer {
    ChTree *tree;
    ChAutomaton automaton;
    Words words;
    uint32_t token_count;
    uint32_t reports;
    uint32_t previous_end;     /* of the last token that was shifted */
    uint32_t reported_at;      /* where the last error was: one report for each place */
    uint32_t stopped_at;       /* where the last recovery went on: the next must get further */
    uint32_t pending[3];       /* ( [ { that recovery gave up: their closers are no news */
    const char *inserted;      /* the missing token, when one token mends it */
    uint32_t open_string_line; /* the line of the last string without an end; 0: none */
    bool has_end_report;       /* the end of the file was reported: once is enough */
    ChRange suspect;           /* a { whose } stands at another indentation; empty: none */
} Explainer;

/* The token of that name: one with a fixed text, or else a named one; 0 when none is. */
TSSymbol ch__explain_find_token(const TSLanguage *language, const char *name);
/* Would the token be shifted here? */
bool ch__explain_fits(Explainer *e, TSSymbol symbol);
/* A `>` that ends types, not one that compares. */
bool ch__explain_fits_type_end(Explainer *e);
/* The text of a range. */
ChStr ch__explain_text_of(const Explainer *e, uint32_t start, uint32_t end);
/* Is it the end of the file? */
bool ch__explain_is_end(ChToken token);
/* What stands at `offset`, behind blanks and line ends. */
ChToken ch__explain_visible_token(Explainer *e, uint32_t offset);
/* A reserved word that was read as a name. */
bool ch__explain_is_misuse(const Explainer *e, ChToken token);
/* The bracket that a token opens: 1, 2, 3 for ( [ {, 4 for <; 0 for none. */
int ch__explain_opens(const Explainer *e, TSSymbol symbol);
/* The bracket that a token closes, counted likewise. */
int ch__explain_closes(const Explainer *e, TSSymbol symbol);
/* Index on the stack of the innermost bracket that is still open; 0 when none is. */
uint32_t ch__explain_innermost_opener(Explainer *e);
/* ")", "]" or "}", or NULL. */
const char *ch__explain_closer_that_fits(Explainer *e);
/* What was expected where `found` stands, in the words of a message. */
const char *ch__explain_expected_here(Explainer *e, ChToken found);
/* A mend told by what stands there, or NULL. */
const char *ch__explain_help_for_found(ChStr found);
/* Report `token` where `expected` had to stand. */
ChDiagnostic *ch__explain_report(Explainer *e, ChToken token, const char *expected);
/* Report a character that begins no token. */
void ch__explain_report_unknown(Explainer *e, ChToken token);
/* Report in the words of the reference's lexer, which carry their place. */
ChDiagnostic *ch__explain_report_lexical(Explainer *e, const char *code, ChRange range, ChStr what,
                                         const char *help);
/* Report the scanner's mark for something absent, if the token is one. */
void ch__explain_report_mark(Explainer *e, ChToken token);
/* Is the error inside an interpolation that is open because its string is? */
bool ch__explain_is_in_open_string(Explainer *e);
/* Offer to insert the text behind what was read. */
void ch__explain_add_insertion(Explainer *e, ChDiagnostic *diagnostic, const char *text);
/* The top of the stack. */
const ChStackItem *ch__explain_top_of(const Explainer *e);
/* Fill the words. */
void ch__explain_find_words(Words *words, const TSLanguage *language);

#endif
