// Taking looks at the stack, and keeping them as a tree.
#include "measure/profile.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/path.h"
#include "builtins/builtins.h"
#include "measure/profile_int.h"
#include "vm/vm_int.h"

#include "base/banned.h"

enum {
    INTERVAL_US = 1000,
    LOOK_BYTES = 4096,
    DEPTH_SHOWN_MAX = 256, // calls of a stack; of more, the outermost and innermost halves are kept
#ifdef CH_HARD
    SAMPLES_MAX = 32
#else
    SAMPLES_MAX = 1 << 20 // kept in order of time; then neighbours are joined
#endif
};

// ---- names ------------------------------------------------------------------------------------------------------------

static ChStr key_of(const void *bytes, size_t size) { return ch_str_slice(bytes, size); }

// Finds or makes the entry of `key`; *is_new tells. The key is copied.
static ChMapEntry *enter(ChProfile *profile, ChMap *map, ChStr key, bool *is_new) {
    ChMapEntry *entry = ch_map_enter(map, key, is_new);
    if (*is_new) entry->key = ch_str_copy(&profile->arena, key);
    return entry;
}

static bool is_runtime(const ChModule *module) { return !ch_path_is_absolute(module->path); }

static ChCalled describe(ChProfile *profile, const ChProto *proto, const ChModule *module) {
    ChCalled called = {.kind = is_runtime(module) ? CH_CALLED_RUNTIME : CH_CALLED_PROGRAM};
    ChStr name = proto->name.length ? proto->name : CH_STR("<closure>");
    if (proto->flags & CH_PROTO_TOPLEVEL) name = CH_STR("<top level>");
    const char *mark = called.kind == CH_CALLED_PROGRAM ? "" : proto->flags & CH_PROTO_PRELUDE ? " (prelude)" : " (std)";
    called.name = ch_str_format(&profile->arena, "%.*s%s", CH_STR_ARG(name), mark);
    called.file = ch_str_copy(&profile->arena, ch_path_below(profile->folder, module->path));
    if (module->source) called.line = ch_source_line(module->source, proto->start_offset);
    return called;
}

static uint32_t called_proto(ChProfile *profile, const ChProto *proto, const ChModule *module) {
    bool is_new;
    ChMapEntry *entry = enter(profile, &profile->called_index, key_of(&proto, sizeof proto), &is_new);
    if (is_new) {
        entry->value.number = profile->called.count;
        ch_array_push(&profile->called, describe(profile, proto, module));
    }
    return entry->value.number;
}

// What has a name only. The name is copied.
static uint32_t called_name(ChProfile *profile, ChStr name, ChCalledKind kind) {
    bool is_new;
    ChMapEntry *entry = enter(profile, &profile->called_index, name, &is_new);
    if (is_new) {
        entry->value.number = profile->called.count;
        ch_array_push(&profile->called, (ChCalled){.name = entry->key, .kind = kind});
    }
    return entry->value.number;
}

static uint32_t line_at(ChProfile *profile, const ChProto *proto, const ChModule *module, uint32_t pc) {
    const ChLineEntry *entry = ch_proto_line(proto, pc);
    if (!entry) return UINT32_MAX;
    struct {
        const ChModule *module;
        uint64_t line;
    } key = {module, entry->line};
    bool is_new;
    ChMapEntry *found = enter(profile, &profile->line_index, key_of(&key, sizeof key), &is_new);
    if (is_new) {
        found->value.number = profile->lines.count;
        ch_array_push(&profile->lines,
                      (ChLineCost){.file = ch_str_copy(&profile->arena, ch_path_below(profile->folder, module->path)),
                                   .line = entry->line,
                                   .source = module->source ? ch_source_ref(module->source) : NULL});
    }
    return found->value.number;
}

static uint32_t child(ChProfile *profile, uint32_t parent, uint32_t called) {
    uint32_t key[2] = {parent, called};
    bool is_new;
    ChMapEntry *entry = enter(profile, &profile->node_index, key_of(key, sizeof key), &is_new);
    if (is_new) {
        entry->value.number = profile->nodes.count;
        ch_array_push(&profile->nodes, (ChCallNode){.parent = parent, .called = called});
    }
    return entry->value.number;
}

