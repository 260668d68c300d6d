// Modules: linking chunks, finding and loading what is imported, and the prelude.
//
// A chunk knows nothing of a VM. Linking makes its constants into values, gives every proto its ChLinkedProto, and
// makes the module's slots. Modules are found again by their absolute path. An import is carried out in two steps:
// the first time IMPORT runs the module's top level in a frame of its own, then it is done again and binds names.
#include <assert.h>
#include <string.h>

#include "analysis/packages.h"
#include "base/alloc.h"
#include "base/path.h"
#include "builtins/std.h"
#include "compile/codec.h"
#include "compile/compile.h"
#include "host/host.h"
#include "syntax/syntax.h"
#include "runtime/trace.h"
#include "vm/vm_int.h"

#include "base/banned.h"

// Compiling a file asks for the exports of what it imports, which compiles those; of longer chains of imports than
// this, nothing is asked.
#define CH_QUERY_DEPTH_MAX 50

// What linking one chunk made.
typedef struct ChLink {
    struct ChLink *next;
    ChChunk *chunk;
    ChValue *constants;
    ChLinkedProto *protos;
    ChLinkedNames *names;
    uint32_t names_count;
    ChString *file;    // NULL: the module's own
    ChSource *source;
} ChLink;

// ---- linking ----------------------------------------------------------------------------------------------------------

static ChValue link_constant(ChVm *vm, ChModule *module, ChLink *link, const ChConst *constant) {
    ChValue value = CH_NIL;
    switch (constant->kind) {
    case CH_CONST_INT: return ch_int(constant->integer);
    case CH_CONST_FLOAT: return ch_float(constant->real);
    case CH_CONST_DURATION: return ch_duration(constant->integer);
    case CH_CONST_TRUE: return ch_bool(true);
    case CH_CONST_FALSE: return ch_bool(false);
    case CH_CONST_NIL: return CH_NIL;
    case CH_CONST_STRING:
        value = ch_object(ch_intern(vm, constant->text.data ? constant->text.data : "", constant->text.length));
        return ch_retain(value);
    case CH_CONST_NAMES:
    case CH_CONST_STRUCT: {
        ChLinkedNames *names = &link->names[link->names_count++];
        names->count = constant->name_count;
        names->names = ch_alloc_zero(constant->name_count + 1, sizeof *names->names);
        ChShape *shape = ch_shape_root(vm);
        for (uint32_t i = 0; i < names->count; i++) {
            names->names[i] = ch_intern(vm, constant->names[i].data, constant->names[i].length);
            if (shape && constant->kind == CH_CONST_NAMES) shape = ch_shape_with(vm, shape, names->names[i]);
        }
        if (constant->kind == CH_CONST_STRUCT)
            names->name = ch_intern(vm, constant->text.data, constant->text.length);
        else
            names->shape = shape && shape->count == names->count ? shape : NULL;
        value.as.pointer = names;
        return value;
    }
    case CH_CONST_VARIANT: {
        ChLinkedVariant *variant = CH_ARENA_NEW(&vm->arena, ChLinkedVariant);
        variant->enum_name = ch_intern(vm, constant->text.data, constant->text.length);
        variant->variant_name = ch_intern(vm, constant->names[0].data, constant->names[0].length);
        value.as.pointer = variant;
        return value;
    }
    }
    return value;
}

static ChLink *link_chunk(ChVm *vm, ChModule *module, ChChunk *take_chunk, ChString *file, ChSource *source) {
    ChLink *link = ch_alloc_zero(1, sizeof *link);
    link->chunk = take_chunk;
    link->constants = ch_alloc_zero(take_chunk->constant_count + 1, sizeof *link->constants);
    link->names = ch_alloc_zero(take_chunk->constant_count + 1, sizeof *link->names);
    for (uint32_t i = 0; i < take_chunk->constant_count; i++)
        link->constants[i] = link_constant(vm, module, link, &take_chunk->constants[i]);
    link->protos = ch_alloc_zero(take_chunk->proto_count, sizeof *link->protos);
    for (uint32_t i = 0; i < take_chunk->proto_count; i++) {
        ChProto *proto = take_chunk->protos[i];
        link->protos[i] = (ChLinkedProto){.constants = link->constants,
                                          .module = module,
                                          .file = file,
                                          .source = source,
                                          .name = ch_intern(vm, proto->name.data ? proto->name.data : "",
                                                            proto->name.length),
                                          .counts = ch__counts_new(vm, module, proto)};
        proto->linked = &link->protos[i];
    }
    return link;
}

