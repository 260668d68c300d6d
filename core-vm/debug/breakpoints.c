// Breakpoints: from lines to places in code, and whether one that was hit really stops.
//
// A breakpoint is set by path and line. Its places are the statements that begin there; a line without any moves to
// the next statement of the innermost function around it. Files that are not loaded yet are compiled to find the
// places (nothing of them runs), so the answer is the same before and after launch, and the patches follow when the
// module is loaded.
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "compile/compile.h"
#include "debug/debug_int.h"
#include "syntax/syntax.h"

static ChStr own(ChStr text) {
    return text.length == 0 ? (ChStr){0} : ch_str_slice(ch_str_detach(text), text.length);
}

static void disown(ChStr text) {
    ch_free((void *)text.data);
}

static void set_message(ChBreakpoint *breakpoint, const char *text) {
    ch_free(breakpoint->message);
    breakpoint->message = text ? ch_str_detach(ch_str_of(text)) : NULL;
}

// An absolute path without links, so that every spelling of a file means the same breakpoints.
static ChStr normalise(ChStr path, char *storage /* PATH_MAX */) {
    char *copy = ch_str_detach(path);
    ChStr result = path;
    if (path.length < PATH_MAX && realpath(copy, storage)) result = ch_str_of(storage);
    ch_free(copy);
    return result;
}

// The path of a module in the same form.
static ChStr real_path(ChDebugger *debugger, const ChModule *module) {
    bool is_new;
    ChMapEntry *entry = ch_map_enter(&debugger->real_paths, module->path, &is_new);
    if (is_new) {
        char storage[PATH_MAX];
        ChStr *copy = ch_arena_alloc(&debugger->arena, sizeof *copy);
        *copy = ch_str_copy(&debugger->arena, normalise(module->path, storage));
        entry->value.pointer = copy;
    }
    return *(const ChStr *)entry->value.pointer;
}

// ---- places -------------------------------------------------------------------------------------------------------

// The code of a file: of the loaded module, or compiled for the purpose. NULL: it cannot be read or has errors.
static const ChChunk *chunk_of(ChDebugger *debugger, ChStr path) {
    for (uint32_t i = 0; i < debugger->vm->module_count; i++) {
        if (ch_str_equal(real_path(debugger, debugger->vm->modules[i]), path)) return debugger->vm->modules[i]->chunk;
    }
    bool is_new;
    ChMapEntry *entry = ch_map_enter(&debugger->places, path, &is_new);
    if (!is_new) return entry->value.pointer;
    entry->key = ch_str_copy(&debugger->arena, path);
    ChSource *source = ch_source_read(path, NULL);
    if (!source) return NULL;
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChChunk *chunk = tree ? ch_compile(tree, NULL, &diagnostics) : NULL;
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ch_source_unref(source);
    entry = ch_map_find(&debugger->places, path);
    entry->value.pointer = chunk;
    return chunk;
}

typedef struct Place {
    uint32_t line, column;
} Place;

