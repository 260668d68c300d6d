/* How an editor shows a text: folds, growing selections, hints between the words, the signature of a call. */
#include "features/folding.h"
#include "features/hints.h"
#include "features/hover.h"
#include "features/signature.h"
#include "protocol/place.h"

/* ---- folds ---- */

void ch_lsp_folding_range_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "foldingRangeProvider", true);
}

void ch_lsp_folding_range(ChServer *server, ChRequest *request)
{
    static const char *const kinds[] = {
        [CH_FOLD_REGION] = "region", [CH_FOLD_COMMENT] = "comment", [CH_FOLD_IMPORTS] = "imports"};
    ChFolds folds = {0};
    ch_folds_of(request->snapshot, &folds);
    ch_buffer_add_byte(&request->result, '[');
    for (uint32_t i = 0; i < folds.count; i++)
        ch_buffer_printf(&request->result, "%s{\"startLine\":%u,\"endLine\":%u,\"kind\":\"%s\"}", i ? "," : "",
                         folds.items[i].first_line, folds.items[i].last_line, kinds[folds.items[i].kind]);
    ch_buffer_add_byte(&request->result, ']');
    ch_array_release(&folds);
}

/* ---- selections ---- */

void ch_lsp_selection_range_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "selectionRangeProvider", true);
}

void ch_lsp_selection_range(ChServer *server, ChRequest *request)
{
    const cJSON *positions = ch_json_get(request->params, "positions");
    if (!cJSON_IsArray(positions)) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "params.positions must be a list.");
        return;
    }
    ChBuffer *out = &request->result;
    ch_buffer_add_byte(out, '[');
    const cJSON *position = NULL;
    cJSON_ArrayForEach(position, positions)
    {
        uint32_t offset = 0;
        ChRange ranges[CH_SELECTION_DEPTH_MAX];
        if (!ch_place_read_position(server, request, position, &offset))
            return;
        uint32_t count = ch_selections_at(request->snapshot, offset, ranges);
        ch_buffer_add_text(out, position == positions->child ? "" : ",");
        for (uint32_t i = 0; i < count; i++) {
            ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
            ch_buffer_add_text(out, i ? ",\"parent\":{\"range\":" : "{\"range\":");
            ch_encode_range(out, &cursor, ranges[i]);
        }
        ch_buffer_add_repeat(out, '}', count);
    }
    ch_buffer_add_byte(out, ']');
}

/* ---- inlay hints ---- */

void ch_lsp_inlay_hint_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "inlayHintProvider", true);
}

void ch_lsp_inlay_hint(ChServer *server, ChRequest *request)
{
    enum { KIND_TYPE = 1, KIND_PARAMETER = 2 };
    ChRange range;
    if (!ch_place_read_range(server, request, ch_json_get(request->params, "range"), &range))
        return;
    ChHints hints;
    ch_hints_in(request->snapshot, range, &hints);
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    ChBuffer *out = &request->result;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < hints.list.count; i++) {
        const ChHint *hint = &hints.list.items[i];
        ChLspPosition position = ch_line_cursor_position(&cursor, hint->offset);
        ch_buffer_printf(out, "%s{\"position\":{\"line\":%u,\"character\":%u},\"kind\":%d,\"label\":", i ? "," : "", position.line,
                         position.character, hint->is_parameter ? KIND_PARAMETER : KIND_TYPE);
        ch_buffer_add_json(out, hint->text);
        ch_buffer_add_text(out, hint->is_parameter ? ",\"paddingRight\":true}" : "}");
    }
    ch_buffer_add_byte(out, ']');
    ch_hints_release(&hints);
}

/* ---- signature help ---- */

void ch_lsp_signature_help_capability(ChServer *server, cJSON *capabilities)
{
    cJSON *provider = ch_json_add_object(capabilities, "signatureHelpProvider");
    cJSON *triggers = ch_json_add_array(provider, "triggerCharacters");
    ch_json_append_string(triggers, "(");
    ch_json_append_string(triggers, ",");
}

void ch_lsp_signature_help(ChServer *server, ChRequest *request)
{
    uint32_t offset = 0;
    ChSignatureHelp help;
    if (!ch_place_offset(server, request, &offset) || !ch_signature_help_at(request->snapshot, offset, &help))
        return;
    ChBuffer *out = &request->result;
    ChStr label = ch_buffer_view(&help.label);
    ch_buffer_add_text(out, "{\"signatures\":[{\"label\":");
    ch_buffer_add_json(out, label);
    if (help.doc.length) {
        ChBuffer doc = {0};
        ch_hover_add_doc(&doc, help.doc, server->has_markdown_hover ? CH_HOVER_MARKDOWN : CH_HOVER_PLAIN);
        ch_buffer_printf(out, ",\"documentation\":{\"kind\":\"%s\",\"value\":", server->has_markdown_hover ? "markdown" : "plaintext");
        ch_buffer_add_json(out, ch_buffer_view(&doc));
        ch_buffer_add_byte(out, '}');
        ch_buffer_release(&doc);
    }
    ch_buffer_add_text(out, ",\"parameters\":[");
    for (uint32_t i = 0; i < help.param_count; i++) {
        /* Offsets into the label are in UTF-16 units whatever the session's encoding is. */
        uint32_t start = ch_text_units(ch_str_slice(label.data, help.params[i].start), CH_ENCODING_UTF16);
        uint32_t end = ch_text_units(ch_str_slice(label.data, help.params[i].end), CH_ENCODING_UTF16);
        ch_buffer_printf(out, "%s{\"label\":[%u,%u]}", i ? "," : "", start, end);
    }
    ch_buffer_printf(out, "]}],\"activeSignature\":0,\"activeParameter\":%u}", help.active);
    ch_buffer_release(&help.label);
}