static void link_free(ChLink *link) {
    for (uint32_t i = 0; i < link->chunk->constant_count; i++) ch_release(link->constants[i]);
    for (uint32_t i = 0; i < link->names_count; i++) {
        ch_free(link->names[i].names);
        ch_free(link->names[i].slots);
    }
    ch_free(link->constants);
    ch_free(link->names);
    for (uint32_t i = 0; i < link->chunk->proto_count; i++) ch_free(link->protos[i].counts);
    ch_free(link->protos);
    if (link->file) ch_release(ch_object(link->file));
    ch_source_unref(link->source);
    ch_chunk_free(link->chunk);
    ch_free(link);
}

static void reserve_slots(ChModule *module, uint32_t count) {
    if (count <= module->slot_count) return;
    module->slots = ch_realloc_array(module->slots, count, sizeof *module->slots);
    for (uint32_t i = module->slot_count; i < count; i++) module->slots[i] = CH_ABSENT;
    module->slot_count = count;
}

static bool has_reexports(const ChChunk *chunk) {
    const ChProto *top = chunk->protos[0];
    for (uint32_t pc = 0; pc < top->code_count; pc += 1 + ch_op_info[top->code[pc].op].words) {
        ChInstr instr = top->code[pc];
        if ((instr.op == CH_OP_IMPORT || instr.op == CH_OP_IMPORT_NAME) && instr.x & CH_X_REEXPORT) return true;
    }
    return false;
}

ChModule *ch_vm_module_new(ChVm *vm, ChChunk *take_chunk, ChStr path, ChStr display_path, ChSource *source) {
    ChModule *module = ch_alloc_zero(1, sizeof *module);
    module->refs = 1; // of the VM's table
    module->vm = vm;
    module->chunk = take_chunk;
    module->path = ch_str_copy(&vm->arena, path);
    module->folder = ch_str_copy(&vm->arena, ch_path_folder(display_path));
    module->display_path = ch_string_new(display_path.data, display_path.length);
    module->source = source ? ch_source_ref(source) : NULL;
    module->links = link_chunk(vm, module, take_chunk, module->display_path, module->source);
    module->has_reexports = has_reexports(take_chunk);
    module->constants = module->links->constants;
    reserve_slots(module, take_chunk->slot_count);
    if (vm->module_count == vm->module_capacity) {
        vm->module_capacity = vm->module_capacity ? vm->module_capacity * 2 : 16;
        vm->modules = ch_realloc_array(vm->modules, vm->module_capacity, sizeof *vm->modules);
    }
    vm->modules[vm->module_count++] = module;
    ch_map_set_pointer(&vm->module_map, module->path, module);
    if (vm->hooks.on_module) vm->hooks.on_module(vm, module, vm->hooks.ud);
    return module;
}

ChClosure *ch_vm_link_evaluation(ChVm *vm, ChChunk *take_chunk, ChModule *module, ChSource *source) {
    ChString *file = ch_string_new(source->path.data, source->path.length);
    ChLink *link = link_chunk(vm, module, take_chunk, file, source);
    link->file = file;
    link->source = ch_source_ref(source);
    if (module->session) { // the newest text has all the slots
        module->chunk->slots = NULL;
        module->chunk->slot_count = 0;
        module->chunk = take_chunk;
    }
    link->next = module->links->next;
    module->links->next = link;
    reserve_slots(module, take_chunk->slot_count);
    return ch_closure_new(take_chunk->protos[0], module, 0);
}

void ch__module_clear(ChModule *module) {
    for (uint32_t i = 0; i < module->slot_count; i++) {
        ch_release(module->slots[i]);
        module->slots[i] = CH_ABSENT;
    }
}

