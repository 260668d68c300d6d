// The door of the compiler: sets the state up, compiles the module, and packs the chunk.
#include "compile/compile_int.h"

#include <stdarg.h>
#include <stdio.h>

void ch__compile_error(ChCompiler *c, ChRange range, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    c->error_count++;
    ch_diagnostic_add(c->diagnostics, CH_SEVERITY_ERROR, "", range, "%s", message);
}

bool ch__depth_enter(ChCompiler *c, const ChNode *node)
{
    if (c->limit_reported) return false; // nothing will come of it: finally bodies multiply, so stop at once
    if (c->depth < CH_COMPILE_DEPTH_MAX) {
        c->depth++;
        return true;
    }
    if (!c->depth_reported) {
        c->depth_reported = true;
        ch__compile_error(c, ch_node_range(node), "nesting too deep (at most %u levels)", CH_COMPILE_DEPTH_MAX);
    }
    return false;
}

#define TO_ARENA(c, array) \
    ((array)->count ? ch_arena_copy((c)->arena, (array)->items, (array)->count * sizeof *(array)->items) : NULL)

static void pack(ChCompiler *c)
{
    ChChunk *chunk = c->chunk;
    chunk->constants = (ChConst *)TO_ARENA(c, &c->constants);
    chunk->constant_count = c->constants.count;
    chunk->rt_types = (ChRtType **)TO_ARENA(c, &c->rt_types);
    chunk->rt_type_count = c->rt_types.count;
    chunk->protos = (ChProto **)TO_ARENA(c, &c->protos);
    chunk->proto_count = c->protos.count;
    chunk->decls = (ChChunkDecl *)TO_ARENA(c, &c->decls);
    chunk->decl_count = c->decls.count;
    chunk->slots = c->session ? c->slots.items : (ChModuleSlot *)TO_ARENA(c, &c->slots);
    chunk->slot_count = c->slots.count;
    chunk->pipelines = (ChPipelineEntry *)TO_ARENA(c, &c->pipelines);
    chunk->pipeline_count = c->pipelines.count;
}

static void release(ChCompiler *c)
{
    if (c->session) {
        ch__session_give_back(c);
    } else {
        ch_array_release(&c->slots);
        ch_map_release(&c->module_names);
    }
    ch_array_release(&c->constants);
    ch_array_release(&c->rt_types);
    ch_array_release(&c->protos);
    ch_array_release(&c->decls);
    ch_array_release(&c->pipelines);
    ch_array_release(&c->hoisted);
    ch_array_release(&c->wildcards);
    ch_map_release(&c->constant_index);
    ch_map_release(&c->rt_index);
    ch_map_release(&c->enums);
    ch_map_release(&c->structs);
    ch_map_release(&c->interfaces);
    ch_map_release(&c->aliases);
    ch_map_release(&c->functions);
    ch_map_release(&c->not_exported);
}

ChChunk *ch_compile(const ChTree *tree, const ChCompileOptions *options, ChDiagnosticList *diagnostics)
{
    static const ChCompileOptions standard = {0};
    if (tree->diagnostics.error_count) {
        ch_diagnostics_append(diagnostics, &tree->diagnostics);
        return NULL;
    }
    ChArena *arena = ch_alloc(sizeof *arena);
    ch_arena_init(arena);
    ChCompiler c = {.arena = arena, .tree = tree, .options = options ? options : &standard, .diagnostics = diagnostics};
    c.chunk = CH_ARENA_NEW(arena, ChChunk);
    c.chunk->arena = arena;
    c.chunk->path = ch_str_copy(arena, tree->source->path);
    if (c.options->session) ch__session_take(&c);
    ch__module(&c);
    pack(&c);
    release(&c);
    if (c.error_count) {
        ch_chunk_free(c.chunk);
        return NULL;
    }
    return c.chunk;
}