static bool is_before(Place a, Place b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

// The lines of a function: from its first statement to its last.
static bool proto_lines(const ChProto *proto, uint32_t *first, uint32_t *last) {
    *first = UINT32_MAX;
    *last = 0;
    for (uint32_t i = 0; i < proto->line_count; i++) {
        if (!proto->lines[i].statement) continue;
        if (proto->lines[i].line < *first) *first = proto->lines[i].line;
        if (proto->lines[i].line > *last) *last = proto->lines[i].line;
    }
    return *last > 0;
}

// The best statement for a wanted place in `proto`: on the line (from the column on, else the last one before it), or
// the first one below. False: none.
static bool find_in_proto(const ChProto *proto, uint32_t line, uint32_t column, Place *best) {
    bool found = false;
    for (uint32_t i = 0; i < proto->line_count; i++) {
        const ChLineEntry *entry = &proto->lines[i];
        if (!entry->statement || entry->line < line) continue;
        Place place = {entry->line, entry->column};
        if (found) {
            bool is_behind = place.line == line && column > 0 && place.column <= column;
            bool best_is_behind = best->line == line && column > 0 && best->column <= column;
            // Among places on the line, the last that is not behind the wanted column wins; else the first.
            if (is_behind && best_is_behind ? is_before(place, *best) : !is_behind && !is_before(place, *best)) continue;
        }
        *best = place;
        found = true;
    }
    return found;
}

// Where a breakpoint on this line can be. False with a sentence: nowhere.
static bool find_place(const ChChunk *chunk, uint32_t line, uint32_t column, Place *out, const char **why) {
    const ChProto *innermost = NULL;
    uint32_t innermost_height = UINT32_MAX;
    bool found = false;
    for (uint32_t i = 0; i < chunk->proto_count; i++) {
        const ChProto *proto = chunk->protos[i];
        uint32_t first, last;
        Place place;
        if (!proto_lines(proto, &first, &last)) continue;
        if (find_in_proto(proto, line, column, &place) && place.line == line) {
            bool is_better = !found || (column > 0 ? place.column <= column && !is_before(place, *out)
                                                   : is_before(place, *out));
            if (is_better) *out = place;
            found = true;
        }
        if (first <= line && line <= last && last - first < innermost_height) {
            innermost = proto;
            innermost_height = last - first;
        }
    }
    if (found) return true;
    if (innermost && find_in_proto(innermost, line, 0, out)) return true;
    // Above or between functions: the next statement below, wherever it is.
    for (uint32_t i = 0; !innermost && i < chunk->proto_count; i++) {
        Place place;
        if (!find_in_proto(chunk->protos[i], line, 0, &place)) continue;
        if (!found || is_before(place, *out)) *out = place;
        found = true;
    }
    *why = "there is no code on this line or below it";
    return found;
}

// ---- binding ------------------------------------------------------------------------------------------------------

static void add_site(ChDebugger *debugger, ChBreakpoint *breakpoint, const ChProto *proto, uint32_t pc) {
    ch_vm_break_set(debugger->vm, proto, pc);
    ch_vm_keep_set(debugger->vm, proto);
    ch_array_push(&breakpoint->sites, (ChSite){proto, pc});
}

// Patches every copy of the place: code in `finally` stands once per way out.
static void bind(ChDebugger *debugger, ChBreakpoint *breakpoint, const ChChunk *chunk) {
    for (uint32_t p = 0; p < chunk->proto_count; p++) {
        const ChProto *proto = chunk->protos[p];
        if (breakpoint->function.length > 0) {
            if (!ch_str_equal(proto->name, breakpoint->function) || proto->line_count == 0) continue;
            for (uint32_t i = 0; i < proto->line_count; i++) {
                if (!proto->lines[i].statement) continue;
                add_site(debugger, breakpoint, proto, proto->lines[i].pc);
                breakpoint->line = proto->lines[i].line;
                breakpoint->column = proto->lines[i].column;
                breakpoint->is_verified = true;
                set_message(breakpoint, NULL);
                break;
            }
            continue;
        }
        for (uint32_t i = 0; i < proto->line_count; i++) {
            const ChLineEntry *entry = &proto->lines[i];
            if (entry->statement && entry->line == breakpoint->line && entry->column == breakpoint->column) {
                add_site(debugger, breakpoint, proto, entry->pc);
            }
        }
    }
}

static void unbind(ChDebugger *debugger, ChBreakpoint *breakpoint) {
    for (uint32_t i = 0; i < breakpoint->sites.count; i++) {
        const ChSite *site = &breakpoint->sites.items[i];
        ch_vm_break_clear(debugger->vm, site->proto, site->pc);
        ch_vm_keep_clear(debugger->vm, site->proto);
    }
    ch_array_clear(&breakpoint->sites);
}

void ch__breakpoints_bind_module(ChDebugger *debugger, ChModule *module) {
    if (ch__proto_is_runtime(module->chunk->protos[0], module)) return;
    for (uint32_t i = 0; i < debugger->breakpoints.count; i++) {
        ChBreakpoint *breakpoint = debugger->breakpoints.items[i];
        bool was_verified = breakpoint->is_verified;
        if (breakpoint->function.length > 0) {
            bind(debugger, breakpoint, module->chunk);
        } else if (breakpoint->path.length > 0 && ch_str_equal(breakpoint->path, real_path(debugger, module))) {
            Place place;
            const char *why;
            if (!was_verified && find_place(module->chunk, breakpoint->spec.line, breakpoint->spec.column, &place, &why)) {
                breakpoint->line = place.line;
                breakpoint->column = place.column;
                breakpoint->is_verified = true;
                set_message(breakpoint, NULL);
            }
            bind(debugger, breakpoint, module->chunk);
        }
        if (breakpoint->is_verified != was_verified && debugger->events.on_breakpoint) {
            debugger->events.on_breakpoint(debugger->events.ud, breakpoint->id);
        }
    }
}

static void free_breakpoint(ChDebugger *debugger, ChBreakpoint *breakpoint) {
    unbind(debugger, breakpoint);
    ch_array_release(&breakpoint->sites);
    disown(breakpoint->path);
    disown(breakpoint->shown_path);
    disown(breakpoint->function);
    disown(breakpoint->spec.condition);
    disown(breakpoint->spec.hit_condition);
    disown(breakpoint->spec.log_message);
    ch_free(breakpoint->message);
    ch_free(breakpoint);
}

void ch__breakpoints_release(ChDebugger *debugger) {
    for (uint32_t i = 0; i < debugger->breakpoints.count; i++) free_breakpoint(debugger, debugger->breakpoints.items[i]);
    ch_array_release(&debugger->breakpoints);
    for (uint32_t i = 0; i < debugger->places.count; i++) {
        if (debugger->places.entries[i].value.pointer) ch_chunk_free(debugger->places.entries[i].value.pointer);
    }
    ch_map_release(&debugger->places);
    ch_map_release(&debugger->real_paths);
}

static void fill_info(const ChBreakpoint *breakpoint, ChBreakpointInfo *out) {
    *out = (ChBreakpointInfo){.id = breakpoint->id,
                              .is_verified = breakpoint->is_verified,
                              .line = breakpoint->line,
                              .column = breakpoint->column,
                              .path = breakpoint->shown_path,
                              .message = ch_str_of(breakpoint->message)};
}

bool ch_debugger_breakpoint(const ChDebugger *debugger, uint32_t id, ChBreakpointInfo *out) {
    for (uint32_t i = 0; i < debugger->breakpoints.count; i++) {
        if (debugger->breakpoints.items[i]->id != id) continue;
        fill_info(debugger->breakpoints.items[i], out);
        return true;
    }
    return ch__watches_find(debugger, id, out);
}

static bool is_instruction(const ChBreakpoint *breakpoint) {
    return breakpoint->path.length == 0 && breakpoint->function.length == 0;
}

// ---- hit conditions -----------------------------------------------------------------------------------------------

typedef struct HitRule {
    char kind; // '=' '>' 'g' (>=) '<' 'l' (<=) '%', 0: every hit
    uint64_t number;
} HitRule;

// "5", "== 5", ">= 5", "% 3" ... False: not understood.
static bool parse_hit_rule(ChStr text, HitRule *out) {
    text = ch_str_trim(text);
    *out = (HitRule){0};
    if (text.length == 0) return true;
    uint32_t at = 0;
    char first = text.data[0];
    bool has_equal = text.length > 1 && text.data[1] == '=';
    out->kind = '=';
    if (first == '=' || first == '>' || first == '<' || first == '%') {
        out->kind = has_equal && first == '>' ? 'g' : has_equal && first == '<' ? 'l' : first;
        at = has_equal ? 2 : 1;
    }
    while (at < text.length && isspace((unsigned char)text.data[at])) at++;
    if (at == text.length || text.length - at > 18) return false;
    for (; at < text.length; at++) {
        if (!isdigit((unsigned char)text.data[at])) return false;
        out->number = out->number * 10 + (uint64_t)(text.data[at] - '0');
    }
    return out->kind != '%' || out->number > 0;
}

static bool hit_rule_stops(HitRule rule, uint64_t hits) {
    switch (rule.kind) {
    case '=': return hits == rule.number;
    case '>': return hits > rule.number;
    case 'g': return hits >= rule.number;
    case '<': return hits < rule.number;
    case 'l': return hits <= rule.number;
    case '%': return hits % rule.number == 0;
    default: return true;
    }
}

// ---- setting ------------------------------------------------------------------------------------------------------

static ChBreakpoint *new_breakpoint(ChDebugger *debugger, const ChBreakpointSpec *spec) {
    ChBreakpoint *breakpoint = ch_alloc_zero(1, sizeof *breakpoint);
    breakpoint->id = ++debugger->next_id;
    breakpoint->spec = (ChBreakpointSpec){spec->line, spec->column, own(spec->condition), own(spec->hit_condition),
                                          own(spec->log_message)};
    return breakpoint;
}

static bool same_spec(const ChBreakpoint *breakpoint, const ChBreakpointSpec *spec) {
    const ChBreakpointSpec *own_spec = &breakpoint->spec;
    return own_spec->line == spec->line && own_spec->column == spec->column &&
           ch_str_equal(own_spec->condition, spec->condition) &&
           ch_str_equal(own_spec->hit_condition, spec->hit_condition) &&
           ch_str_equal(own_spec->log_message, spec->log_message);
}

// Takes the breakpoints of a file (or all function breakpoints, path empty) out of the list into `old`.
static void take_old(ChDebugger *debugger, ChStr path, bool is_function, ChBreakpoints *old) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < debugger->breakpoints.count; i++) {
        ChBreakpoint *breakpoint = debugger->breakpoints.items[i];
        bool is_of = is_function ? breakpoint->function.length > 0
                                 : breakpoint->function.length == 0 && ch_str_equal(breakpoint->path, path);
        if (is_of) ch_array_push(old, breakpoint);
        else debugger->breakpoints.items[kept++] = breakpoint;
    }
    debugger->breakpoints.count = kept;
}

