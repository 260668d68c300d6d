// A text goes the way of a program: parsed, checked, compiled, run as the main task. Its top-level names are slots of
// one module, so functions see what is assigned and declared anew later.
#include "repl/session.h"

#include <stdio.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/alloc.h"
#include "base/path.h"
#include "builtins/std.h"
#include "repl/session_int.h"
#include "signals.h"
#include "syntax/syntax.h"

#include "base/banned.h"

// ---- life -------------------------------------------------------------------------------------------------------------

static void begin(ReplSession *session) {
    ChBuffer why = {0};
    session->vm = ch_vm_new(session->host, NULL, &why);
    ch_vm_set_arguments(session->vm, NULL, 0);
    session->module = ch_session_module_new(session->vm);
    session->graph = ch_module_graph_new(&(ChModuleLoader){.std_text = ch_std_source});
    session->facts = ch_session_new();
    session->value_count = 0;
    ch_buffer_release(&why);
}

static void end(ReplSession *session) {
    ch_session_free(session->facts);
    ch_module_graph_free(session->graph);
    ch_vm_free(session->vm);
}

ReplSession *repl_session_new(ReplInterrupts interrupts, ChColorMode color) {
    ReplSession *session = ch_alloc_zero(1, sizeof *session);
    session->interrupts = interrupts;
    session->color = color;
    session->host = ch_host_real();
    begin(session);
    return session;
}

void repl_session_free(ReplSession *session) {
    end(session);
    ch_manual_free(session->manual);
    ch_host_real_free(session->host);
    ch_free(session);
}

void repl_session_reset(ReplSession *session) {
    end(session);
    begin(session);
}

ch_host *repl_session_host(ReplSession *session) { return session->host; }

int repl_session_exit_code(const ReplSession *session) { return session->exit_code; }

// ---- texts ------------------------------------------------------------------------------------------------------------

ChSource *repl_session_source(ReplSession *session, ChStr text, ChBuffer *why) {
    ChBuffer path = {0};
    ChSourceError error = {0};
    ch_buffer_printf(&path, "<repl:%u>", ++session->typed_count);
    ChSource *source = ch_source_new(ch_buffer_view(&path), text, &error);
    if (!source) ch_buffer_printf(why, "error: %.*s\n", (int)error.message.length, error.message.data);
    ch_source_error_release(&error);
    ch_buffer_release(&path);
    return source;
}

static bool is_open_at_the_end(const ChDiagnostic *first, const ChSource *source) {
    if (ch_str_is(first->code, "HARN-PAR-002")) return true; // the file ends where something was expected
    if (ch_str_is(first->code, "HARN-PAR-005")) return true; // a comment
    // Of the strings only those in three quotes go over several lines.
    return ch_str_is(first->code, "HARN-PAR-004") &&
           ch_str_starts_with(ch_source_text(source, first->range), CH_STR("\"\"\""));
}

static bool is_incomplete(const ChTree *tree) {
    const ChDiagnosticList *list = &tree->diagnostics;
    return list->error_count > 0 && is_open_at_the_end(list->items[0], tree->source);
}

// Only what came behind the last lines is parsed; what this gives for a text with errors may differ from what a whole
// parse says, which therefore has the last word on an end.
bool repl_reading_is_incomplete(ReplReading *reading, ChStr text) {
    ChSource *source = ch_source_new(CH_STR("<repl>"), text, NULL);
    if (!source) return false;
    ChTree *tree = ch_syntax_parse(source, &(ChSyntaxOptions){.old = reading->tree, .allow_provisional = true});
    ch_tree_unref(reading->tree);
    reading->tree = tree;
    if (!is_incomplete(tree) && ch_tree_is_provisional(tree)) {
        reading->tree = ch_syntax_parse(source, NULL);
        ch_tree_unref(tree);
    }
    ch_source_unref(source);
    return is_incomplete(reading->tree);
}

void repl_reading_release(ReplReading *reading) {
    ch_tree_unref(reading->tree);
    reading->tree = NULL;
}

ChAnalysis *repl__analyse(ReplSession *session, ChTree *tree, const ChModuleFacts *self) {
    return ch_analysis_run(tree, &(ChAnalysisOptions){.import = ch_module_graph_import,
                                                      .data = session->graph,
                                                      .before_run = true,
                                                      .self = self,
                                                      .session = ch_session_names(session->facts)});
}

static void render(const ReplSession *session, const ChDiagnosticList *list, const ChSource *source, ChBuffer *why) {
    for (uint32_t i = 0; i < list->count; i++) ch_diagnostic_render(list->items[i], source, session->color, why);
}

