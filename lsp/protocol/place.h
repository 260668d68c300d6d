/* Between the files of protocol/: params to places in a text, places to JSON. The only code that reads `position` and
 * `range` and that writes locations in other files. */
#ifndef CH_LSP_PROTOCOL_PLACE_H
#define CH_LSP_PROTOCOL_PLACE_H

#include "protocol/encode.h"
#include "server.h"

ChLineCursor ch_place_cursor(const ChServer *server, const ChSnapshot *snapshot);

/* The byte offset of params.position; places outside the text are moved into it. False: the request failed. */
bool ch_place_offset(const ChServer *server, ChRequest *request, uint32_t *offset);

/* The same for a position, and for a range, that stands anywhere. */
bool ch_place_read_position(const ChServer *server, ChRequest *request, const cJSON *position, uint32_t *offset);
bool ch_place_read_range(const ChServer *server, ChRequest *request, const cJSON *range, ChRange *bytes);

/* Name of a file as the client knows it: as it spelled it if it is open. Owned. */
char *ch_place_uri(const ChServer *server, ChStr path);

/* Writes ranges of a file that need not be open. */
typedef struct ChPlaceFile {
    char *uri;      /* owned */
    ChLines lines;  /* owned */
    ChLineCursor cursor;
} ChPlaceFile;
void ch_place_file_init(ChPlaceFile *file, const ChServer *server, const ChSource *source);
void ch_place_file_release(ChPlaceFile *file);

/* {"uri":…,"range":…} of a place in any file. */
void ch_place_add_location(ChBuffer *out, const ChServer *server, const ChSource *source, ChRange range);

/* An item of a call or type hierarchy. What is needed to ask on from it travels in `data`. */
void ch_place_add_item(ChBuffer *out, ChPlaceFile *file, const ChSource *source, const ChSymbol *symbol);

#endif
