/* See session.h. */
#include "session/session.h"

#include <string.h>

#include "base/alloc.h"
#include "snapshot/snapshot.h"

void ch_session_init(ChSession *session)
{
    memset(session, 0, sizeof(*session));
    session->encoding = CH_ENCODING_UTF16;
    session->settings.are_diagnostics_enabled = true;
    session->settings.analysis_ms_max = CH_SETTINGS_ANALYSIS_MS_MAX;
}

static void free_document(ChDocument *document)
{
    ch_uri_release(&document->uri);
    ch_text_release(&document->text);
    ch_snapshot_unref(document->snapshot);
    ch_source_unref(document->source);
    ch_free(document->tokens);
    ch_free(document);
}

void ch_session_release(ChSession *session)
{
    for (uint32_t i = 0; i < session->document_count; i++) {
        free_document(session->documents[i]);
    }
    ch_free(session->documents);
    ch_free(session->document_hashes);
    session->document_count = session->document_capacity = 0;
    for (uint32_t i = 0; i < session->root_count; i++)
        ch_free(session->roots[i]);
    session->root_count = 0;
    for (uint32_t i = 0; i < session->changed_path_count; i++)
        ch_free(session->changed_paths[i]);
    ch_free(session->changed_paths);
    session->changed_path_count = 0;
}

ChDocument *ch_session_find(const ChSession *session, const char *key)
{
    ChStr wanted = ch_str_of(key);
    uint64_t hash = ch_str_hash(wanted);
    for (uint32_t i = 0; i < session->document_count; i++) {
        if (session->document_hashes[i] == hash && ch_str_is(wanted, session->documents[i]->uri.key))
            return session->documents[i];
    }
    return NULL;
}

static void add_document(ChSession *session, ChDocument *document)
{
    if (session->document_count == session->document_capacity) {
        uint32_t capacity = session->document_capacity ? session->document_capacity * 2 : 16;
        session->documents = ch_realloc_array(session->documents, capacity, sizeof(*session->documents));
        session->document_hashes = ch_realloc_array(session->document_hashes, capacity, sizeof(*session->document_hashes));
        session->document_capacity = capacity;
    }
    session->documents[session->document_count] = document;
    session->document_hashes[session->document_count++] = ch_str_hash(ch_str_of(document->uri.key));
}

void ch_session_note_changed_path(ChSession *session, const char *path)
{
    if (session->changed_path_count == CH_SESSION_CHANGED_PATHS_MAX)
        session->is_all_changed = true;
    if (session->is_all_changed)
        return;
    if (session->changed_path_count == session->changed_path_capacity) {
        session->changed_path_capacity = session->changed_path_capacity ? session->changed_path_capacity * 2 : 16;
        session->changed_paths =
            ch_realloc_array(session->changed_paths, session->changed_path_capacity, sizeof(*session->changed_paths));
    }
    session->changed_paths[session->changed_path_count++] = ch_str_detach(ch_str_of(path));
}

/* The text is another one now. */
static void note_change(ChSession *session, ChDocument *document)
{
    document->revision = ++session->revision_last;
    if (document->uri.path && !document->is_path_noted) {
        document->is_path_noted = true;
        ch_session_note_changed_path(session, document->uri.path);
    }
}

ChSource *ch_session_source(ChDocument *document)
{
    if (document->source && document->source_revision == document->revision)
        return document->source;
    ch_source_unref(document->source);
    const char *path = document->uri.path ? document->uri.path : document->uri.text;
    ChStr text = ch_text_view(&document->text);
    if (text.length > CH_SESSION_ANALYSED_BYTES_MAX)
        text.length = 0;
    document->source = ch_source_new_lossy(ch_str_of(path), text);
    document->source_revision = document->revision;
    return document->source;
}

/* Accounts for a text of another size. */
static bool take_room(ChSession *session, ChDocument *document, size_t new_size)
{
    size_t total = session->text_bytes - document->text.size + new_size;
    if (total > CH_SESSION_TEXT_BYTES_MAX || new_size > UINT32_MAX / 2) {
        document->is_lost = true;
        note_change(session, document);
        return false;
    }
    session->text_bytes = total;
    return true;
}

bool ch_session_set_text(ChSession *session, ChDocument *document, const char *text, uint32_t size)
{
    if (!take_room(session, document, size))
        return false;
    ch_text_set(&document->text, text, size);
    document->is_lost = false;
    note_change(session, document);
    return true;
}

bool ch_session_replace(ChSession *session, ChDocument *document, ChLspRange range, const char *text, uint32_t size)
{
    ChText *whole = &document->text;
    ChStr view = ch_text_view(whole);
    uint32_t start = ch_lines_offset(&whole->lines, view, session->encoding, range.start);
    uint32_t end = ch_lines_offset(&whole->lines, view, session->encoding, range.end);
    if (start > end) {
        uint32_t other = start;
        start = end;
        end = other;
    }
    if (!take_room(session, document, (size_t)whole->size - (end - start) + size))
        return false;
    ch_text_replace(whole, start, end, text, size);
    note_change(session, document);
    return true;
}

ChDocument *ch_session_open(ChSession *session, ChUri take_uri, int64_t version, const char *text, uint32_t size,
                            const char **reason)
{
    ChDocument *document = ch_session_find(session, take_uri.key);
    if (document) {
        ch_uri_release(&document->uri);
        document->uri = take_uri;
    } else {
        if (session->document_count == CH_SESSION_DOCUMENTS_MAX) {
            ch_uri_release(&take_uri);
            *reason = "10,000 documents are open already";
            return NULL;
        }
        document = ch_alloc_zero(1, sizeof(*document));
        document->uri = take_uri;
        ch_text_set(&document->text, "", 0);
        add_document(session, document);
    }
    document->version = version;
    if (!ch_session_set_text(session, document, text, size)) {
        ch_session_close(session, document);
        *reason = "the open documents hold 256 MiB of text already";
        return NULL;
    }
    return document;
}

void ch_session_close(ChSession *session, ChDocument *document)
{
    for (uint32_t i = 0; i < session->document_count; i++) {
        if (session->documents[i] != document)
            continue;
        uint32_t last = --session->document_count;
        session->documents[i] = session->documents[last];
        session->document_hashes[i] = session->document_hashes[last];
        break;
    }
    session->text_bytes -= document->text.size;
    note_change(session, document);
    free_document(document);
}

void ch_session_add_root(ChSession *session, const char *path)
{
    for (uint32_t i = 0; i < session->root_count; i++) {
        if (ch_str_is(ch_str_of(path), session->roots[i]))
            return;
    }
    if (session->root_count < CH_SESSION_ROOTS_MAX)
        session->roots[session->root_count++] = ch_str_detach(ch_str_of(path));
}

void ch_session_remove_root(ChSession *session, const char *path)
{
    for (uint32_t i = 0; i < session->root_count; i++) {
        if (!ch_str_is(ch_str_of(path), session->roots[i]))
            continue;
        ch_free(session->roots[i]);
        session->roots[i] = session->roots[--session->root_count];
        return;
    }
}
