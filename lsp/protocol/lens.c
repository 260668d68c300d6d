/* Code lenses. The commands are those of the editor's extension (editors/vscode); how often a thing is named is counted in
 * the whole workspace, when its lens comes into view. */
#include "base/alloc.h"
#include "features/lenses.h"
#include "protocol/place.h"
#include "protocol/search.h"

void ch_lsp_code_lens_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(ch_json_add_object(capabilities, "codeLensProvider"), "resolveProvider", true);
}

static void add_command(ChBuffer *out, const char *title, const char *command, const char *uri, ChStr argument)
{
    ch_buffer_printf(out, ",\"command\":{\"title\":\"%s\",\"command\":\"%s\",\"arguments\":[", title, command);
    ch_buffer_add_json(out, ch_str_of(uri));
    if (argument.length) {
        ch_buffer_add_byte(out, ',');
        ch_buffer_add_json(out, argument);
    }
    ch_buffer_add_text(out, "]}");
}

void ch_lsp_code_lens(ChServer *server, ChRequest *request)
{
    const ChSnapshot *snapshot = request->snapshot;
    const char *uri = request->document->uri.text;
    ChLenses lenses = {0};
    ch_lenses_of(snapshot, &lenses);
    ChLineCursor cursor = ch_place_cursor(server, snapshot);
    ChBuffer *out = &request->result;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < lenses.count; i++) {
        const ChLens *lens = &lenses.items[i];
        ch_buffer_add_text(out, i ? ",{\"range\":" : "{\"range\":");
        ch_encode_range(out, &cursor, lens->range);
        switch (lens->kind) {
        case CH_LENS_RUN:
            add_command(out, "Run", "harn.runFile", uri, (ChStr){0});
            break;
        case CH_LENS_DEBUG:
            add_command(out, "Debug", "harn.debugFile", uri, (ChStr){0});
            break;
        case CH_LENS_TEST:
            add_command(out, "Run test", "harn.runTest", uri, lens->name);
            break;
        case CH_LENS_REFERENCES:
            ch_buffer_add_text(out, ",\"data\":{\"uri\":");
            ch_buffer_add_json(out, ch_str_of(uri));
            ch_buffer_add_text(out, ",\"path\":");
            ch_buffer_add_json(out, snapshot->source->path);
            ch_buffer_add_text(out, ",\"name\":");
            ch_buffer_add_json(out, lens->name);
            ch_buffer_printf(out, ",\"start\":%u}", lens->range.start);
            break;
        }
        ch_buffer_add_byte(out, '}');
    }
    ch_buffer_add_byte(out, ']');
    ch_array_release(&lenses);
}

static void answer_count(ChServer *server, ChSearch *search)
{
    uint32_t named = 0;
    for (uint32_t i = 0; i < search->files.count; i++) {
        const ChFoundFile *file = &search->files.items[i];
        uint32_t count = 0, all = 0;
        const uint32_t *places = ch_analysis_references_of(file->analysis, file->symbol, &count);
        const ChReference *references = ch_analysis_references(file->analysis, &all);
        for (uint32_t j = 0; j < count; j++)
            named += !(references[places[j]].flags & CH_REFERENCE_DECLARATION);
    }
    const cJSON *lens = search->request->params;
    const cJSON *start = ch_json_path(lens, "range.start");
    char *range = ch_json_print(ch_json_get(lens, "range"));
    char *position = ch_json_print(start);
    ChBuffer *out = &search->request->result;
    ch_buffer_printf(out, "{\"range\":%s,\"command\":{\"title\":\"%u reference%s\",\"command\":\"harn.showReferences\",\"arguments\":[",
                     range, named, named == 1 ? "" : "s");
    ch_buffer_add_json(out, ch_str_of(ch_json_get_string(ch_json_get(lens, "data"), "uri")));
    ch_buffer_printf(out, ",%s]}}", position);
    ch_free(range);
    ch_free(position);
}

void ch_lsp_code_lens_resolve(ChServer *server, ChRequest *request)
{
    const cJSON *data = ch_json_get(request->params, "data");
    ChTarget target = {.path = ch_str_of(ch_json_get_string(data, "path")), .name = ch_str_of(ch_json_get_string(data, "name"))};
    int64_t start = 0;
    if (!target.path.length || !target.name.length || !ch_json_get_string(data, "uri") ||
        !cJSON_IsObject(ch_json_path(request->params, "range.start")) ||
        !ch_json_get_integer(data, "start", 0, UINT32_MAX - 1, &start)) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "This is no code lens that this server gave to be resolved.");
        return;
    }
    target.start = (uint32_t)start;
    ch_search_start(server, request, &target, target.name, answer_count);
}
