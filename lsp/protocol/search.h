/* Requests that look through the whole workspace: a scan on a worker thread, answered when it is done, cancelled by
 * `$/cancelRequest`, by the end of the server, or by an edit where the answer would be edits. */
#ifndef CH_LSP_PROTOCOL_SEARCH_H
#define CH_LSP_PROTOCOL_SEARCH_H

#include "base/array.h"
#include "features/references.h"
#include "server.h"
#include "snapshot/scan.h"

typedef struct ChSearch ChSearch;

typedef struct ChFoundFile {
    ChAnalysis *analysis; /* counted */
    uint32_t symbol;      /* that stands for the target in it; CH_SYMBOL_NONE for searches without one */
} ChFoundFile;

struct ChSearch {
    uv_work_t work;
    ChServer *server;
    ChRequest *request; /* owned; NULL once it was answered by a cancellation */
    ChScan *scan;       /* owned */
    ChTarget target;    /* texts owned by the search */
    char *text;         /* owned: the new name, or what symbols are asked for; may be NULL */
    char *document_key; /* owned: where it was asked; may be NULL */
    uint64_t revision;  /* of that document */
    bool has_declarations;
    void (*answer)(ChServer *server, ChSearch *search);
    CH_ARRAY_OF(ChFoundFile) files;
    ChSearch *next;
};

/* Begins a search for the files that name the target (NULL: a search without target; `word` may then be empty), and takes
 * the request over. `answer` writes the result on the loop's thread. Returns NULL, with the request failed and not taken,
 * when too many run. Set what the answer needs before the next message is read. */
ChSearch *ch_search_start(ChServer *server, ChRequest *request, const ChTarget *target, ChStr word,
                          void (*answer)(ChServer *server, ChSearch *search));

/* The same for what params.item, made by ch_place_add_item, stands for. Fails the request when it is none of ours. */
void ch_search_start_item(ChServer *server, ChRequest *request, void (*answer)(ChServer *server, ChSearch *search));

/* Answers the searches with this id, or all (NULL), with an error; their work is dropped. */
void ch_search_cancel(ChServer *server, const cJSON *id, ChRpcCode code, const char *text);

#endif