void ch_vm_module_unref(ChModule *module) {
    if (--module->refs) return;
    ch__module_clear(module);
    while (module->links) {
        ChLink *link = module->links;
        module->links = link->next;
        link_free(link);
    }
    ch_compile_session_free(module->session);
    ch_free(module->slots);
    for (uint32_t i = 0; i < module->exports.count; i++) ch_free(module->exports.entries[i].value.pointer);
    ch_map_release(&module->exports);
    ch_source_unref(module->source);
    ch_release(ch_object(module->display_path));
    ch_free(module);
}

int32_t ch_module_slot(const ChModule *module, ChStr name) {
    for (uint32_t i = 0; i < module->chunk->slot_count; i++)
        if (ch_str_equal(module->chunk->slots[i].name, name)) return (int32_t)i;
    return -1;
}

// ---- finding ----------------------------------------------------------------------------------------------------------

static bool is_file(ChVm *vm, const ChBuffer *path) {
    ChFileInfo info;
    return vm->host->file_info(vm->host->ud, path->data, &info) == CH_STATUS_OK && info.kind != CH_FILE_FOLDER;
}

static void set_path(ChBuffer *out, ChStr folder, ChStr name) {
    ch_buffer_clear(out);
    if (!ch_path_is_absolute(name) && folder.length && !ch_str_is(folder, ".")) {
        ch_buffer_add_str(out, folder);
        if (folder.data[folder.length - 1] != '/') ch_buffer_add_byte(out, '/');
    }
    while (ch_str_starts_with(name, CH_STR("./"))) name = ch_str_slice(name.data + 2, name.length - 2);
    ch_buffer_add_str(out, name);
}

static bool try_with_extension(ChVm *vm, ChBuffer *out) {
    if (is_file(vm, out)) return true;
    if (ch_path_extension(ch_buffer_view(out)).length) return false;
    ch_buffer_add_text(out, ".harn");
    return is_file(vm, out);
}

static ChStr absolute_folder(ChVm *vm, ChArena *arena, ChStr folder) {
    ChBuffer working = {0};
    vm->host->folder(vm->host->ud, &working);
    ChStr path = ch_path_normalize(arena, ch_path_join(arena, ch_buffer_view(&working), folder));
    ch_buffer_release(&working);
    return path;
}

bool ch_vm_module_resolve(ChVm *vm, ChStr folder, ChStr name, ChBuffer *out) {
    set_path(out, folder, name);
    if (try_with_extension(vm, out)) return true;
    ChArena arena;
    ch_arena_init(&arena);
    ChStr found = ch_package_find(&arena, absolute_folder(vm, &arena, folder), name);
    if (found.length) {
        ch_buffer_clear(out);
        ch_buffer_add_str(out, found);
    }
    ch_arena_release(&arena);
    return found.length > 0;
}

// ---- loading ----------------------------------------------------------------------------------------------------------

// Whether a module exports a name, asked while an importer is compiled: loads what is imported.
typedef struct ExportQuery {
    ChVm *vm;
    ChStr folder;
} ExportQuery;

static ChVmExport *find_export(ChModule *module, ChStr name);

static bool query_export(void *ud, ChStr path, ChStr name) {
    const ExportQuery *query = ud;
    // Unknown counts as exported: the call is then resolved when it runs.
    if (query->vm->module_count >= CH_MODULES_MAX || query->vm->query_depth >= CH_QUERY_DEPTH_MAX) return true;
    query->vm->query_depth++;
    ChModule *module = ch_vm_module_load(query->vm, query->folder, path);
    query->vm->query_depth--;
    if (!module) {
        // The import itself will say what is wrong with it.
        ch_error_release(&query->vm->error);
        query->vm->has_error = false;
        return true;
    }
    return find_export(module, name) != NULL || module->has_reexports;
}

