/* What the front end has to say about a text: place, cause, mend. Diagnostics are
 * plain data in an arena; command line and language server render the same ones. */
#ifndef CH_BASE_DIAGNOSTIC_H
#define CH_BASE_DIAGNOSTIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/source.h"
#include "base/str.h"

typedef enum ChSeverity {
    CH_SEVERITY_ERROR,
    CH_SEVERITY_WARNING,
    CH_SEVERITY_INFO,
    CH_SEVERITY_HINT,
} ChSeverity;

/* A second place that explains the first. */
typedef struct ChRelatedNote {
    ChRange range;
    ChStr message;
    const ChSource *source; /* NULL: the file of the diagnostic; else borrowed */
    struct ChRelatedNote *next;
} ChRelatedNote;

/* Replace the range by the text; an empty range inserts. */
typedef struct ChTextEdit {
    ChRange range;
    ChStr text;
    struct ChTextEdit *next;
} ChTextEdit;

/* A mend that can be applied as a whole; its edits do not overlap. */
typedef struct ChFix {
    ChStr title; /* "insert `)`" */
    ChTextEdit *edits;
    bool is_safe; /* keeps the meaning: may be applied without being asked for */
    struct ChFix *next;
} ChFix;

typedef struct ChDiagnostic {
    ChSeverity severity;
    bool is_unnecessary; /* unused code: editors fade it */
    bool is_deprecated;  /* editors strike it through */
    ChStr code;          /* "HARN-TYP-006", may be empty */
    ChStr message;       /* one line, no full stop */
    ChStr label;         /* short text beside the caret, may be empty */
    ChStr help;          /* how to mend it, may be empty */
    ChRange range;
    ChRelatedNote *notes;
    ChFix *fixes;
    /* For a syntax error in the reference's terms: what stood there and what was
     * expected, as in "Expected X, got Y". Empty otherwise. */
    ChStr expected, found;
} ChDiagnostic;

/* Diagnostics in order of discovery; ch_diagnostics_sort puts them in order of
 * place. Texts and notes live in the arena, which must outlive the list. */
typedef struct ChDiagnosticList {
    ChArena *arena;
    ChDiagnostic **items;
    uint32_t count, capacity;
    uint32_t error_count, warning_count;
    uint32_t dropped; /* beyond CH_DIAGNOSTICS_MAX */
} ChDiagnosticList;

void ch_diagnostics_init(ChDiagnosticList *list, ChArena *arena);
void ch_diagnostics_release(ChDiagnosticList *list);

/* Add one; the message is formatted into the arena. Returns the new diagnostic so
 * that help, notes and fixes can be added; never NULL (beyond the limit it is
 * counted as dropped and not listed). `code` is borrowed: pass a literal. */
ChDiagnostic *ch_diagnostic_add(ChDiagnosticList *list, ChSeverity severity, const char *code, ChRange range,
                                const char *format, ...) __attribute__((format(printf, 5, 6)));

void ch_diagnostic_help(ChDiagnosticList *list, ChDiagnostic *diagnostic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ch_diagnostic_label(ChDiagnosticList *list, ChDiagnostic *diagnostic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ch_diagnostic_note(ChDiagnosticList *list, ChDiagnostic *diagnostic, const ChSource *source,
                        ChRange range, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A fix without edits yet; add them with ch_fix_edit. */
ChFix *ch_diagnostic_fix(ChDiagnosticList *list, ChDiagnostic *diagnostic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ch_fix_edit(ChDiagnosticList *list, ChFix *fix, ChRange range, ChStr text);

/* By start, then end, then severity; equal ones keep their order. */
void ch_diagnostics_sort(ChDiagnosticList *list);

/* Append copies of the pointers of `from`, whose arena must outlive `list`. */
void ch_diagnostics_append(ChDiagnosticList *list, const ChDiagnosticList *from);

typedef enum ChColorMode { CH_COLOR_NEVER, CH_COLOR_ALWAYS } ChColorMode;

/* NO_COLOR: never; CLICOLOR_FORCE: always; else CH_COLOR_ALWAYS when the descriptor is a terminal. */
ChColorMode ch_color_mode_of(int descriptor);

/* "error", "warning", "info", "hint". */
const char *ch_severity_name(ChSeverity severity);

/* For people:
 *
 *     error[HARN-PAR-001]: expected `)`, found `}`
 *       --> demo.harn:3:9
 *        |
 *      3 |     log(1
 *        |         ^ unexpected token
 *        = help: add a closing `)`
 */
void ch_diagnostic_render(const ChDiagnostic *diagnostic, const ChSource *source, ChColorMode color,
                          ChBuffer *out);

/* For programs: one JSON object, without a newline. */
void ch_diagnostic_render_json(const ChDiagnostic *diagnostic, const ChSource *source, ChBuffer *out);

#endif