// ---- stacks -----------------------------------------------------------------------------------------------------------

// The word that a frame is at. A frame that has only begun may hold what another left there.
static uint32_t word_of(const ChFrame *frame) {
    const ChProto *proto = frame->closure->proto;
    ptrdiff_t pc = frame->pc - proto->code - 1;
    return pc < 0 || pc >= (ptrdiff_t)proto->code_count ? 0 : (uint32_t)pc;
}

// The instruction that the word belongs to.
static const ChInstr *instruction_of(const ChProto *proto, uint32_t word) {
    uint32_t pc = 0, next = 0;
    while (next <= word) {
        pc = next;
        next += 1 + ch_op_info[proto->code[pc].op].words;
    }
    return &proto->code[pc];
}

// The native builtin that the top frame is in, or was when a look was asked for: NULL when its instruction calls none.
static const ChBuiltinRow *builtin_of(const ChFrame *frame) {
    const ChInstr *instr = instruction_of(frame->closure->proto, word_of(frame));
    uint64_t row = ch_builtin_count;
    if (instr->op == CH_OP_CALL_BUILTIN || instr->op == CH_OP_CALL_OR_BUILTIN) {
        row = instr[1].word;
    } else if (instr->op == CH_OP_CALL_METHOD) {
        ChWord cache = {.word = instr[2].word};
        if (cache.cache.id & CH_METHOD_CACHE_TAG) row = cache.cache.slot;
    }
    return row < ch_builtin_count && !ch_builtin_rows[row].is_prelude ? &ch_builtin_rows[row] : NULL;
}

// The frames of a task, innermost first; past DEPTH_SHOWN_MAX the middle is left out. Answers how many there are.
static uint32_t collect(const ChTask *task, const ChFrame **frames, uint32_t *left_out) {
    uint32_t total = ch_task_frame_count(task), count = 0, level = 0;
    *left_out = total > DEPTH_SHOWN_MAX ? total - DEPTH_SHOWN_MAX : 0;
    for (const ChFiber *fiber = task->fiber; fiber; fiber = fiber->consumer) {
        uint32_t here = fiber->top ? (uint32_t)(fiber->top - fiber->frames) + 1 : 0;
        for (uint32_t i = 0; i < here; i++, level++) {
            if (*left_out && level == DEPTH_SHOWN_MAX / 2) { // over as many as this fiber has of them
                uint32_t skipped = here - i < *left_out ? here - i : *left_out;
                i += skipped;
                level += skipped;
                if (i == here) break;
            }
            if (count < DEPTH_SHOWN_MAX) frames[count++] = fiber->top - i;
        }
    }
    return count;
}

// Tasks are told apart by what began them; the body of one is often called so already.
static uint32_t root_of(ChProfile *profile, const ChTask *task, const ChFrame *outermost) {
    ChStr label = task->label ? ch_str_of(task->label) : CH_STR("<task>");
    if (!task->parent || (outermost && ch_str_equal(outermost->closure->proto->name, label))) return 0;
    return child(profile, 0, called_name(profile, label, CH_CALLED_TASK));
}

// Adds the stack of the task, and answers its node and the innermost line of the program.
static uint32_t add_stack(ChProfile *profile, const ChTask *task, uint32_t *line) {
    const ChFrame *frames[DEPTH_SHOWN_MAX];
    uint32_t left_out, count = collect(task, frames, &left_out);
    uint32_t node = root_of(profile, task, count ? frames[count - 1] : NULL);
    *line = UINT32_MAX;
    for (uint32_t i = count; i-- > 0;) {
        const ChFrame *frame = frames[i];
        const ChModule *module = frame->closure->module;
        node = child(profile, node, called_proto(profile, frame->closure->proto, module));
        if (left_out && i == DEPTH_SHOWN_MAX / 2)
            node = child(profile, node, called_name(profile, CH_STR("\xE2\x80\xA6"), CH_CALLED_TASK));
        if (!is_runtime(module)) *line = line_at(profile, frame->closure->proto, module, word_of(frame));
    }
    const ChBuiltinRow *builtin = count ? builtin_of(frames[0]) : NULL;
    if (builtin) {
        ChBuffer name = {0};
        ch_buffer_printf(&name, "%s%s (builtin)", builtin->type == CH_ROW_FUNCTION ? "" : ".", builtin->name);
        node = child(profile, node, called_name(profile, ch_buffer_view(&name), CH_CALLED_BUILTIN));
        ch_buffer_release(&name);
    }
    return node;
}

