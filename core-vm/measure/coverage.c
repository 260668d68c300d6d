// From counted words to counted places, and adding up.
#include "measure/coverage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "compile/compile.h"
#include "measure/coverage_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

enum { JUMPS_FOLLOWED_MAX = 100 };

ChCoverage *ch_coverage_new(void) {
    ChCoverage *coverage = ch_alloc_zero(1, sizeof *coverage);
    ch_arena_init(&coverage->arena);
    return coverage;
}

void ch_coverage_free(ChCoverage *coverage) {
    if (!coverage) return;
    for (uint32_t i = 0; i < coverage->paths.count; i++) {
        ChFileCoverage *file = coverage->paths.entries[i].value.pointer;
        ch_array_release(&file->statements);
        ch_array_release(&file->branches);
        ch_array_release(&file->functions);
        ch_free(file);
    }
    ch_map_release(&coverage->paths);
    ch_arena_release(&coverage->arena);
    ch_free(coverage);
}

static ChFileCoverage *file_at(ChCoverage *coverage, ChStr path) {
    bool is_new;
    ChMapEntry *entry = ch_map_enter(&coverage->paths, path, &is_new);
    if (is_new) {
        ChFileCoverage *file = ch_alloc_zero(1, sizeof *file);
        entry->key = file->path = ch_str_copy(&coverage->arena, path);
        entry->value.pointer = file;
    }
    ChFileCoverage *file = entry->value.pointer;
    file->is_merged = false;
    return file;
}

// ---- taking -----------------------------------------------------------------------------------------------------------

// Where the program goes on from word `pc`.
static ChPlace place_of(const ChProto *proto, uint32_t pc) {
    const ChLineEntry *entry = ch_proto_statement(proto, pc); // a `break` is a jump, too
    for (int i = 0; i < JUMPS_FOLLOWED_MAX && !entry && proto->code[pc].op == CH_OP_JMP; i++) {
        pc = ch_jump_target(proto, pc);
        entry = ch_proto_statement(proto, pc);
    }
    if (!entry && proto->code[pc].op != CH_OP_RETURN_NIL) entry = ch_proto_line(proto, pc);
    return entry ? (ChPlace){entry->line, entry->column} : (ChPlace){0};
}

// A way that leads to "no arm matches" is one that a complete match never takes.
static bool is_way(const ChProto *proto, uint32_t pc) {
    for (int i = 0; i < JUMPS_FOLLOWED_MAX && proto->code[pc].op == CH_OP_JMP; i++) pc = ch_jump_target(proto, pc);
    return proto->code[pc].op != CH_OP_NO_MATCH;
}

// The test in front of a loop over an integer range, which belongs to the one behind it.
static bool is_loop_of(const ChProto *proto, uint32_t loop, uint32_t *test) {
    *test = ch_jump_target(proto, loop) - 1;
    return proto->code[loop].op == CH_OP_FOR_LOOP && *test < loop && proto->code[*test].op == CH_OP_FOR_PREP;
}

static void take_branch(ChFileCoverage *file, const ChProto *proto, const ChWordCount *counts, uint32_t pc) {
    const ChInstr *instr = &proto->code[pc];
    const ChWordCount *count = &counts[pc];
    uint32_t behind = pc + 1 + ch_op_info[instr->op].words, target = ch_jump_target(proto, pc), test;
    const ChLineEntry *line = ch_proto_line(proto, pc);
    if (!line || instr->op == CH_OP_FOR_PREP) return;
    ChBranchCount branch = {.at = {line->line, line->column}, .op = instr->op};
    if (!is_way(proto, behind) || !is_way(proto, target)) return;
    branch.way[0].to = place_of(proto, behind);
    branch.way[1].to = place_of(proto, target);
    branch.way[0].count = count->fell;
    branch.way[1].count = count->jumped;
    if (is_loop_of(proto, pc, &test)) {
        branch.way[0].count += counts[test].jumped;
        branch.way[1].count += counts[test].fell;
    }
    ch_array_push(&file->branches, branch);
}

static void take_function(ChCoverage *coverage, ChFileCoverage *file, const ChSource *source, const ChProto *proto,
                          const ChWordCount *counts) {
    // Calls: what began with the first word, but for the jumps that lead back to it.
    uint64_t calls = counts[0].begun;
    for (uint32_t pc = 0; pc < proto->code_count; pc += 1 + ch_op_info[proto->code[pc].op].words) {
        const ChWordCount *count = &counts[pc];
        if (ch_op_is_branch((ChOp)proto->code[pc].op)) {
            take_branch(file, proto, counts, pc);
            if (ch_jump_target(proto, pc) == 0) calls -= count->jumped;
        } else if (proto->code[pc].op == CH_OP_JMP && ch_jump_target(proto, pc) == 0) {
            calls -= count->begun;
        }
    }
    for (uint32_t i = 0; i < proto->line_count; i++) {
        const ChLineEntry *entry = &proto->lines[i];
        if (!entry->statement) continue;
        uint64_t count = counts[entry->pc].begun;
        // An import runs once; it begins again behind the module that it has loaded.
        if (proto->code[entry->pc].op == CH_OP_IMPORT && count > 1) count = 1;
        ch_array_push(&file->statements, (ChStatementCount){{entry->line, entry->column}, count});
    }
    if (!proto->name.length || (proto->flags & CH_PROTO_TOPLEVEL)) return;
    ChPosition at = ch_source_position(source, proto->start_offset);
    ch_array_push(&file->functions, (ChFunctionCount){ch_str_copy(&coverage->arena, proto->name), {at.line, at.column}, calls});
}