ChChunk *ch__compile_tree(ChVm *vm, const ChTree *tree, ChStr folder, ChCompileKind kind, ChDiagnosticList *diagnostics) {
    ChChunk *chunk = NULL;
    if (tree->diagnostics.error_count) {
        ch_diagnostics_append(diagnostics, &tree->diagnostics);
        // The list's arena must hold what the tree's held.
        for (uint32_t i = 0; i < diagnostics->count; i++) {
            ChDiagnostic *copy = CH_ARENA_NEW(diagnostics->arena, ChDiagnostic);
            *copy = *diagnostics->items[i];
            copy->message = ch_str_copy(diagnostics->arena, copy->message);
            copy->label = ch_str_copy(diagnostics->arena, copy->label);
            copy->help = ch_str_copy(diagnostics->arena, copy->help);
            copy->expected = ch_str_copy(diagnostics->arena, copy->expected);
            copy->found = ch_str_copy(diagnostics->arena, copy->found);
            copy->notes = NULL;
            copy->fixes = NULL;
            diagnostics->items[i] = copy;
        }
    } else {
        ExportQuery query = {vm, folder};
        ChCompileOptions options = {.kind = kind, .exports = query_export, .ud = &query};
        if (kind == CH_COMPILE_ENTRY) options.pipeline = vm->entry_pipeline;
        chunk = ch_compile(tree, &options, diagnostics);
        ChBuffer why = {0};
        if (chunk && !ch_verify_chunk(chunk, &why)) {
            ch_diagnostic_add(diagnostics, CH_SEVERITY_ERROR, "", (ChRange){0, 0},
                              "the compiled code was refused: %.*s", (int)why.length, why.data);
            ch_chunk_free(chunk);
            chunk = NULL;
        }
        ch_buffer_release(&why);
    }
#ifdef CH_CHECKS
    // Whatever runs has to survive the way to the disk and back.
    if (chunk) {
        ChBuffer bytes = {0}, damage = {0};
        ch_chunk_write(chunk, &bytes);
        ch_chunk_free(chunk);
        chunk = ch_chunk_read(ch_buffer_view(&bytes), false, &damage);
        assert(chunk);
        ch_buffer_release(&bytes);
        ch_buffer_release(&damage);
    }
#endif
    return chunk;
}

static void throw_import_diagnostic(ChVm *vm, const ChDiagnosticList *diagnostics, const ChSource *source) {
    const ChDiagnostic *first = diagnostics->count ? diagnostics->items[0] : NULL;
    if (!first) {
        ch_throw_runtime(vm, "Import compile error in %.*s", CH_STR_ARG(source->path));
        return;
    }
    ChPosition at = ch_source_position(source, first->range.start);
    if (first->expected.length && first->found.length)
        ch_throw_runtime(vm, "Import parse error in %.*s: Expected %.*s, got %.*s at %u:%u", CH_STR_ARG(source->path),
                         CH_STR_ARG(first->expected), CH_STR_ARG(first->found), at.line, at.column);
    else
        ch_throw_runtime(vm, "Import parse error in %.*s: %.*s at %u:%u", CH_STR_ARG(source->path),
                         CH_STR_ARG(first->message), at.line, at.column);
}

// What was compiled with charn itself. NULL: an error is pending (a defect of the build).
static ChChunk *embedded_chunk(ChVm *vm, ChStr name) {
    const ChEmbeddedChunk *found = ch_embedded_chunks;
    while (found->name && !ch_str_is(name, found->name)) found++;
    ChBuffer why = {0};
    ChChunk *chunk = found->name ? ch_chunk_read(ch_str_slice(found->bytes, found->length), true, &why) : NULL;
    if (!chunk) ch_throw_runtime(vm, "%.*s is not part of this build: %.*s", CH_STR_ARG(name), (int)why.length, why.data ? why.data : "");
    ch_buffer_release(&why);
    return chunk;
}

static ChModule *load_source(ChVm *vm, ChSource *source, ChStr key) {
    if (vm->module_count >= CH_MODULES_MAX) {
        ch_throw_runtime(vm, "too many modules (limit %u)", CH_MODULES_MAX);
        return NULL;
    }
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChChunk *chunk = ch__compile_tree(vm, tree, ch_path_folder(source->path), CH_COMPILE_MODULE, &diagnostics);
    ch_tree_unref(tree);
    ChModule *module = NULL;
    // Compiling asked for the exports of what it imports, and these may import this one: it may be there by now.
    if (chunk && (module = ch_map_get_pointer(&vm->module_map, key)))
        ch_chunk_free(chunk);
    else if (chunk)
        module = ch_vm_module_new(vm, chunk, key, source->path, source);
    else
        throw_import_diagnostic(vm, &diagnostics, source);
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    return module;
}