// A breakpoint that is set again as it was keeps its id and its hits.
static ChBreakpoint *take_same(ChBreakpoints *old, const ChBreakpointSpec *spec, ChStr function) {
    for (uint32_t i = 0; i < old->count; i++) {
        ChBreakpoint *breakpoint = old->items[i];
        if (!breakpoint || !same_spec(breakpoint, spec) || !ch_str_equal(breakpoint->function, function)) continue;
        old->items[i] = NULL;
        return breakpoint;
    }
    return NULL;
}

static void free_old(ChDebugger *debugger, ChBreakpoints *old) {
    for (uint32_t i = 0; i < old->count; i++) {
        if (old->items[i]) free_breakpoint(debugger, old->items[i]);
    }
    ch_array_release(old);
}

static void resolve(ChDebugger *debugger, ChBreakpoint *breakpoint) {
    HitRule rule;
    if (!parse_hit_rule(breakpoint->spec.hit_condition, &rule)) {
        set_message(breakpoint, "the hit condition is not understood: write a number, or >, >=, <, <= or % and a number");
        return;
    }
    const ChChunk *chunk = chunk_of(debugger, breakpoint->path);
    if (!chunk) {
        set_message(breakpoint, "the file cannot be read or has errors");
        return;
    }
    Place place;
    const char *why = NULL;
    if (!find_place(chunk, breakpoint->spec.line, breakpoint->spec.column, &place, &why)) {
        set_message(breakpoint, why);
        return;
    }
    breakpoint->line = place.line;
    breakpoint->column = place.column;
    breakpoint->is_verified = true;
    if (place.line != breakpoint->spec.line) set_message(breakpoint, "moved to the next line with code");
    for (uint32_t i = 0; i < debugger->vm->module_count; i++) {
        if (debugger->vm->modules[i]->chunk == chunk) bind(debugger, breakpoint, chunk);
    }
}

