/* Semantic tokens: of a file, of a part of it, and what changed in them since the client asked last. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/hash.h"
#include "protocol/place.h"

enum { NUMBERS_PER_TOKEN = 5, ID_BYTES = 24 };

typedef CH_ARRAY_OF(uint32_t) TokenNumbers;

static const char *const k_token_titles[] = {
#define CH_TOKEN_KIND(name, title) title,
#include "analysis/token_kinds.def"
#undef CH_TOKEN_KIND
};

/* In the order of the bits of ChTokenModifiers. */
static const char *const k_token_modifiers[] = {"declaration", "readonly", "deprecated", "modification", "defaultLibrary"};

void ch_lsp_semantic_tokens_capability(ChServer *server, cJSON *capabilities)
{
    cJSON *provider = ch_json_add_object(capabilities, "semanticTokensProvider");
    cJSON *legend = ch_json_add_object(provider, "legend");
    cJSON *types = ch_json_add_array(legend, "tokenTypes");
    for (size_t i = 0; i < sizeof(k_token_titles) / sizeof(k_token_titles[0]); i++)
        ch_json_append_string(types, k_token_titles[i]);
    cJSON *modifiers = ch_json_add_array(legend, "tokenModifiers");
    for (size_t i = 0; i < sizeof(k_token_modifiers) / sizeof(k_token_modifiers[0]); i++)
        ch_json_append_string(modifiers, k_token_modifiers[i]);
    if (server->has_token_deltas)
        ch_json_add_bool(ch_json_add_object(provider, "full"), "delta", true);
    else
        ch_json_add_bool(provider, "full", true);
    ch_json_add_bool(provider, "range", true);
}

static void collect(ChServer *server, const ChSnapshot *snapshot, ChRange range, TokenNumbers *numbers)
{
    uint32_t count = 0;
    const ChToken *tokens = snapshot->analysis ? ch_analysis_tokens(snapshot->analysis, &count) : NULL;
    ChLineCursor cursor = ch_place_cursor(server, snapshot);
    ChLspPosition last = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (tokens[i].range.end < range.start || tokens[i].range.start > range.end)
            continue;
        ChLspPosition start = ch_line_cursor_position(&cursor, tokens[i].range.start);
        ChLspPosition end = ch_line_cursor_position(&cursor, tokens[i].range.end);
        if (start.line != end.line || start.character == end.character)
            continue; /* the protocol has no tokens over several lines */
        uint32_t lines = start.line - last.line;
        ch_array_push(numbers, lines);
        ch_array_push(numbers, lines ? start.character : start.character - last.character);
        ch_array_push(numbers, end.character - start.character);
        ch_array_push(numbers, (uint32_t)tokens[i].kind);
        ch_array_push(numbers, (uint32_t)tokens[i].modifiers);
        last = start;
    }
}

static void add_numbers(ChBuffer *out, const uint32_t *numbers, uint32_t count)
{
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < count; i++)
        ch_buffer_printf(out, i ? ",%u" : "%u", numbers[i]);
    ch_buffer_add_byte(out, ']');
}

/* A result's id says what it is, so equal results have equal ids. */
static void write_id(char id[ID_BYTES], const uint32_t *numbers, uint32_t count)
{
    snprintf(id, ID_BYTES, "%016llx", (unsigned long long)ch_hash_bytes(numbers, count * sizeof(*numbers)));
}

/* The document takes over what was sent. */
static void remember(ChDocument *document, TokenNumbers *take_numbers)
{
    ch_free(document->tokens);
    document->tokens = take_numbers->items;
    document->token_count = take_numbers->count;
}

static void answer_full(ChServer *server, ChRequest *request, TokenNumbers *take_numbers)
{
    ChBuffer *out = &request->result;
    ch_buffer_add_byte(out, '{');
    if (server->has_token_deltas) {
        char id[ID_BYTES];
        write_id(id, take_numbers->items, take_numbers->count);
        ch_buffer_printf(out, "\"resultId\":\"%s\",", id);
    }
    ch_buffer_add_text(out, "\"data\":");
    add_numbers(out, take_numbers->items, take_numbers->count);
    ch_buffer_add_byte(out, '}');
    if (server->has_token_deltas)
        remember(request->document, take_numbers);
    else
        ch_array_release(take_numbers);
}

static ChRange whole(const ChRequest *request)
{
    return (ChRange){0, request->snapshot->source->text.length};
}

void ch_lsp_semantic_tokens(ChServer *server, ChRequest *request)
{
    TokenNumbers numbers = {0};
    collect(server, request->snapshot, whole(request), &numbers);
    answer_full(server, request, &numbers);
}

/* Places are relative to the token before, so an edit of the text changes the numbers in one place: what is between the
 * equal beginning and the equal end is replaced. */
void ch_lsp_semantic_tokens_delta(ChServer *server, ChRequest *request)
{
    const char *previous = ch_json_get_string(request->params, "previousResultId");
    if (!previous) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "params.previousResultId must be a string.");
        return;
    }
    const ChDocument *document = request->document;
    TokenNumbers numbers = {0};
    collect(server, request->snapshot, whole(request), &numbers);
    char id[ID_BYTES];
    write_id(id, document->tokens, document->token_count);
    if (!server->has_token_deltas || strcmp(previous, id) != 0) {
        answer_full(server, request, &numbers);
        return;
    }
    const uint32_t *old = document->tokens;
    uint32_t old_count = document->token_count, least = old_count < numbers.count ? old_count : numbers.count;
    uint32_t start = 0, tail = 0;
    while (start < least && old[start] == numbers.items[start])
        start++;
    start -= start % NUMBERS_PER_TOKEN;
    while (tail < least - start && old[old_count - 1 - tail] == numbers.items[numbers.count - 1 - tail])
        tail++;
    tail -= tail % NUMBERS_PER_TOKEN;
    ChBuffer *out = &request->result;
    write_id(id, numbers.items, numbers.count);
    ch_buffer_printf(out, "{\"resultId\":\"%s\",\"edits\":[", id);
    uint32_t deleted = old_count - tail - start, inserted = numbers.count - tail - start;
    if (deleted || inserted) {
        ch_buffer_printf(out, "{\"start\":%u,\"deleteCount\":%u,\"data\":", start, deleted);
        add_numbers(out, inserted ? numbers.items + start : NULL, inserted);
        ch_buffer_add_byte(out, '}');
    }
    ch_buffer_add_text(out, "]}");
    remember(request->document, &numbers);
}

void ch_lsp_semantic_tokens_range(ChServer *server, ChRequest *request)
{
    ChRange range;
    if (!ch_place_read_range(server, request, ch_json_get(request->params, "range"), &range))
        return;
    TokenNumbers numbers = {0};
    collect(server, request->snapshot, range, &numbers);
    ch_buffer_add_text(&request->result, "{\"data\":");
    add_numbers(&request->result, numbers.items, numbers.count);
    ch_buffer_add_byte(&request->result, '}');
    ch_array_release(&numbers);
}
