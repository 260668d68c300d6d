// Names for the console: what the frame sees, and behind a dot what the value before it has.
#include <ctype.h>

#include "debug/debug_int.h"
#include "syntax/syntax.h"

typedef struct Offer {
    ChNameVisit visit;
    void *ud;
    ChStr prefix;
    ChMap seen;
    ChArena arena;
} Offer;

static void offer(Offer *offer, ChStr name, ChNameKind kind) {
    if (name.length == 0 || name.data[0] == '_' || !ch_str_starts_with(name, offer->prefix)) return;
    bool is_new;
    ChStr key = ch_str_copy(&offer->arena, name);
    ch_map_enter(&offer->seen, key, &is_new);
    if (is_new) offer->visit(offer->ud, key, kind);
}

static bool is_word_byte(char c) { return isalnum((unsigned char)c) || c == '_'; }

static void offer_words(Offer *to) {
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        if (ch_builtin_rows[i].type < 0) offer(to, ch_str_of(ch_builtin_rows[i].name), CH_NAME_FUNCTION);
    }
    for (const ChStr *word = ch_syntax_keywords(); word->length > 0; word++) offer(to, *word, CH_NAME_KEYWORD);
}

static void offer_scope(ChDebugger *debugger, uint32_t task, uint32_t level, Offer *to) {
    static const ChScopeKind scopes[] = {CH_SCOPE_LOCALS, CH_SCOPE_CAPTURED, CH_SCOPE_MODULE};
    for (size_t s = 0; s < sizeof scopes / sizeof *scopes; s++) {
        ChVariableView view;
        for (uint32_t i = 0; ch_debugger_variable(debugger, task, level, scopes[s], i, &view); i++) {
            offer(to, view.name, CH_NAME_VARIABLE);
        }
    }
    ChTask *owner = ch__debugger_find_task(debugger, task);
    ChFiber *fiber;
    const ChFrame *frame = owner && level < ch_task_frame_count(owner) ? ch_task_frame(owner, level, &fiber) : NULL;
    const ChChunk *chunk = frame ? frame->closure->module->chunk : NULL;
    for (uint32_t i = 0; chunk && i < chunk->slot_count; i++) {
        if (chunk->slots[i].is_function) offer(to, chunk->slots[i].name, CH_NAME_FUNCTION);
    }
    offer_words(to);
}

static void offer_parts(ChValue value, Offer *to) {
    uint32_t first = ch_view_indexed_count(value), end = first + ch_view_named_count(value);
    ChBuffer name = {0};
    for (uint32_t i = first; i < end; i++) {
        ChValue part;
        ch_buffer_clear(&name);
        if (!ch_view_part(value, i, &name, &part)) break;
        ch_release(part);
        offer(to, ch_buffer_view(&name), CH_NAME_FIELD);
    }
    ch_buffer_release(&name);
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        if (ch_builtin_rows[i].type == (int)value.tag) offer(to, ch_str_of(ch_builtin_rows[i].name), CH_NAME_METHOD);
    }
}

// The start of the chain of names and dots that ends at `end`.
static uint32_t chain_start(ChStr text, uint32_t end) {
    while (end > 0 && (is_word_byte(text.data[end - 1]) || text.data[end - 1] == '.')) end--;
    return end;
}

static Offer offer_new(ChStr prefix, ChNameVisit visit, void *ud) {
    Offer to = {.visit = visit, .ud = ud, .prefix = prefix};
    ch_arena_init(&to.arena);
    return to;
}

static void offer_release(Offer *to) {
    ch_map_release(&to->seen);
    ch_arena_release(&to->arena);
}

void ch_complete_words(ChStr prefix, ChNameVisit visit, void *ud) {
    Offer to = offer_new(prefix, visit, ud);
    offer_words(&to);
    offer_release(&to);
}

void ch_complete_parts(ChValue value, ChStr prefix, ChNameVisit visit, void *ud) {
    Offer to = offer_new(prefix, visit, ud);
    offer_parts(value, &to);
    offer_release(&to);
}

void ch_debugger_complete(ChDebugger *debugger, uint32_t task, uint32_t level, ChStr text, uint32_t *start,
                          ChNameVisit visit, void *ud) {
    uint32_t at = text.length;
    while (at > 0 && is_word_byte(text.data[at - 1])) at--;
    *start = at;
    Offer to = offer_new(ch_str_slice(text.data + at, text.length - at), visit, ud);
    if (at > 0 && text.data[at - 1] == '.') {
        uint32_t from = chain_start(text, at - 1);
        ChStr object = ch_str_slice(text.data + from, at - 1 - from);
        ChBuffer why = {0};
        ChValue value;
        if (object.length > 0 && ch_debugger_evaluate(debugger, task, level, object, CH_EVALUATE_PURE, &value, &why)) {
            offer_parts(value, &to);
            ch_release(value);
        }
        ch_buffer_release(&why);
    } else {
        offer_scope(debugger, task, level, &to);
    }
    offer_release(&to);
}