void ch_debugger_set_breakpoints(ChDebugger *debugger, ChStr given_path, const ChBreakpointSpec *specs, uint32_t count,
                                 ChBreakpointInfo *out) {
    char storage[PATH_MAX];
    ChStr path = normalise(given_path, storage);
    ChBreakpoints old = {0};
    take_old(debugger, path, false, &old);
    for (uint32_t i = 0; i < count; i++) {
        ChBreakpoint *breakpoint = take_same(&old, &specs[i], (ChStr){0});
        if (!breakpoint) {
            breakpoint = new_breakpoint(debugger, &specs[i]);
            breakpoint->path = own(path);
            breakpoint->shown_path = own(given_path);
            resolve(debugger, breakpoint);
        }
        ch_array_push(&debugger->breakpoints, breakpoint);
        fill_info(breakpoint, &out[i]);
    }
    free_old(debugger, &old);
}

void ch_debugger_set_instruction_breakpoints(ChDebugger *debugger, const uint64_t *addresses, const ChBreakpointSpec *specs,
                                             uint32_t count, ChBreakpointInfo *out) {
    ChBreakpoints old = {0};
    take_old(debugger, (ChStr){0}, false, &old);
    free_old(debugger, &old);
    for (uint32_t i = 0; i < count; i++) {
        ChBreakpoint *breakpoint = new_breakpoint(debugger, &specs[i]);
        ChModule *module;
        uint32_t pc;
        const ChProto *proto = ch__address_find(debugger, addresses[i], &module, &pc);
        if (proto) {
            const ChLineEntry *line = ch_proto_line(proto, pc);
            breakpoint->is_verified = true;
            breakpoint->line = line ? line->line : 0;
            breakpoint->column = line ? line->column : 0;
            add_site(debugger, breakpoint, proto, pc);
        } else {
            set_message(breakpoint, "no code stands at this address");
        }
        ch_array_push(&debugger->breakpoints, breakpoint);
        fill_info(breakpoint, &out[i]);
    }
}

