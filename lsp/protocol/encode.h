/* Plain structs to the protocol's JSON. Results can be long (tokens, symbols, completions), so they are written straight
 * into a buffer. */
#ifndef CH_LSP_PROTOCOL_ENCODE_H
#define CH_LSP_PROTOCOL_ENCODE_H

#include "analysis/analysis.h"
#include "base/diagnostic.h"
#include "session/text.h"

/* {"start":…,"end":…} of a byte range. */
void ch_encode_range(ChBuffer *out, ChLineCursor *cursor, ChRange range);
void ch_encode_lsp_range(ChBuffer *out, ChLspRange range);

/* {"uri":…,"range":…} of a place in a file. */
void ch_encode_location(ChBuffer *out, const char *uri, ChLspRange range);

/* The same, of a byte range of the cursor's text. */
void ch_encode_place(ChBuffer *out, const char *uri, ChLineCursor *cursor, ChRange range);

/* The protocol's SymbolKind. */
int ch_encode_symbol_kind(ChSymbolKind kind);

/* One diagnostic. `uri` is the file's own, for its related notes. */
typedef struct ChDiagnosticStyle {
    bool has_related_information, has_tags;
} ChDiagnosticStyle;
void ch_encode_diagnostic(ChBuffer *out, ChLineCursor *cursor, const char *uri, const ChDiagnostic *diagnostic,
                          ChDiagnosticStyle style, ChEncoding encoding);

#endif