static ChModule *load_std(ChVm *vm, ChStr name) {
    ChModule *module = ch_map_get_pointer(&vm->module_map, name);
    if (module) return module;
    ChStr text;
    if (!ch_std_source(ch_str_slice(name.data + 4, name.length - 4), &text)) {
        ch_throw_runtime(vm, "Unknown stdlib module: %.*s", CH_STR_ARG(name));
        return NULL;
    }
    ChBuffer path = {0};
    ch_buffer_printf(&path, "<stdlib>/%.*s.harn", (int)name.length - 4, name.data + 4);
    ChSource *source = ch_source_new(ch_buffer_view(&path), text, NULL);
    ch_buffer_release(&path);
    ChChunk *chunk = embedded_chunk(vm, name);
    if (chunk) module = ch_vm_module_new(vm, chunk, name, source->path, source);
    ch_source_unref(source);
    return module;
}

ChModule *ch_vm_module_load(ChVm *vm, ChStr folder, ChStr name) {
    if (ch_str_starts_with(name, CH_STR("std/"))) return load_std(vm, name);
    ChBuffer path = {0}, working = {0};
    ChModule *module = NULL;
    ChArena arena;
    ch_arena_init(&arena);
    if (!ch_vm_module_resolve(vm, folder, name, &path)) {
        ChImportMiss miss;
        ch_import_explain(&arena, ch_path_join(&arena, absolute_folder(vm, &arena, folder), CH_STR("_")), name, &miss);
        ch_throw_runtime(vm, "Import error: cannot read '%s': No such file or directory (os error 2)%s%.*s", path.data,
                         miss.reason.length ? ": " : "", CH_STR_ARG(miss.reason));
    } else {
        vm->host->folder(vm->host->ud, &working);
        ChStr key = ch_path_normalize(&arena, ch_path_join(&arena, ch_buffer_view(&working), ch_buffer_view(&path)));
        module = ch_map_get_pointer(&vm->module_map, key);
        if (!module) {
            ChSourceError error = {0};
            ChSource *source = ch_source_read(ch_buffer_view(&path), &error);
            if (source)
                module = load_source(vm, source, key);
            else
                ch_throw_runtime(vm, "Import error: %.*s", (int)error.message.length, error.message.data);
            ch_source_unref(source);
            ch_source_error_release(&error);
        }
    }
    ch_buffer_release(&path);
    ch_buffer_release(&working);
    ch_arena_release(&arena);
    return module;
}

// ---- importing --------------------------------------------------------------------------------------------------------

// A module without public names exports all its functions (spec: Modules).
static bool has_public(const ChModule *module) {
    for (uint32_t i = 0; i < module->chunk->slot_count; i++)
        if (module->chunk->slots[i].is_public) return true;
    return module->exports.count > 0;
}

static bool is_exported(const ChModule *module, uint32_t slot, bool only_public) {
    const ChModuleSlot *row = &module->chunk->slots[slot];
    return only_public ? row->is_public : row->is_function;
}

static ChVmExport *enter_export(ChModule *module, ChString *name, ChModule *owner, uint32_t slot) {
    ChMapEntry *entry = ch_map_enter(&module->exports, ch_string_view(name), NULL);
    if (!entry->value.pointer) {
        ChVmExport *item = ch_alloc_zero(1, sizeof *item);
        *item = (ChVmExport){.name = name, .module = owner, .slot = slot};
        entry->value.pointer = item;
    }
    return entry->value.pointer;
}

static ChVmExport *find_export(ChModule *module, ChStr name) {
    ChVmExport *found = ch_map_get_pointer(&module->exports, name);
    if (found) return found;
    int32_t slot = ch_module_slot(module, name);
    if (slot < 0) return NULL;
    // By name, a function can be imported also when it is not public.
    if (!module->chunk->slots[slot].is_public && !module->chunk->slots[slot].is_function) return NULL;
    ChStr text = module->chunk->slots[slot].name;
    return enter_export(module, ch_intern(module->vm, text.data, text.length), module, (uint32_t)slot);
}