void ch_debugger_set_function_breakpoints(ChDebugger *debugger, const ChStr *names, const ChBreakpointSpec *specs,
                                          uint32_t count, ChBreakpointInfo *out) {
    ChBreakpoints old = {0};
    take_old(debugger, (ChStr){0}, true, &old);
    for (uint32_t i = 0; i < count; i++) {
        ChBreakpoint *breakpoint = take_same(&old, &specs[i], names[i]);
        if (!breakpoint) {
            breakpoint = new_breakpoint(debugger, &specs[i]);
            breakpoint->function = own(names[i]);
            set_message(breakpoint, "no function of this name is loaded yet");
            for (uint32_t m = 0; m < debugger->vm->module_count && names[i].length > 0; m++) {
                ChModule *module = debugger->vm->modules[m];
                if (!ch__proto_is_runtime(module->chunk->protos[0], module)) bind(debugger, breakpoint, module->chunk);
            }
        }
        ch_array_push(&debugger->breakpoints, breakpoint);
        fill_info(breakpoint, &out[i]);
    }
    free_old(debugger, &old);
}

uint32_t ch_debugger_locations(ChDebugger *debugger, ChStr given_path, uint32_t from, uint32_t to, ChBreakpointSpec *out,
                               uint32_t capacity) {
    char storage[PATH_MAX];
    const ChChunk *chunk = chunk_of(debugger, normalise(given_path, storage));
    uint32_t count = 0;
    for (uint32_t p = 0; chunk && p < chunk->proto_count; p++) {
        const ChProto *proto = chunk->protos[p];
        for (uint32_t i = 0; i < proto->line_count; i++) {
            const ChLineEntry *entry = &proto->lines[i];
            if (!entry->statement || entry->line < from || entry->line > to) continue;
            if (count < capacity) out[count] = (ChBreakpointSpec){.line = entry->line, .column = entry->column};
            count++;
        }
    }
    return count;
}

// ---- hits ---------------------------------------------------------------------------------------------------------

