// Exporters: sinks that turn spans into files that other programs open.
//
// Chrome's trace format is written while the program runs, so that a run that is killed leaves a file that the viewers
// still open (they do not need its closing bracket). OTLP is one request, written when the sink closes.
#include "runtime/trace_int.h"

#include <stdlib.h>

#include "base/banned.h"

#define CH_EXPORT_CHUNK (64u << 10) // written when so much has gathered

typedef struct Export {
    char *path;
    char *service;
    ChBuffer text;
    uint64_t count;
    bool is_begun;         // the file has been replaced
} Export;

static bool write_out(ChVm *vm, Export *export) {
    ChStatus status = vm->host->file_write(vm->host->ud, export->path, export->text.data ? export->text.data : "",
                                           export->text.length, export->is_begun);
    export->is_begun = true;
    ch_buffer_clear(&export->text);
    return status == CH_STATUS_OK;
}

static void warn(ChVm *vm, const Export *export) {
    ChBuffer text = {0};
    ch_buffer_printf(&text, "warning: the trace cannot be written to %s\n", export->path);
    vm->host->write(vm->host->ud, CH_HOST_STDERR, text.data, text.length);
    ch_buffer_release(&text);
}

static void export_free(Export *export) {
    ch_buffer_release(&export->text);
    ch_free(export->path);
    ch_free(export->service);
    ch_free(export);
}

// Metadata and ids as members of a JSON object, with a comma in front of each.
static void add_metadata(const ChSpan *span, ChBuffer *out) {
    if (ch_is_nil(span->metadata)) return;
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(span->metadata.as.dict, &at, &key, &value)) {
        ch_buffer_add_byte(out, ',');
        ch_buffer_add_json(out, ch_string_view(key));
        ch_buffer_add_byte(out, ':');
        ch__json_print(value, 0, out);
    }
}

// ---- Chrome's trace events ----------------------------------------------------------------------------------------------

static bool chrome_end(void *ud, ChVm *vm, const ChSpan *span) {
    Export *export = ud;
    ch_buffer_add_text(&export->text, export->count++ ? ",\n" : "[\n");
    ch_buffer_add_text(&export->text, "{\"name\":");
    ch_buffer_add_json(&export->text, ch_string_view(span->name));
    ch_buffer_printf(&export->text,
                     ",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%" PRId64 ".%03d,\"dur\":%" PRId64 ".%03d,\"pid\":1,\"tid\":%u,"
                     "\"args\":{\"span_id\":%" PRIu64 ",\"parent_id\":%" PRIu64,
                     ch_span_kind_name(span->kind), span->start_ns / 1000, (int)(span->start_ns % 1000),
                     (span->end_ns - span->start_ns) / 1000, (int)((span->end_ns - span->start_ns) % 1000), span->task,
                     span->id, span->parent);
    add_metadata(span, &export->text);
    ch_buffer_add_text(&export->text, "}}");
    return export->text.length < CH_EXPORT_CHUNK || write_out(vm, export);
}

static void chrome_close(void *ud, ChVm *vm) {
    Export *export = ud;
    ch_buffer_add_text(&export->text, export->count ? "\n]\n" : "[]\n");
    if (!write_out(vm, export)) warn(vm, export);
    export_free(export);
}

static Export *export_new(const char *path, const char *service) {
    Export *export = ch_alloc_zero(1, sizeof *export);
    export->path = ch_str_detach(ch_str_of(path));
    export->service = ch_str_detach(ch_str_of(service));
    return export;
}

void ch_trace_to_chrome(ChVm *vm, const char *path) {
    ChSpanSink sink = {.end = chrome_end, .close = chrome_close, .ud = export_new(path, "")};
    ch_trace_sink_add(vm, &sink);
}

// ---- OTLP ---------------------------------------------------------------------------------------------------------------

static void add_attribute(ChBuffer *out, bool *is_first, const char *key, ChStr text) {
    ch_buffer_add_text(out, *is_first ? "{\"key\":" : ",{\"key\":");
    *is_first = false;
    ch_buffer_add_json(out, ch_str_of(key));
    ch_buffer_add_text(out, ",\"value\":{\"stringValue\":");
    ch_buffer_add_json(out, text);
    ch_buffer_add_text(out, "}}");
}

