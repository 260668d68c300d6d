// A program from file to exit code.
#include "vm/program.h"

#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "compile/compile.h"
#include "host/host.h"
#include "syntax/syntax.h"
#include "vm/vm_int.h"

#include "base/banned.h"

ChChunk *ch_program_compile(ChVm *vm, const ChTree *tree, ChBuffer *why) {
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChChunk *chunk = ch__compile_tree(vm, tree, ch_path_folder(tree->source->path), CH_COMPILE_ENTRY, &diagnostics);
    for (uint32_t i = 0; !chunk && i < diagnostics.count; i++) {
        if (diagnostics.items[i]->severity != CH_SEVERITY_ERROR) continue;
        ch_diagnostic_render(diagnostics.items[i], tree->source, CH_COLOR_NEVER, why);
    }
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    return chunk;
}

ChModule *ch_program_link(ChVm *vm, ChSource *source, ChChunk *take_chunk) {
    ChArena arena;
    ch_arena_init(&arena);
    ChBuffer working = {0};
    vm->host->folder(vm->host->ud, &working);
    ChStr key = ch_path_normalize(&arena, ch_path_join(&arena, ch_buffer_view(&working), source->path));
    vm->main_module = ch_vm_module_new(vm, take_chunk, key, source->path, source);
    ch_buffer_release(&working);
    ch_arena_release(&arena);
    return vm->main_module;
}

ChModule *ch_program_load_source(ChVm *vm, ChSource *source, ChBuffer *why) {
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChChunk *chunk = ch_program_compile(vm, tree, why);
    ch_tree_unref(tree);
    return chunk ? ch_program_link(vm, source, chunk) : NULL;
}

ChModule *ch_program_load(ChVm *vm, ChStr path, ChBuffer *why) {
    ChSourceError error = {0};
    ChSource *source = ch_source_read(path, &error);
    if (!source) {
        ch_buffer_printf(why, "error: %.*s\n", (int)error.message.length, error.message.data);
        ch_source_error_release(&error);
        return NULL;
    }
    ChModule *module = ch_program_load_source(vm, source, why);
    ch_source_unref(source);
    return module;
}

ChModule *ch_session_module_new(ChVm *vm) {
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList none;
    ch_diagnostics_init(&none, &arena);
    ChSource *source = ch_source_new(CH_STR("<session>"), (ChStr){0}, NULL);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChCompileSession *session = ch_compile_session_new();
    ChChunk *chunk = ch_compile(tree, &(ChCompileOptions){.kind = CH_COMPILE_REPL, .session = session}, &none);
    ChModule *module = ch_vm_module_new(vm, chunk, source->path, source->path, source);
    module->session = session;
    module->state = CH_MODULE_RUNNING;
    vm->main_module = module;
    ch_tree_unref(tree);
    ch_source_unref(source);
    ch_diagnostics_release(&none);
    ch_arena_release(&arena);
    return module;
}

ChClosure *ch_session_compile(ChVm *vm, ChModule *module, const ChTree *tree, const ChStr *names, uint32_t count,
                              ChDiagnosticList *diagnostics) {
    ChCompileOptions options = {.kind = CH_COMPILE_REPL, .session = module->session, .names = names, .name_count = count};
    ChChunk *chunk = ch_compile(tree, &options, diagnostics);
    // There may be more slots now, in another place.
    module->chunk->slots = (ChModuleSlot *)(uintptr_t)ch_compile_session_slots(module->session);
    ChBuffer why = {0};
    if (chunk && !ch_verify_chunk(chunk, &why)) {
        ch_diagnostic_add(diagnostics, CH_SEVERITY_ERROR, "", (ChRange){0, 0}, "the compiled code was refused: %.*s",
                          (int)why.length, why.data);
        ch_chunk_free(chunk);
        chunk = NULL;
    }
    ch_buffer_release(&why);
    return chunk ? ch_vm_link_evaluation(vm, chunk, module, tree->source) : NULL;
}

static void write_error(ChVm *vm, ChBuffer *text) {
    vm->host->write(vm->host->ud, CH_HOST_STDERR, text->data ? text->data : "", text->length);
    ch_buffer_release(text);
}

int ch_program_finish(ChVm *vm) {
    const ChTask *task = vm->main_task;
    ChBuffer text = {0};
    if (task->state == CH_TASK_FAILED) {
        if (task->error.kind == CH_ERROR_EXIT) return (int)task->error.value.as.integer & 0xff;
        ch_vm_format_error(vm, &task->error, &text);
        write_error(vm, &text);
        return 1;
    }
    if (task->state != CH_TASK_DONE) return 1;
    uint32_t variant;
    if (ch_is_result(vm, task->result, &variant) && variant == CH_RESULT_ERR) {
        if (task->result.as.variant->count) ch_display(task->result.as.variant->fields[0], &text);
        ch_buffer_add_byte(&text, '\n');
        write_error(vm, &text);
        return 1;
    }
    if (task->result.tag != CH_TAG_INT) return 0;
    int64_t code = task->result.as.integer;
    return code < 0 ? 0 : code > 255 ? 255 : (int)code;
}