// Replaces {expression} in a log message by its value; {{ and }} stand for braces.
static void format_log(ChDebugger *debugger, ChTask *task, ChStr message, ChBuffer *out) {
    for (uint32_t i = 0; i < message.length; i++) {
        char c = message.data[i];
        if ((c == '{' || c == '}') && i + 1 < message.length && message.data[i + 1] == c) {
            ch_buffer_add_byte(out, c);
            i++;
            continue;
        }
        if (c != '{') {
            ch_buffer_add_byte(out, c);
            continue;
        }
        uint32_t depth = 1, end = i + 1;
        bool in_text = false; // a brace in a string literal does not count
        for (; end < message.length && depth > 0; end++) {
            char at = message.data[end];
            if (at == '\\' && in_text) end++;
            else if (at == '"') in_text = !in_text;
            else if (at == '{' && !in_text) depth++;
            else if (at == '}' && !in_text) depth--;
        }
        if (depth > 0) { // no closing brace: plain text
            ch_buffer_add_byte(out, c);
            continue;
        }
        ChValue value;
        ChBuffer why = {0};
        if (ch__evaluate(debugger, task, 0, ch_str_slice(message.data + i + 1, end - i - 2), CH_EVALUATE_PURE,
                         CH_DEBUG_CONDITION_INSTRUCTIONS, &value, &why)) {
            ch_display(value, out);
            ch_release(value);
        } else {
            ch_buffer_printf(out, "<%.*s>", (int)why.length, why.data ? why.data : "");
        }
        ch_buffer_release(&why);
        i = end - 1;
    }
}

static bool condition_holds(ChDebugger *debugger, ChTask *task, ChBreakpoint *breakpoint) {
    if (breakpoint->spec.condition.length == 0) return true;
    ChValue value;
    ChBuffer why = {0};
    bool is_good = ch__evaluate(debugger, task, 0, breakpoint->spec.condition, CH_EVALUATE_PURE,
                                CH_DEBUG_CONDITION_INSTRUCTIONS, &value, &why);
    bool holds = true; // a condition that fails stops, so that its author sees it
    if (is_good) {
        holds = ch_is_truthy(value);
        ch_release(value);
    } else {
        set_message(breakpoint, why.data ? why.data : "the condition failed");
        if (debugger->events.on_breakpoint) debugger->events.on_breakpoint(debugger->events.ud, breakpoint->id);
    }
    ch_buffer_release(&why);
    return holds;
}

static bool has_site(const ChBreakpoint *breakpoint, const ChProto *proto, uint32_t pc) {
    for (uint32_t i = 0; i < breakpoint->sites.count; i++) {
        if (breakpoint->sites.items[i].proto == proto && breakpoint->sites.items[i].pc == pc) return true;
    }
    return false;
}

bool ch__breakpoints_any_at(const ChDebugger *debugger, const ChProto *proto, uint32_t pc) {
    for (uint32_t i = 0; i < debugger->breakpoints.count; i++) {
        if (has_site(debugger->breakpoints.items[i], proto, pc)) return true;
    }
    return false;
}

bool ch__breakpoints_hit(ChDebugger *debugger, ChTask *task, const ChProto *proto, uint32_t pc, ChStopReason *reason) {
    *reason = CH_STOP_FUNCTION;
    ch_array_clear(&debugger->stop_ids);
    for (uint32_t i = 0; i < debugger->breakpoints.count; i++) {
        ChBreakpoint *breakpoint = debugger->breakpoints.items[i];
        if (!has_site(breakpoint, proto, pc) || !condition_holds(debugger, task, breakpoint)) continue;
        HitRule rule;
        if (!parse_hit_rule(breakpoint->spec.hit_condition, &rule) || !hit_rule_stops(rule, ++breakpoint->hits)) continue;
        if (breakpoint->spec.log_message.length > 0) {
            ChBuffer text = {0};
            format_log(debugger, task, breakpoint->spec.log_message, &text);
            if (debugger->events.on_log) {
                debugger->events.on_log(debugger->events.ud, ch_buffer_view(&text), breakpoint->shown_path, breakpoint->line);
            }
            ch_buffer_release(&text);
            continue;
        }
        // A line says more than a function, a function more than an instruction.
        if (is_instruction(breakpoint)) {
            if (debugger->stop_ids.count == 0) *reason = CH_STOP_INSTRUCTION;
        } else if (breakpoint->function.length == 0) {
            *reason = CH_STOP_BREAKPOINT;
        } else if (*reason == CH_STOP_INSTRUCTION) {
            *reason = CH_STOP_FUNCTION;
        }
        ch_array_push(&debugger->stop_ids, breakpoint->id);
    }
    return debugger->stop_ids.count > 0;
}