void ch_coverage_take(ChCoverage *coverage, const ChVm *vm, ChStr folder) {
    for (uint32_t m = 0; m < vm->module_count; m++) {
        const ChModule *module = vm->modules[m];
        if (!module->chunk->protos[0]->linked->counts) continue;
        ChFileCoverage *file = file_at(coverage, ch_path_below(folder, module->path));
        for (uint32_t i = 0; i < module->chunk->proto_count; i++) {
            const ChProto *proto = module->chunk->protos[i];
            if (proto->linked && proto->linked->counts && proto->code_count)
                take_function(coverage, file, module->source, proto, proto->linked->counts);
        }
    }
}

// ---- merging ----------------------------------------------------------------------------------------------------------

static int order_of(ChPlace a, ChPlace b) {
    if (a.line != b.line) return a.line < b.line ? -1 : 1;
    return a.column < b.column ? -1 : a.column > b.column;
}

static int by_statement(const void *a, const void *b) {
    return order_of(((const ChStatementCount *)a)->at, ((const ChStatementCount *)b)->at);
}

static int by_branch(const void *a, const void *b) {
    const ChBranchCount *l = a, *r = b;
    int order = order_of(l->at, r->at);
    return order ? order : l->op < r->op ? -1 : l->op > r->op;
}

static int by_function(const void *a, const void *b) {
    const ChFunctionCount *l = a, *r = b;
    int order = order_of(l->at, r->at);
    return order ? order : ch_str_compare(l->name, r->name);
}

// Sorts an array and folds equal neighbours together with `add`.
#define MERGE(array, compare, add)                                                                    \
    do {                                                                                              \
        uint32_t kept_ = 0;                                                                           \
        if ((array)->count) qsort((array)->items, (array)->count, sizeof *(array)->items, compare);   \
        for (uint32_t i_ = 0; i_ < (array)->count; i_++) {                                            \
            if (kept_ && compare(&(array)->items[kept_ - 1], &(array)->items[i_]) == 0)               \
                add(&(array)->items[kept_ - 1], &(array)->items[i_]);                                 \
            else                                                                                      \
                (array)->items[kept_++] = (array)->items[i_];                                         \
        }                                                                                             \
        (array)->count = kept_;                                                                       \
    } while (0)

static void add_statement(ChStatementCount *to, const ChStatementCount *more) { to->count += more->count; }
static void add_function(ChFunctionCount *to, const ChFunctionCount *more) { to->count += more->count; }
static void add_branch(ChBranchCount *to, const ChBranchCount *more) {
    for (int way = 0; way < 2; way++) to->way[way].count += more->way[way].count;
}

static void merge(ChFileCoverage *file) {
    if (file->is_merged) return;
    MERGE(&file->statements, by_statement, add_statement);
    MERGE(&file->branches, by_branch, add_branch);
    MERGE(&file->functions, by_function, add_function);
    file->is_merged = true;
}

static int by_path(const void *a, const void *b) {
    return ch_str_compare((*(ChFileCoverage *const *)a)->path, (*(ChFileCoverage *const *)b)->path);
}

ChFileCoverage **ch__coverage_files(ChCoverage *coverage, uint32_t *count) {
    ChFileCoverage **files = ch_alloc_zero(coverage->paths.count + 1, sizeof(ChFileCoverage *));
    *count = coverage->paths.count;
    for (uint32_t i = 0; i < *count; i++) {
        files[i] = coverage->paths.entries[i].value.pointer;
        merge(files[i]);
    }
    qsort(files, *count, sizeof files[0], by_path);
    return files;
}

// ---- what nothing began ---------------------------------------------------------------------------------------------

// A program is compiled for the pipeline that it begins with; the code of the others is made here, to be counted as not run.
static void add_pipeline(ChCoverage *coverage, ChFileCoverage *file, const ChTree *tree, const ChNode *pipeline) {
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChCompileOptions options = {.kind = CH_COMPILE_ENTRY, .pipeline = pipeline->as.decl.name.text};
    ChChunk *chunk = ch_compile(tree, &options, &diagnostics);
    for (uint32_t i = 0; chunk && i < chunk->proto_count; i++) {
        const ChProto *proto = chunk->protos[i];
        bool is_inside = proto->start_offset >= pipeline->start && proto->end_offset <= pipeline->end;
        if ((proto->flags & CH_PROTO_TOPLEVEL) || !is_inside) continue;
        ChWordCount *counts = ch_alloc_zero(proto->code_count, sizeof *counts);
        take_function(coverage, file, tree->source, proto, counts);
        ch_free(counts);
    }
    ch_chunk_free(chunk);
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
}