// Half as many samples, with the same weight.
static void thin_out(ChProfile *profile) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i + 1 < profile->samples.count; i += 2) {
        ChSample a = profile->samples.items[i], b = profile->samples.items[i + 1];
        ChSample *to = &profile->samples.items[kept++];
        *to = a.weight >= b.weight ? a : b;
        to->weight = a.weight + b.weight;
        to->looks = a.looks + b.looks;
    }
    profile->samples.count = kept;
}

static void add_sample(ChProfile *profile, const ChTask *task, uint64_t weight) {
    uint32_t line, node = add_stack(profile, task, &line);
    profile->nodes.items[node].self += weight;
    profile->total += weight;
    profile->looks++;
    if (profile->kind == CH_PROFILE_CPU && line != UINT32_MAX) {
        profile->lines.items[line].weight += weight;
        profile->lines.items[line].count++;
    }
    ChSample *last = profile->samples.count ? &ch_array_last(&profile->samples) : NULL;
    if (last && last->node == node && last->line == line) {
        last->weight += weight;
        last->looks++;
        return;
    }
    if (profile->samples.count >= SAMPLES_MAX) thin_out(profile);
    ch_array_push(&profile->samples, (ChSample){node, line, 1, weight});
}

// ---- CPU --------------------------------------------------------------------------------------------------------------

static uint64_t thread_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void look(ChVm *vm, ChTask *task, void *ud) {
    ChProfile *profile = ud;
    uint64_t now = thread_ns();
    profile->is_busy = true;
    add_sample(profile, task, now - profile->last_ns);
    profile->is_busy = false;
    profile->last_ns = thread_ns(); // the look itself does not count
}

static void *ask(void *ud) {
    ChProfile *profile = ud;
    const struct timespec interval = {.tv_nsec = INTERVAL_US * 1000};
    while (!atomic_load_explicit(&profile->has_ended, memory_order_relaxed)) {
        nanosleep(&interval, NULL);
        ch_vm_sample_soon(profile->vm);
    }
    return NULL;
}

// The timer's thread hears no signals: they belong to those who wait for them.
static bool start_timer(ChProfile *profile) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool is_good = pthread_create(&profile->timer, NULL, ask, profile) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_good;
}

// ---- memory -----------------------------------------------------------------------------------------------------------

static ChWordCost *cost_at(ChProfile *profile, const ChFrame *frame) {
    const ChProto *proto = frame->closure->proto;
    ChProtoCosts *last = profile->costs.count ? &ch_array_last(&profile->costs) : NULL;
    if (!last || last->proto != proto) {
        bool is_new;
        ChMapEntry *entry = enter(profile, &profile->costs_index, key_of(&proto, sizeof proto), &is_new);
        if (is_new) {
            entry->value.number = profile->costs.count;
            ChWordCost *words = ch_alloc_zero(proto->code_count, sizeof *words);
            ch_array_push(&profile->costs, (ChProtoCosts){proto, frame->closure->module, words});
        }
        last = &profile->costs.items[entry->value.number];
    }
    return &last->words[word_of(frame)];
}

static void allocated(void *ud, size_t size) {
    ChProfile *profile = ud;
    if (!pthread_equal(pthread_self(), profile->vm_thread)) return;
    ChTask *task = profile->vm->task;
    if (profile->is_busy || !task || !task->fiber || !task->fiber->top) return;
    profile->is_busy = true;
    const ChFrame *found = NULL;
    for (const ChFiber *fiber = task->fiber; fiber && !found; fiber = fiber->consumer)
        for (const ChFrame *frame = fiber->top; frame && frame >= fiber->frames && !found; frame--)
            if (frame->closure && !is_runtime(frame->closure->module)) found = frame;
    if (found) {
        ChWordCost *cost = cost_at(profile, found);
        cost->bytes += size;
        cost->count++;
    }
    profile->pending += size;
    if (profile->pending >= LOOK_BYTES) {
        add_sample(profile, task, profile->pending);
        profile->pending = 0;
    }
    profile->is_busy = false;
}

