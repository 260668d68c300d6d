/* Telling the client what is wrong: textDocument/publishDiagnostics. */
#ifndef CH_LSP_PROTOCOL_PUBLISH_H
#define CH_LSP_PROTOCOL_PUBLISH_H

#include "server.h"

/* Sends the diagnostics of the document's snapshot with the version that they belong to, also when there are none. What
 * the client has already is not sent again. */
void ch_publish_diagnostics(ChServer *server, ChDocument *document);

/* Sends an empty list: the document is closed, or its text is not known. */
void ch_publish_nothing(ChServer *server, ChDocument *document);

#endif