// Re-exports: `name` of `from`, as known so far, is an export of `into` too.
static ChFlow reexport(ChVm *vm, ChModule *into, ChVmExport *item) {
    int32_t own = ch_module_slot(into, ch_string_view(item->name));
    if (own >= 0 && into->chunk->slots[own].is_public && into->chunk->slots[own].is_function)
        return ch_throw_runtime(vm, "Re-export collision: '%s' is defined here and also re-exported from '%s'",
                                item->name->data, item->module->display_path->data);
    ChVmExport *there = ch_map_get_pointer(&into->exports, ch_string_view(item->name));
    if (there && (there->module != item->module || there->slot != item->slot))
        return ch_throw_runtime(vm, "Re-export collision: '%s' is defined here and also re-exported from '%s'",
                                item->name->data, item->module->display_path->data);
    enter_export(into, item->name, item->module, item->slot);
    return CH_OK;
}

static ChFlow bind(ChVm *vm, ChModule *into, uint32_t slot, ChVmExport *item) {
    ChValue value = item->module->slots[item->slot];
    ChValue *place = &into->slots[slot];
    bool is_same = place->tag == CH_TAG_CLOSURE && value.tag == CH_TAG_CLOSURE &&
                   place->as.closure == value.as.closure;
    if (place->tag == CH_TAG_CLOSURE && !is_same && !into->session)
        return ch_throw_runtime(vm,
                                "Import collision: '%s' is already defined when importing %s. Use selective imports "
                                "to disambiguate: import { %s } from \"...\"",
                                item->name->data, item->module->display_path->data, item->name->data);
    ch_assign(place, value);
    return CH_OK;
}

static ChFlow import_into(ChVm *vm, ChModule *into, ChModule *module, unsigned x, ChClosure **run) {
    if (module->state == CH_MODULE_FAILED)
        return ch_throw_runtime(vm, "Import error: module '%s' failed before", module->display_path->data);
    if (module->state == CH_MODULE_LOADED) {
        module->state = CH_MODULE_RUNNING;
        *run = ch_closure_new(module->chunk->protos[0], module, 0);
        return CH_OK;
    }
    into->imported_last = module;
    // A cycle: what the module has not defined yet stays late bound.
    bool only_public = has_public(module);
    if (x & CH_X_WILDCARD) {
        for (uint32_t i = 0; i < into->chunk->slot_count; i++) {
            ChStr wanted = into->chunk->slots[i].name;
            int32_t slot = ch_module_slot(module, wanted);
            ChVmExport *item = ch_map_get_pointer(&module->exports, wanted);
            if (!item && slot >= 0 && is_exported(module, (uint32_t)slot, only_public))
                item = find_export(module, wanted);
            if (!item || item->module->slots[item->slot].tag == CH_TAG_ABSENT) continue;
            if (bind(vm, into, i, item) != CH_OK) return CH_THROW;
        }
    }
    if (x & CH_X_REEXPORT && x & CH_X_WILDCARD) {
        for (uint32_t i = 0; i < module->chunk->slot_count; i++)
            if (is_exported(module, i, only_public) &&
                reexport(vm, into, find_export(module, module->chunk->slots[i].name)) != CH_OK)
                return CH_THROW;
        for (uint32_t i = 0; i < module->exports.count; i++)
            if (reexport(vm, into, module->exports.entries[i].value.pointer) != CH_OK) return CH_THROW;
    }
    return CH_OK;
}

ChFlow ch__op_import(ChVm *vm, ChModule *into, ChStr name, unsigned x, ChClosure **run) {
    // The span of an import lasts until the module has run, when the instruction is done again.
    uint64_t span = into->import_span ? into->import_span : ch_span_start(vm, CH_SPAN_IMPORT, name);
    into->import_span = 0;
    ChModule *module = ch_vm_module_load(vm, into->folder, name);
    ChFlow flow = module ? import_into(vm, into, module, x, run) : CH_THROW;
    if (*run)
        into->import_span = span;
    else
        ch_span_end(vm, span);
    return flow;
}

ChFlow ch__op_import_name(ChVm *vm, ChModule *into, uint32_t slot, ChStr name, unsigned x) {
    ChModule *module = into->imported_last;
    ChVmExport *item = find_export(module, name);
    if (!item) {
        // Types have no slot: they are known to the whole VM.
        if (ch_vm_is_type(vm, name)) return CH_OK;
        if (module->state == CH_MODULE_RUNNING) return CH_OK;
        return ch_throw_runtime(vm, "Import error: '%.*s' is not defined in %s", CH_STR_ARG(name),
                                module->display_path->data);
    }
    if (item->module->slots[item->slot].tag != CH_TAG_ABSENT && bind(vm, into, slot, item) != CH_OK)
        return CH_THROW;
    return x & CH_X_REEXPORT ? reexport(vm, into, item) : CH_OK;
}

