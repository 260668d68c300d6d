/* What the client has told us: its documents, its folders, its settings.
 *
 * Documents change only here, in the order in which the changes came. Each change gives the document a new revision, a
 * number of ours that only grows; the client's version number is kept to be sent back, and nothing depends on it. */
#ifndef CH_LSP_SESSION_SESSION_H
#define CH_LSP_SESSION_SESSION_H

#include <stdint.h>

#include "base/source.h"
#include "session/text.h"
#include "session/uri.h"

enum {
    CH_SESSION_DOCUMENTS_MAX = 10 * 1000,
    CH_SESSION_TEXT_BYTES_MAX = 256 * 1024 * 1024, /* all open documents together */
    CH_SESSION_CHANGED_PATHS_MAX = 4096,           /* more count as: anything may have changed */
    CH_SESSION_ROOTS_MAX = 256,             /* further folders are not searched */
};

enum { CH_SETTINGS_ANALYSIS_MS_MAX = 10 * 1000 }; /* unless the settings say otherwise */

/* A larger document is kept in step but not analysed. */
#define CH_SESSION_ANALYSED_BYTES_MAX (4u * 1024u * 1024u)

typedef struct ChSnapshot ChSnapshot;

typedef struct ChDocument {
    ChUri uri;
    int64_t version;
    uint64_t revision;        /* grows with each change, unique in the session */
    ChText text;
    bool is_harn;             /* by its language id or name: others are kept but not analysed */
    bool is_lost;             /* a change could not be applied: the text is unknown until it is sent whole */
    ChSnapshot *snapshot;     /* the newest analysis, maybe of an older revision; NULL before the first */
    int64_t published_version; /* of the diagnostics that the client has, pushed or pulled */
    uint64_t published_hash;  /* of them; 0 for none sent yet */
    uint32_t *tokens;         /* owned; the semantic tokens that the client has, for the next delta; may be NULL */
    uint32_t token_count;     /* of numbers, five for each token */
    uint32_t waiting_count;   /* requests that wait for an analysis of it */
    uint64_t changed_ms;      /* loop time of the last change */
    bool is_stale;            /* a file that it imports changed since the snapshot */
    bool is_path_noted;       /* its path is among the changed ones of the session */
    ChSource *source;         /* counted copy of the text as of `source_revision`; made when asked for */
    uint64_t source_revision;
} ChDocument;

typedef struct ChSettings {
    bool are_diagnostics_enabled; /* harn.diagnostics.enable */
    bool are_workspace_diagnostics_enabled; /* harn.diagnostics.workspace, when it starts: of files that are not open, too */
    uint32_t analysis_ms_max;     /* harn.analysis.timeLimitMs */
} ChSettings;

typedef struct ChSession {
    struct ChDocument **documents; /* owned, in no order */
    uint64_t *document_hashes;     /* of their keys: a search touches eight bytes per document */
    uint32_t document_count, document_capacity;
    uint64_t revision_last;
    size_t text_bytes;
    ChEncoding encoding;
    char **changed_paths; /* owned, each too; files whose text changed since somebody took the list */
    uint32_t changed_path_count, changed_path_capacity;
    bool is_all_changed;  /* too many changed to be listed */
    char *roots[CH_SESSION_ROOTS_MAX]; /* owned; absolute folders of the workspace */
    uint32_t root_count;
    ChSettings settings;
} ChSession;

void ch_session_init(ChSession *session);
void ch_session_release(ChSession *session);

/* NULL when it is not open. */
ChDocument *ch_session_find(const ChSession *session, const char *key);

/* Opens a document, or replaces its text when it is open already. Takes the URI. Returns NULL, with the URI released,
 * when a limit is reached; `*reason` says which. */
ChDocument *ch_session_open(ChSession *session, ChUri take_uri, int64_t version, const char *text, uint32_t size,
                            const char **reason);

/* Replaces the whole text. False when the limit for all texts is reached (the document is lost then). */
bool ch_session_set_text(ChSession *session, ChDocument *document, const char *text, uint32_t size);

/* Replaces a range. Positions outside the text are clamped, reversed ones exchanged. False as above. */
bool ch_session_replace(ChSession *session, ChDocument *document, ChLspRange range, const char *text, uint32_t size);

/* Closes and frees it. */
void ch_session_close(ChSession *session, ChDocument *document);

/* An immutable copy of the document's text; borrowed, made once per revision. Empty for texts that are too large to be
 * analysed. */
ChSource *ch_session_source(ChDocument *document);

/* Notes that a file changed, on disk or in the editor. */
void ch_session_note_changed_path(ChSession *session, const char *path);

void ch_session_add_root(ChSession *session, const char *path);
void ch_session_remove_root(ChSession *session, const char *path);

#endif