static void add_attributes(const ChSpan *span, ChBuffer *out) {
    bool is_first = true;
    ChBuffer text = {0};
    ch_buffer_printf(&text, "%" PRIu64, span->id);
    add_attribute(out, &is_first, "harn.kind", ch_str_of(ch_span_kind_name(span->kind)));
    add_attribute(out, &is_first, "harn.span_id", ch_buffer_view(&text));
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (!ch_is_nil(span->metadata) && ch_dict_next(span->metadata.as.dict, &at, &key, &value)) {
        ch_buffer_clear(&text);
        if (value.tag == CH_TAG_STRING)
            ch_buffer_add_str(&text, ch_string_view(value.as.string));
        else
            ch__json_print(value, 0, &text);
        add_attribute(out, &is_first, key->data, ch_buffer_view(&text));
    }
    ch_buffer_release(&text);
}

// 32 hexadecimal digits of `trace_UUID`; texts of another form give zeros, which receivers refuse, so they are left out.
static bool add_trace_id(ChStr id, ChBuffer *out) {
    size_t before = out->length;
    for (uint32_t i = 6; i < id.length; i++)
        if (id.data[i] != '-') ch_buffer_add_byte(out, id.data[i]);
    return out->length - before == 32;
}

static void add_links(const ChSpan *span, ChBuffer *out) {
    for (uint32_t i = 0; i < span->link_count; i++) {
        ChBuffer id = {0};
        if (add_trace_id(ch_string_view(span->links[i].trace_id), &id))
            ch_buffer_printf(out, "%s{\"traceId\":\"%.*s\",\"spanId\":\"%016llx\"}", i ? "," : "", (int)id.length, id.data,
                             strtoull(span->links[i].span_id->data, NULL, 10));
        ch_buffer_release(&id);
    }
}

static bool otlp_end(void *ud, ChVm *vm, const ChSpan *span) {
    Export *export = ud;
    ChBuffer *out = &export->text;
    int64_t epoch = vm->tracer->epoch_wall_ms * 1000000;
    ch_buffer_add_text(out, export->count++ ? ",{\"traceId\":\"" : "{\"traceId\":\"");
    add_trace_id(ch_trace_id(vm), out);
    ch_buffer_printf(out, "\",\"spanId\":\"%016" PRIx64 "\"", span->id);
    if (span->parent) ch_buffer_printf(out, ",\"parentSpanId\":\"%016" PRIx64 "\"", span->parent);
    ch_buffer_add_text(out, ",\"name\":");
    ch_buffer_add_json(out, ch_string_view(span->name));
    ch_buffer_printf(out, ",\"kind\":1,\"startTimeUnixNano\":\"%" PRId64 "\",\"endTimeUnixNano\":\"%" PRId64 "\",\"attributes\":[",
                     epoch + span->start_ns, epoch + span->end_ns);
    add_attributes(span, out);
    ch_buffer_add_text(out, "],\"links\":[");
    add_links(span, out);
    ch_buffer_add_text(out, "]}");
    return out->length < CH_STRING_MAX;
}

// What has gathered as the body of one request.
static void otlp_wrap(Export *export) {
    ChBuffer body = {0};
    ch_buffer_add_text(&body, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":");
    ch_buffer_add_json(&body, ch_str_of(export->service));
    ch_buffer_add_text(&body, "}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"charn\",\"version\":\"" CHARN_VERSION "\"},\"spans\":[");
    ch_buffer_add(&body, export->text.data ? export->text.data : "", export->text.length);
    ch_buffer_add_text(&body, "]}]}]}\n");
    ch_buffer_release(&export->text);
    export->text = body;
}

static void otlp_close(void *ud, ChVm *vm) {
    Export *export = ud;
    otlp_wrap(export);
    if (!write_out(vm, export)) warn(vm, export);
    export_free(export);
}

void ch_trace_to_otlp_file(ChVm *vm, const char *path, const char *service) {
    ChSpanSink sink = {.end = otlp_end, .close = otlp_close, .ud = export_new(path, service)};
    ch_trace_sink_add(vm, &sink);
}
