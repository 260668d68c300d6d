// The public door (include/charn.h): a machine, its host and one program behind an opaque type.
#include "vm/charn_int.h"

#include <string.h>

#include "analysis/report.h"
#include "base/alloc.h"
#include "builtins/std.h"
#include "runtime/interrupt.h"
#include "vm/program.h"

#include "base/banned.h"

static void write_output(void *ud, ChHostStream stream, const char *data, size_t length) {
    charn *engine = ((ChHostLayer *)ud)->own;
    engine->options.on_output(engine->options.ud, stream == CH_HOST_STDERR, data, length);
}

charn *charn_new(const charn_options *options) {
    charn *engine = ch_alloc_zero(1, sizeof *engine);
    if (options) engine->options = *options;
    engine->real = ch_host_real();
    ch_host_layer_init(&engine->layer, engine->real, engine);
    if (engine->options.on_output) engine->layer.host.write = write_output;
    ChVmOptions vm_options = {.frames_max = engine->options.max_frames};
    engine->vm = ch_vm_new(&engine->layer.host, &vm_options, &engine->message);
    ch_vm_set_arguments(engine->vm, NULL, 0);
    return engine;
}

void charn_delete(charn *engine) {
    if (!engine) return;
    ch_vm_free(engine->vm);
    ch__host_hooks_free(engine);
    ch_host_real_free(engine->real);
    ch_buffer_release(&engine->message);
    ch_free(engine);
}

void charn_set_arguments(charn *engine, const char *const *arguments, size_t count) {
    ChStr *texts = ch_alloc_zero(count + 1, sizeof *texts);
    for (size_t i = 0; i < count; i++) texts[i] = ch_str_of(arguments[i]);
    ch_vm_set_arguments(engine->vm, texts, (uint32_t)count);
    ch_free(texts);
}

static bool load(charn *engine, ChSource *source, ChSourceError *error) {
    ch_buffer_clear(&engine->message);
    if (engine->module) {
        ch_buffer_add_text(&engine->message, "error: the engine has a program already\n");
    } else if (!source) {
        ch_buffer_printf(&engine->message, "error: %.*s\n", (int)error->message.length, error->message.data);
    } else
        engine->module = ch_program_load_source(engine->vm, source, &engine->message);
    bool is_loaded = engine->module && !engine->message.length;
    ch_source_error_release(error);
    ch_source_unref(source);
    return is_loaded;
}

bool charn_load_file(charn *engine, const char *path) {
    ChSourceError error = {0};
    ChSource *source = ch_source_read(ch_str_of(path), &error);
    return load(engine, source, &error);
}

bool charn_load_text(charn *engine, const char *name, const char *text, size_t length) {
    ChSourceError error = {0};
    ChSource *source = ch_source_new(ch_str_of(name), ch_str_slice(text, length), &error);
    return load(engine, source, &error);
}

static bool start(charn *engine) {
    ch_buffer_clear(&engine->message);
    if (!engine->module) {
        ch_buffer_add_text(&engine->message, "error: no program is loaded\n");
        return false;
    }
    if (!engine->is_started) ch_vm_start(engine->vm, engine->module);
    engine->is_started = true;
    return true;
}

int charn_run(charn *engine) {
    if (!start(engine)) return 1;
    ch_vm_run_to_end(engine->vm);
    return ch_program_finish(engine->vm);
}

bool charn_run_slice(charn *engine, int64_t instructions, int64_t *wait_ms, int *exit_code) {
    *wait_ms = 0;
    *exit_code = 1;
    if (!start(engine)) return false;
    if (ch_vm_run(engine->vm, instructions, wait_ms) != CH_RAN_DONE) return true;
    *exit_code = ch_program_finish(engine->vm);
    return false;
}

bool charn_signal(charn *engine, const char *name) {
    static const struct { const char *name; ChSignal signal; } known[] = {
        {"SIGINT", CH_SIGNAL_INT}, {"SIGTERM", CH_SIGNAL_TERM}, {"SIGHUP", CH_SIGNAL_HUP}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) != 0) continue;
        ch_vm_signal(engine->vm, known[i].signal);
        return true;
    }
    return false;
}

void charn_cancel(charn *engine) { ch_vm_interrupt(engine->vm, CH_INTERRUPT_CANCEL); }

static void report_one(const ChDiagnostic *diagnostic, const ChSource *source, charn_report report, void *ud) {
    ChArena arena;
    ch_arena_init(&arena);
    ChPosition at = ch_source_position(source, diagnostic->range.start);
    // Copies have a NUL behind them.
    report(ud, ch_severity_name(diagnostic->severity), ch_str_copy(&arena, diagnostic->code).data,
           ch_str_copy(&arena, diagnostic->message).data, at.line, at.column);
    ch_arena_release(&arena);
}

// The number of errors.
static int check(ChSource *source, charn_report report, void *ud) {
    ChReport found;
    ch_report_make(source, CH_REPORT_CHECK, ch_std_source, &found);
    for (uint32_t i = 0; i < found.list.count; i++) report_one(found.list.items[i], source, report, ud);
    int errors = (int)found.list.error_count;
    ch_report_release(&found);
    return errors;
}

int charn_check_file(charn *engine, const char *path, charn_report report, void *ud) {
    ch_buffer_clear(&engine->message);
    ChSourceError error = {0};
    ChSource *source = ch_source_read(ch_str_of(path), &error);
    int errors = -1;
    if (source)
        errors = check(source, report, ud);
    else
        ch_buffer_printf(&engine->message, "error: %.*s\n", (int)error.message.length, error.message.data);
    ch_source_error_release(&error);
    ch_source_unref(source);
    return errors;
}

const char *charn_message(const charn *engine) { return engine->message.length ? engine->message.data : ""; }

const char *charn_version(void) { return CHARN_VERSION; }

void charn_free(char *text) { ch_free(text); }