static bool is_known(const ChFileCoverage *file, uint32_t from, uint32_t to) {
    for (uint32_t i = 0; i < file->statements.count; i++)
        if (file->statements.items[i].at.line >= from && file->statements.items[i].at.line <= to) return true;
    return false;
}

void ch_coverage_add_rest(ChCoverage *coverage, ChStr folder) {
    for (uint32_t f = 0; f < coverage->paths.count; f++) {
        ChFileCoverage *file = coverage->paths.entries[f].value.pointer;
        ChSource *source = ch_source_read(ch_path_join(&coverage->arena, folder, file->path), NULL);
        if (!source) continue; // a program that came from elsewhere
        ChTree *tree = ch_syntax_parse(source, NULL);
        merge(file);
        ChNodeList items = tree->root->as.file.items;
        for (uint32_t i = 0; i < items.count; i++) {
            const ChNode *item = items.items[i];
            if (item->kind != CH_NODE_PIPELINE) continue;
            if (is_known(file, ch_source_line(source, item->start), ch_source_line(source, item->end))) continue;
            add_pipeline(coverage, file, tree, item);
            file->is_merged = false;
        }
        ch_tree_unref(tree);
        ch_source_unref(source);
    }
}

// ---- between processes ------------------------------------------------------------------------------------------------
// One line each: F path; S line column count; B line column op, then to-line to-column count of both ways; N line column
// count name. A dot ends it.

void ch_coverage_save(const ChCoverage *coverage, ChBuffer *out) {
    for (uint32_t f = 0; f < coverage->paths.count; f++) {
        const ChFileCoverage *file = coverage->paths.entries[f].value.pointer;
        ch_buffer_printf(out, "F %.*s\n", CH_STR_ARG(file->path));
        for (uint32_t i = 0; i < file->statements.count; i++) {
            const ChStatementCount *statement = &file->statements.items[i];
            ch_buffer_printf(out, "S %u %u %" PRIu64 "\n", statement->at.line, statement->at.column, statement->count);
        }
        for (uint32_t i = 0; i < file->branches.count; i++) {
            const ChBranchCount *branch = &file->branches.items[i];
            ch_buffer_printf(out, "B %u %u %u", branch->at.line, branch->at.column, branch->op);
            for (int way = 0; way < 2; way++)
                ch_buffer_printf(out, " %u %u %" PRIu64, branch->way[way].to.line, branch->way[way].to.column,
                                 branch->way[way].count);
            ch_buffer_add_byte(out, '\n');
        }
        for (uint32_t i = 0; i < file->functions.count; i++) {
            const ChFunctionCount *function = &file->functions.items[i];
            ch_buffer_printf(out, "N %u %u %" PRIu64 " %.*s\n", function->at.line, function->at.column, function->count,
                             CH_STR_ARG(function->name));
        }
    }
    ch_buffer_add_text(out, ".\n");
}

// The next number of a line.
static uint64_t number(ChStr *line) {
    uint64_t value = 0;
    uint32_t i = 0;
    while (i < line->length && line->data[i] == ' ') i++;
    for (; i < line->length && line->data[i] >= '0' && line->data[i] <= '9'; i++)
        value = value * 10 + (uint64_t)(line->data[i] - '0');
    *line = ch_str_slice(line->data + i, line->length - i);
    return value;
}

static ChPlace place(ChStr *line) {
    uint32_t at = (uint32_t)number(line);
    return (ChPlace){at, (uint32_t)number(line)};
}

static void load_line(ChCoverage *coverage, ChFileCoverage *file, char kind, ChStr line) {
    ChPlace at = place(&line);
    if (kind == 'S') {
        ch_array_push(&file->statements, (ChStatementCount){at, number(&line)});
    } else if (kind == 'B') {
        ChBranchCount branch = {.at = at, .op = (uint32_t)number(&line)};
        for (int way = 0; way < 2; way++) {
            branch.way[way].to = place(&line);
            branch.way[way].count = number(&line);
        }
        ch_array_push(&file->branches, branch);
    } else {
        uint64_t count = number(&line);
        ch_array_push(&file->functions, (ChFunctionCount){ch_str_copy(&coverage->arena, ch_str_trim(line)), at, count});
    }
}

bool ch_coverage_load(ChCoverage *coverage, ChStr text) {
    if (!ch_str_is(text, ".\n") && !ch_str_ends_with(text, CH_STR("\n.\n"))) return false;
    ChFileCoverage *file = NULL;
    while (text.length) {
        uint32_t end = (uint32_t)ch_str_find(text, CH_STR("\n"), 0);
        ChStr line = ch_str_slice(text.data, end);
        text = ch_str_slice(text.data + end + 1, text.length - end - 1);
        if (line.length < 2) continue;
        ChStr rest = ch_str_slice(line.data + 2, line.length - 2);
        if (line.data[0] == 'F') file = file_at(coverage, rest);
        else if (file) load_line(coverage, file, line.data[0], rest);
    }
    return true;
}
