/* Names of documents: `file:` URIs to paths and back.
 *
 * Clients spell one file in several ways (`%3A` or `:`, `/a/./b`, capital hex digits), so documents are known by a key:
 * the decoded, normalised path, or the URI itself when it is not a file. Nothing here looks at the disk. */
#ifndef CH_LSP_SESSION_URI_H
#define CH_LSP_SESSION_URI_H

#include <stdbool.h>

#include "base/str.h"

enum { CH_URI_BYTES_MAX = 16 * 1024 }; /* longer names are refused: the longest path that Linux opens is 4 KiB */

typedef struct ChUri {
    char *text; /* owned; as the client wrote it: what is sent back */
    char *key;  /* owned; what it is known by */
    char *path; /* owned; absolute, normalised; NULL when it is not a local file */
} ChUri;

/* Reads a URI. Returns NULL, or a sentence that says what is wrong with it (then nothing is owned). Refused: no scheme,
 * NUL (also as `%00`), broken percent escapes or UTF-8, a file on another host, a relative file. Other schemes are fine:
 * such a document lives in the editor alone. */
const char *ch_uri_parse(ChStr text, ChUri *uri);
void ch_uri_release(ChUri *uri);

/* The `file:` URI of an absolute path; owned. */
char *ch_uri_of_path(ChStr path);

#endif
