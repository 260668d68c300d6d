/* Telling the client what is wrong: textDocument/publishDiagnostics. */
#ifndef CH_LSP_PROTOCOL_PUBLISH_H
#define CH_LSP_PROTOCOL_PUBLISH_H

#include "base/diagnostic.h"
#include "server.h"

/* Sends the diagnostics of the document's snapshot with the version that they belong to, also when there are none. What
 * the client has already is not sent again. A client that pulls is told to ask again, when what it got for this text is no
 * longer so. */
void ch_publish_diagnostics(ChServer *server, ChDocument *document);

/* Sends an empty list: the document is closed, or its text is not known. Nothing to a client that pulls. */
void ch_publish_nothing(ChServer *server, ChDocument *document);

/* Writes the items, with commas between, of a list; none when the settings say so. */
void ch_publish_add_items(const ChServer *server, ChBuffer *out, const char *uri, ChLineCursor cursor,
                          const ChDiagnosticList *list);

/* The same for the document's snapshot. */
void ch_publish_add_document(const ChServer *server, ChBuffer *out, const ChDocument *document);

/* Number that stands for written items; never 0. */
uint64_t ch_publish_hash(const ChBuffer *items);

#endif