// From words to lines.
static void sum_costs(ChProfile *profile) {
    for (uint32_t i = 0; i < profile->costs.count; i++) {
        const ChProtoCosts *costs = &profile->costs.items[i];
        for (uint32_t pc = 0; pc < costs->proto->code_count; pc++) {
            uint32_t line = costs->words[pc].count ? line_at(profile, costs->proto, costs->module, pc) : UINT32_MAX;
            if (line == UINT32_MAX) continue;
            profile->lines.items[line].weight += costs->words[pc].bytes;
            profile->lines.items[line].count += costs->words[pc].count;
        }
    }
}

// ---- life -------------------------------------------------------------------------------------------------------------

ChProfile *ch_profile_start(ChVm *vm, ChProfileKind kind, ChStr folder) {
    ChProfile *profile = ch_alloc_zero(1, sizeof *profile);
    profile->kind = kind;
    profile->vm = vm;
    profile->vm_thread = pthread_self();
    ch_arena_init(&profile->arena);
    profile->folder = ch_str_copy(&profile->arena, folder);
    ch_array_push(&profile->nodes, (ChCallNode){.called = called_name(profile, CH_STR("all"), CH_CALLED_TASK)});
    if (kind == CH_PROFILE_CPU) {
        ch_vm_set_sampler(vm, look, profile);
        profile->last_ns = thread_ns();
        profile->is_running = start_timer(profile);
    } else {
        ch_vm_set_sampler(vm, vm->on_sample, vm->sample_ud);
        ch_alloc_observe(allocated, profile);
        profile->is_running = true;
    }
    return profile;
}

void ch_profile_stop(ChProfile *profile) {
    if (!profile->is_running) return;
    profile->is_running = false;
    if (profile->kind == CH_PROFILE_CPU) {
        atomic_store(&profile->has_ended, true);
        pthread_join(profile->timer, NULL);
        ch_vm_set_sampler(profile->vm, NULL, NULL);
    } else {
        ch_alloc_observe(NULL, NULL);
        sum_costs(profile);
    }
}

void ch_profile_free(ChProfile *profile) {
    if (!profile) return;
    for (uint32_t i = 0; i < profile->lines.count; i++) ch_source_unref(profile->lines.items[i].source);
    for (uint32_t i = 0; i < profile->costs.count; i++) ch_free(profile->costs.items[i].words);
    ch_array_release(&profile->called);
    ch_array_release(&profile->nodes);
    ch_array_release(&profile->samples);
    ch_array_release(&profile->lines);
    ch_array_release(&profile->costs);
    ch_map_release(&profile->called_index);
    ch_map_release(&profile->node_index);
    ch_map_release(&profile->line_index);
    ch_map_release(&profile->costs_index);
    ch_arena_release(&profile->arena);
    ch_free(profile);
}

void ch__profile_sum(ChProfile *profile) {
    for (uint32_t i = 0; i < profile->nodes.count; i++) profile->nodes.items[i].total = profile->nodes.items[i].self;
    for (uint32_t i = profile->nodes.count; i-- > 1;)
        profile->nodes.items[profile->nodes.items[i].parent].total += profile->nodes.items[i].total;
}

void ch__profile_add_weight(const ChProfile *profile, uint64_t weight, ChBuffer *out) {
    double size = (double)weight;
    if (profile->kind == CH_PROFILE_CPU) {
        if (size >= 1e9) ch_buffer_printf(out, "%.2f s", size / 1e9);
        else ch_buffer_printf(out, "%.1f ms", size / 1e6);
    } else if (size >= 1 << 30) {
        ch_buffer_printf(out, "%.1f GiB", size / (1 << 30));
    } else if (size >= 1 << 20) {
        ch_buffer_printf(out, "%.1f MiB", size / (1 << 20));
    } else if (size >= 1 << 10) {
        ch_buffer_printf(out, "%.1f KiB", size / (1 << 10));
    } else {
        ch_buffer_printf(out, "%.0f B", size);
    }
}