static ChClosure *compile(ReplSession *session, ChTree *tree, const ChAnalysis *analysis, ChBuffer *why) {
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList list;
    ch_diagnostics_init(&list, &arena);
    uint32_t count;
    const ChStr *names = ch_session_wildcard_names(analysis, &arena, &count);
    ChClosure *closure = ch_session_compile(session->vm, session->module, tree, names, count, &list);
    if (!closure) render(session, &list, tree->source, why);
    ch_diagnostics_release(&list);
    ch_arena_release(&arena);
    return closure;
}

// ---- running ------------------------------------------------------------------------------------------------------------

static void run(ReplSession *session, bool *is_interrupted) {
    ChVm *vm = session->vm;
    CliSignals *signals =
        session->interrupts == REPL_INTERRUPTS_STOP ? cli_signals_start(vm, CLI_SIGNALS_SESSION) : NULL;
    int64_t wait_ms;
    for (;;) {
        ChRunStatus status = ch_vm_run(vm, 0, &wait_ms);
        if (status == CH_RAN_DONE) break;
        if (cli_signals_count(signals) > 1) ch_task_cancel(vm, vm->main_task); // it did not end when it was asked to
        else if (status == CH_RAN_WAITING) vm->host->poll(vm->host->ud, wait_ms);
    }
    *is_interrupted = cli_signals_count(signals) > 0;
    cli_signals_stop(signals);
    ch_vm_uninterrupt(vm, CH_INTERRUPT_CANCEL | CH_INTERRUPT_YIELD);
}

// `_` is the last value, `_1`, `_2` … are the first, the second …
static void remember(ReplSession *session, ChValue value) {
    char name[24];
    if (ch_is_nil(value)) return;
    snprintf(name, sizeof name, "_%u", ++session->value_count);
    ch_vm_set_global(session->vm, name, ch_retain(value));
    ch_vm_set_global(session->vm, "_", ch_retain(value));
}

// As a run shows it; its first word in the colour of diagnostics.
static void add_error(const ReplSession *session, const ChError *error, ChBuffer *why) {
    static const char word[] = "error";
    ChBuffer text = {0};
    ch_vm_format_error(session->vm, error, &text);
    ChStr rest = ch_buffer_view(&text);
    if (session->color == CH_COLOR_ALWAYS && ch_str_starts_with(rest, CH_STR("error"))) {
        ch_buffer_printf(why, "\x1b[1;31m%s\x1b[0m", word);
        rest = ch_str_slice(rest.data + sizeof word - 1, rest.length - sizeof word + 1);
    }
    ch_buffer_add_str(why, rest);
    ch_buffer_release(&text);
}

static ReplOutcome finish(ReplSession *session, bool is_interrupted, ChValue *value, ChBuffer *why) {
    ChTask *task = session->vm->main_task;
    if (task->state == CH_TASK_DONE) {
        *value = ch_take(&task->result);
        remember(session, *value);
        return REPL_DONE;
    }
    if (task->state == CH_TASK_FAILED && task->error.kind == CH_ERROR_EXIT) {
        session->exit_code = (int)task->error.value.as.integer & 0xff;
        return REPL_EXITED;
    }
    if (is_interrupted || task->state != CH_TASK_FAILED) return REPL_INTERRUPTED;
    add_error(session, &task->error, why);
    return REPL_FAILED;
}

ReplOutcome repl_session_enter(ReplSession *session, ChSource *source, ChValue *value, ChBuffer *why) {
    *value = CH_NIL;
    ReplOutcome outcome = REPL_FAILED;
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChModuleFacts *entry = NULL;
    ChAnalysis *analysis = NULL;
    ChClosure *closure = NULL;
    if (tree->diagnostics.error_count > 0) {
        render(session, &tree->diagnostics, source, why);
    } else {
        entry = ch_session_entry(session->facts, source);
        analysis = repl__analyse(session, tree, entry);
        render(session, ch_analysis_diagnostics(analysis), source, why);
        if (ch_analysis_diagnostics(analysis)->error_count == 0) closure = compile(session, tree, analysis, why);
    }
    if (closure) {
        bool is_interrupted;
        session->module->folder = ch_path_folder(source->path); // where it imports from
        ch_session_start(session->vm, closure);
        run(session, &is_interrupted);
        outcome = finish(session, is_interrupted, value, why);
        // Also when it failed: what came before the error is declared.
        ch_session_accept(session->facts, entry, analysis);
    } else {
        ch_analysis_unref(analysis);
    }
    ch_tree_unref(tree);
    return outcome;
}