// ---- the prelude --------------------------------------------------------------------------------------------------------

// Functions of the prelude capture nothing, so they are made without running it.
static ChClosure *prelude_function(ChModule *prelude, ChStr name) {
    for (uint32_t i = 1; i < prelude->chunk->proto_count; i++) {
        const ChProto *proto = prelude->chunk->protos[i];
        if (proto->capture_count == 0 && ch_str_equal(proto->name, name)) return ch_closure_new(proto, prelude, 0);
    }
    return NULL;
}

// Loads a part of the prelude and makes its functions. NULL: an error is pending (a defect of the build).
static ChModule *load_part(ChVm *vm, const char *path, ChStr text) {
    ChStr name = ch_str_of(path);
    ChChunk *chunk = embedded_chunk(vm, name);
    if (!chunk) return NULL;
    ChSource *source = ch_source_new(name, text, NULL);
    ChModule *module = ch_vm_module_new(vm, chunk, name, name, source);
    ch_source_unref(source);
    module->state = CH_MODULE_READY;
    for (uint32_t i = 0; i < chunk->slot_count; i++) {
        ChClosure *closure = prelude_function(module, chunk->slots[i].name);
        if (closure) ch_assign_take(&module->slots[i], ch_object(closure));
    }
    return module;
}

bool ch__is_prelude(const ChModule *module) { return ch_str_starts_with(module->path, CH_STR("<prelude>")); }

// The part whose text defines `name`: the prelude itself, or one of those that most programs do without. NULL: an
// error is pending.
static ChModule *prelude_with(ChVm *vm, ChStr name) {
    ChStr main_text = ch_str_slice(ch_prelude_source, ch_prelude_source_length);
    ChBuffer definition = {0}, path = {0};
    ch_buffer_printf(&definition, "\nfn %.*s(", CH_STR_ARG(name));
    const ChEmbedded *part = NULL;
    if (ch_str_find(main_text, ch_buffer_view(&definition), 0) < 0) {
        part = ch_prelude_parts;
        while (part->name && ch_str_find(ch_str_slice(part->text, *part->length), ch_buffer_view(&definition), 0) < 0) part++;
    }
    ChModule *module;
    if (part && part->name) {
        ch_buffer_printf(&path, "<prelude>/%s", part->name);
        module = ch_map_get_pointer(&vm->module_map, ch_buffer_view(&path));
        if (!module) module = load_part(vm, path.data, ch_str_slice(part->text, *part->length));
    } else {
        if (!vm->prelude) vm->prelude = load_part(vm, "<prelude>", main_text);
        module = vm->prelude;
    }
    ch_buffer_release(&definition);
    ch_buffer_release(&path);
    return module;
}

ChClosure *ch__prelude_closure(ChVm *vm, uint32_t row) {
    if (vm->prelude_closures[row]) return vm->prelude_closures[row];
    const ChBuiltinRow *builtin = &ch_builtin_rows[row];
    ChBuffer name = {0};
    if (builtin->type >= 0) {
        static const char *const types[] = {
#define X(tag, text) [CH_TAG_##tag] = text,
            CH_TAGS(X)
#undef X
        };
        ch_buffer_printf(&name, "__%s_%s", types[builtin->type], builtin->name);
    } else
        ch_buffer_add_text(&name, builtin->name);
    ChModule *prelude = prelude_with(vm, ch_buffer_view(&name));
    int32_t slot = prelude ? ch_module_slot(prelude, ch_buffer_view(&name)) : -1;
    if (slot >= 0 && prelude->slots[slot].tag == CH_TAG_CLOSURE) {
        vm->prelude_closures[row] = prelude->slots[slot].as.closure;
        vm->prelude_closures[row]->head.refs++;
    } else if (prelude)
        ch_throw_runtime(vm, "the prelude does not define %s", name.data);
    ch_buffer_release(&name);
    return vm->prelude_closures[row];
}
