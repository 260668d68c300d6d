// Where two values differ. Both are walked side by side with an explicit stack, so depth costs memory and not C frames;
// the path of a difference is read off the stack.
#include "vm/difference.h"

#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/utf8.h"
#include "vm/vm_int.h"

#include "base/banned.h"

enum {
    DIFFERENCES_MAX = 20, // shown
    VALUE_BYTES_MAX = 200,
    PATH_BYTES_MAX = 200,
    SHORT_TEXT_BYTES = 60, // longer ones on one line are shown around the first difference
    WINDOW_BYTES = 30,
    LINES_MAX = 80, // of a diff of texts
    CONTEXT_LINES = 3,
    CELLS_MAX = 1 << 20, // of the table that aligns two texts; what is larger is shown as replaced
    ALIGN_DEPTH_MAX = 32
};

typedef struct Paint {
    const char *expected, *got, *place, *end;
} Paint;

// Two containers of the same kind; `position` counts the parts that were compared.
typedef struct Level {
    ChValue expected, got;
    uint32_t position;
    uint32_t expected_at, got_at;       // DICT: positions of the walks
    uint32_t before, expected_behind, got_behind; // LIST: where what differs begins and ends
    ChString *expected_key, *got_key;   // DICT: what the walks stand at
    ChValue expected_item, got_item;
    ChStr key;                          // of the part that is looked at; empty: `index` is it
    uint32_t index;
} Level;

typedef struct Walk {
    CH_ARRAY_OF(Level) levels;
    Paint paint;
    ChBuffer *out;
    uint32_t shown;
    bool is_full;
} Walk;

// ---- texts ------------------------------------------------------------------------------------------------------------

// Control characters would not be seen, or would steer the terminal.
static void add_visible(ChBuffer *out, ChStr text) {
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '\r') ch_buffer_add_text(out, "\\r");
        else if ((c < 0x20 && c != '\t') || c == 0x7f) ch_buffer_printf(out, "\\x%02x", c);
        else ch_buffer_add_byte(out, (char)c);
    }
}

static ChStr cut(ChStr text, uint32_t bytes_max) {
    if (text.length <= bytes_max) return text;
    return ch_str_slice(text.data, ch_utf8_floor(text.data, text.length, bytes_max));
}

static void add_line(ChBuffer *out, ChStr line) {
    ChStr shown = cut(line, VALUE_BYTES_MAX);
    uint32_t end = shown.length;
    if (shown.length == line.length)
        while (end > 0 && (shown.data[end - 1] == ' ' || shown.data[end - 1] == '\t')) end--;
    add_visible(out, ch_str_slice(shown.data, end));
    for (uint32_t i = end; i < shown.length; i++) ch_buffer_add_text(out, shown.data[i] == ' ' ? "\xC2\xB7" : "\\t");
    if (shown.length < line.length) ch_buffer_add_text(out, "\xE2\x80\xA6");
    ch_buffer_add_byte(out, '\n');
}

static void add_value(ChBuffer *out, ChValue value) {
    ChBuffer text = {0};
    if (value.tag == CH_TAG_STRING)
        ch_buffer_add_json(&text, cut(ch_string_view(value.as.string), VALUE_BYTES_MAX));
    else
        ch_display(value, &text);
    ChStr shown = cut(ch_buffer_view(&text), VALUE_BYTES_MAX);
    add_visible(out, shown);
    bool is_cut = value.tag == CH_TAG_STRING ? value.as.string->length > VALUE_BYTES_MAX : shown.length < text.length;
    if (is_cut) ch_buffer_add_text(out, "\xE2\x80\xA6");
    ch_buffer_release(&text);
}

typedef CH_ARRAY_OF(ChStr) Lines;

static void split(ChStr text, Lines *lines) {
    while (text.length) {
        int64_t end = ch_str_find(text, CH_STR("\n"), 0);
        uint32_t length = end < 0 ? text.length : (uint32_t)end;
        ch_array_push(lines, ch_str_slice(text.data, length));
        uint32_t taken = end < 0 ? length : length + 1;
        text = ch_str_slice(text.data + taken, text.length - taken);
    }
}

// Fills `edits` with one of ' ', '-', '+' per line of the diff of a[0..n) and b[0..m).
static void align(const ChStr *a, uint32_t n, const ChStr *b, uint32_t m, ChBuffer *edits) {
    if ((uint64_t)(n + 1) * (m + 1) > CELLS_MAX) {
        ch_buffer_add_repeat(edits, '-', n);
        ch_buffer_add_repeat(edits, '+', m);
        return;
    }
    // common[i][j]: the most lines that a[i..] and b[j..] have in common, in order.
    uint32_t *common = ch_alloc_zero((size_t)(n + 1) * (m + 1), sizeof *common), width = m + 1;
    for (uint32_t i = n; i-- > 0;) {
        for (uint32_t j = m; j-- > 0;) {
            uint32_t down = common[(i + 1) * width + j], right = common[i * width + j + 1];
            common[i * width + j] = ch_str_equal(a[i], b[j]) ? common[(i + 1) * width + j + 1] + 1 : down > right ? down : right;
        }
    }
    uint32_t i = 0, j = 0;
    while (i < n || j < m) {
        if (i < n && j < m && ch_str_equal(a[i], b[j])) {
            ch_buffer_add_byte(edits, ' ');
            i++, j++;
        } else if (i < n && (j == m || common[(i + 1) * width + j] >= common[i * width + j + 1])) {
            ch_buffer_add_byte(edits, '-');
            i++;
        } else {
            ch_buffer_add_byte(edits, '+');
            j++;
        }
    }
    ch_free(common);
}

// The edits that have a change near them, in hunks.
static void add_hunks(Walk *walk, const Lines *a, const Lines *b, ChStr edits) {
    uint32_t i = 0, j = 0, shown = 0, left = 0;
    for (uint32_t at = 0; at < edits.length; at++) {
        bool is_near = false;
        for (uint32_t k = at > CONTEXT_LINES ? at - CONTEXT_LINES : 0; k <= at + CONTEXT_LINES && k < edits.length; k++)
            is_near |= edits.data[k] != ' ';
        char edit = edits.data[at];
        ChStr line = edit == '+' ? b->items[j] : a->items[i];
        if (is_near && shown < LINES_MAX) {
            bool begins = at == 0 || left; // a hunk begins where lines were left out
            if (begins) ch_buffer_printf(walk->out, "  %s@@ -%u +%u @@%s\n", walk->paint.place, i + 1, j + 1, walk->paint.end);
            const char *color = edit == '-' ? walk->paint.expected : edit == '+' ? walk->paint.got : "";
            ch_buffer_printf(walk->out, "  %s%c", color, edit);
            add_line(walk->out, line);
            if (*color) {
                walk->out->length--; // the colour ends before the line does
                ch_buffer_printf(walk->out, "%s\n", walk->paint.end);
            }
            shown++;
            left = 0;
        } else if (is_near || shown >= LINES_MAX) {
            left++;
        } else {
            left = 1;
        }
        i += edit != '+';
        j += edit != '-';
    }
    if (shown >= LINES_MAX && left > 0) ch_buffer_printf(walk->out, "  \xE2\x80\xA6 %u more lines\n", left);
}

static void unified(Walk *walk, ChStr expected, ChStr got) {
    Lines a = {0}, b = {0};
    split(expected, &a);
    split(got, &b);
    uint32_t before = 0, behind = 0;
    while (before < a.count && before < b.count && ch_str_equal(a.items[before], b.items[before])) before++;
    while (behind < a.count - before && behind < b.count - before &&
           ch_str_equal(a.items[a.count - 1 - behind], b.items[b.count - 1 - behind]))
        behind++;
    ChBuffer edits = {0};
    ch_buffer_add_repeat(&edits, ' ', before);
    align(a.items + before, a.count - before - behind, b.items + before, b.count - before - behind, &edits);
    ch_buffer_add_repeat(&edits, ' ', behind);
    ch_buffer_printf(walk->out, "  %s- expected%s, %s+ got%s\n", walk->paint.expected, walk->paint.end, walk->paint.got,
                     walk->paint.end);
    add_hunks(walk, &a, &b, ch_buffer_view(&edits));
    bool has_end = ch_str_ends_with(expected, CH_STR("\n"));
    if (has_end != ch_str_ends_with(got, CH_STR("\n")))
        ch_buffer_printf(walk->out, "  the text that %s ends without a newline\n", has_end ? "came" : "was expected");
    ch_buffer_release(&edits);
    ch_array_release(&a);
    ch_array_release(&b);
}

static void add_window(ChBuffer *out, ChStr text, uint32_t at) {
    uint32_t from = at > WINDOW_BYTES ? (uint32_t)ch_utf8_floor(text.data, text.length, at - WINDOW_BYTES) : 0;
    uint32_t to = text.length;
    if (to - at > WINDOW_BYTES) to = (uint32_t)ch_utf8_floor(text.data, text.length, at + WINDOW_BYTES);
    if (from > 0) ch_buffer_add_text(out, "\xE2\x80\xA6");
    ch_buffer_add_json(out, ch_str_slice(text.data + from, to - from));
    if (to < text.length) ch_buffer_add_text(out, "\xE2\x80\xA6");
}

// Two long texts of one line each.
static void windows(Walk *walk, ChStr expected, ChStr got) {
    uint32_t at = 0, shorter = expected.length < got.length ? expected.length : got.length;
    while (at < shorter && expected.data[at] == got.data[at]) at++;
    if (at < expected.length) at = (uint32_t)ch_utf8_floor(expected.data, expected.length, at);
    ch_buffer_printf(walk->out, "the texts differ from character %zu on\n  expected: %s", ch_utf8_count(expected.data, at) + 1,
                     walk->paint.expected);
    add_window(walk->out, expected, at);
    ch_buffer_printf(walk->out, "%s\n  got:      %s", walk->paint.end, walk->paint.got);
    add_window(walk->out, got, at);
    ch_buffer_printf(walk->out, "%s\n", walk->paint.end);
}

// ---- places -----------------------------------------------------------------------------------------------------------

static bool is_word(ChStr text) {
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c != '_' && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) return false;
    }
    return text.length > 0;
}

// Begins a line about the part that the stack stands at.
static void begin_line(Walk *walk) {
    ChBuffer path = {0};
    for (uint32_t i = 0; i < walk->levels.count; i++) {
        const Level *level = &walk->levels.items[i];
        if (!level->key.data) ch_buffer_printf(&path, "[%u]", level->index);
        else if (is_word(level->key)) ch_buffer_printf(&path, ".%.*s", CH_STR_ARG(level->key));
        else {
            ch_buffer_add_byte(&path, '[');
            ch_buffer_add_json(&path, level->key);
            ch_buffer_add_byte(&path, ']');
        }
    }
    ch_buffer_add_text(walk->out, "  ");
    if (path.length) {
        ChStr shown = ch_buffer_view(&path);
        ch_buffer_add_text(walk->out, walk->paint.place);
        if (shown.length > PATH_BYTES_MAX) { // the end says more than the beginning
            size_t from = ch_utf8_floor(shown.data, shown.length, shown.length - PATH_BYTES_MAX);
            shown = ch_str_slice(shown.data + from, shown.length - from);
            ch_buffer_add_text(walk->out, "\xE2\x80\xA6");
        }
        ch_buffer_add_str(walk->out, shown);
        ch_buffer_printf(walk->out, "%s: ", walk->paint.end);
    }
    ch_buffer_release(&path);
}

// One more difference; false: enough were shown.
static bool count(Walk *walk) {
    if (walk->shown++ < DIFFERENCES_MAX) return true;
    if (!walk->is_full) ch_buffer_add_text(walk->out, "  \xE2\x80\xA6 and more\n");
    walk->is_full = true;
    return false;
}

static void tell_one(Walk *walk, const char *what, const char *color, ChValue value) {
    if (!count(walk)) return;
    begin_line(walk);
    ch_buffer_printf(walk->out, "%s %s", what, color);
    add_value(walk->out, value);
    ch_buffer_printf(walk->out, "%s\n", walk->paint.end);
}

static void tell_texts(Walk *walk, ChStr expected, ChStr got) {
    bool has_lines = ch_str_find(expected, CH_STR("\n"), 0) >= 0 || ch_str_find(got, CH_STR("\n"), 0) >= 0;
    begin_line(walk);
    if (has_lines) {
        if (walk->levels.count) ch_buffer_add_text(walk->out, "the texts differ\n");
        else walk->out->length -= 2;
        unified(walk, expected, got);
    } else {
        windows(walk, expected, got);
    }
}

static void tell(Walk *walk, ChValue expected, ChValue got) {
    if (!count(walk)) return;
    if (expected.tag == CH_TAG_STRING && got.tag == CH_TAG_STRING) {
        ChStr a = ch_string_view(expected.as.string), b = ch_string_view(got.as.string);
        bool has_lines = ch_str_find(a, CH_STR("\n"), 0) >= 0 || ch_str_find(b, CH_STR("\n"), 0) >= 0;
        if (has_lines || a.length > SHORT_TEXT_BYTES || b.length > SHORT_TEXT_BYTES) {
            tell_texts(walk, a, b);
            return;
        }
    }
    begin_line(walk);
    size_t from = walk->out->length;
    ch_buffer_printf(walk->out, "expected %s", walk->paint.expected);
    add_value(walk->out, expected);
    ch_buffer_printf(walk->out, "%s, got %s", walk->paint.end, walk->paint.got);
    add_value(walk->out, got);
    ch_buffer_add_text(walk->out, walk->paint.end);
    // A string shows what it is by its quotes.
    bool has_string = expected.tag == CH_TAG_STRING || got.tag == CH_TAG_STRING;
    if (expected.tag != got.tag && !has_string && walk->out->length - from < 2 * VALUE_BYTES_MAX)
        ch_buffer_printf(walk->out, " (%s, %s)", ch_type_name(expected), ch_type_name(got));
    ch_buffer_add_byte(walk->out, '\n');
}

// ---- the walk ---------------------------------------------------------------------------------------------------------

static bool are_containers(ChValue a, ChValue b) {
    if (a.tag != b.tag) return false;
    switch ((ChTag)a.tag) {
    case CH_TAG_LIST:
    case CH_TAG_DICT:
    case CH_TAG_PAIR: return true;
    case CH_TAG_STRUCT: return a.as.record->shape->struct_name == b.as.record->shape->struct_name;
    case CH_TAG_ENUM:
        return a.as.variant->type == b.as.variant->type && a.as.variant->variant == b.as.variant->variant &&
               a.as.variant->count == b.as.variant->count;
    default: return false;
    }
}

static void step_dict(ChValue dict, uint32_t *at, ChString **key, ChValue *item) {
    if (!ch_dict_next(dict.as.dict, at, key, item)) *key = NULL;
}

static void push(Walk *walk, ChValue expected, ChValue got) {
    Level level = {.expected = expected, .got = got};
    if (expected.tag == CH_TAG_LIST) {
        const ChList *a = expected.as.list, *b = got.as.list;
        level.expected_behind = a->count;
        level.got_behind = b->count;
        // Of lists with different lengths, what is alike at both ends lines up.
        if (a->count != b->count && walk->levels.count < ALIGN_DEPTH_MAX) {
            while (level.before < a->count && level.before < b->count && ch_equal(a->items[level.before], b->items[level.before]))
                level.before++;
            while (level.expected_behind > level.before && level.got_behind > level.before &&
                   ch_equal(a->items[level.expected_behind - 1], b->items[level.got_behind - 1]))
                level.expected_behind--, level.got_behind--;
        }
        level.position = level.before;
    } else if (expected.tag == CH_TAG_DICT) {
        step_dict(expected, &level.expected_at, &level.expected_key, &level.expected_item);
        step_dict(got, &level.got_at, &level.got_key, &level.got_item);
    }
    ch_array_push(&walk->levels, level);
}

// A part that is there: nil stands for one that is not, and *has_... tells.
typedef struct Part {
    ChValue expected, got;
    bool has_expected, has_got;
} Part;

static bool next_of_dict(Level *level, Part *part) {
    ChString *a = level->expected_key, *b = level->got_key;
    if (!a && !b) return false;
    int order = !a ? 1 : !b ? -1 : ch_str_compare(ch_string_view(a), ch_string_view(b));
    *part = (Part){level->expected_item, level->got_item, order <= 0, order >= 0};
    level->key = ch_string_view(order <= 0 ? a : b);
    if (order <= 0) step_dict(level->expected, &level->expected_at, &level->expected_key, &level->expected_item);
    if (order >= 0) step_dict(level->got, &level->got_at, &level->got_key, &level->got_item);
    return true;
}

// The declared fields of both, then those that only the second has.
static bool next_of_struct(Level *level, Part *part) {
    const ChStruct *a = level->expected.as.record, *b = level->got.as.record;
    for (; level->position < a->shape->count + b->shape->count; level->position++) {
        bool is_first = level->position < a->shape->count;
        ChString *key = is_first ? a->shape->keys[level->position] : b->shape->keys[level->position - a->shape->count];
        ChValue *x = ch_struct_find(a, key), *y = ch_struct_find(b, key);
        if ((!is_first && x) || (!x && !y)) continue;
        *part = (Part){x ? *x : CH_NIL, y ? *y : CH_NIL, x != NULL, y != NULL};
        level->key = ch_string_view(key);
        level->position++;
        return true;
    }
    return false;
}

static bool next_of(Level *level, Part *part) {
    uint32_t at = level->position;
    level->index = at;
    switch ((ChTag)level->expected.tag) {
    case CH_TAG_LIST: {
        bool has_expected = at < level->expected_behind, has_got = at < level->got_behind;
        if (!has_expected && !has_got) return false;
        *part = (Part){CH_NIL, CH_NIL, has_expected, has_got};
        if (has_expected) part->expected = level->expected.as.list->items[at];
        if (has_got) part->got = level->got.as.list->items[at];
        break;
    }
    case CH_TAG_PAIR: {
        if (at >= 2) return false;
        const ChPair *a = level->expected.as.pair, *b = level->got.as.pair;
        level->key = at == 0 ? CH_STR("first") : CH_STR("second");
        *part = at == 0 ? (Part){a->first, b->first, true, true} : (Part){a->second, b->second, true, true};
        break;
    }
    case CH_TAG_ENUM:
        if (at >= level->expected.as.variant->count) return false;
        *part = (Part){level->expected.as.variant->fields[at], level->got.as.variant->fields[at], true, true};
        break;
    case CH_TAG_DICT: return next_of_dict(level, part);
    default: return next_of_struct(level, part);
    }
    level->position++;
    return true;
}

static void tell_sets(Walk *walk, const ChSet *expected, const ChSet *got) {
    for (uint32_t i = 0; i < expected->count && !walk->is_full; i++)
        if (!ch_set_contains(got, expected->items[i])) tell_one(walk, "missing", walk->paint.expected, expected->items[i]);
    for (uint32_t i = 0; i < got->count && !walk->is_full; i++)
        if (!ch_set_contains(expected, got->items[i])) tell_one(walk, "unexpected", walk->paint.got, got->items[i]);
}

static void compare(Walk *walk, ChValue expected, ChValue got) {
    if (are_containers(expected, got)) {
        if (expected.as.object != got.as.object) push(walk, expected, got);
    } else if (!ch_equal(expected, got)) {
        if (expected.tag == CH_TAG_SET && got.tag == CH_TAG_SET) tell_sets(walk, expected.as.set, got.as.set);
        else tell(walk, expected, got);
    }
}

void ch__assertion_explain(const ChAssertion *assertion, ChBuffer *out) {
    ChValue expected = assertion->expected, got = assertion->got;
    bool are_texts = expected.tag == CH_TAG_STRING && got.tag == CH_TAG_STRING &&
                     (expected.as.string->length > SHORT_TEXT_BYTES || got.as.string->length > SHORT_TEXT_BYTES ||
                      ch_str_find(ch_string_view(expected.as.string), CH_STR("\n"), 0) >= 0 ||
                      ch_str_find(ch_string_view(got.as.string), CH_STR("\n"), 0) >= 0);
    bool are_sets = expected.tag == CH_TAG_SET && got.tag == CH_TAG_SET;
    if (assertion->has_values && !are_texts && !are_sets && !are_containers(expected, got)) return;
    static const Paint plain = {"", "", "", ""}, colored = {"\033[31m", "\033[32m", "\033[36m", "\033[0m"};
    Walk walk = {.paint = assertion->color == CH_COLOR_ALWAYS ? colored : plain, .out = out};
    compare(&walk, expected, got);
    while (walk.levels.count && !walk.is_full) {
        Part part;
        Level *level = &ch_array_last(&walk.levels);
        if (!next_of(level, &part)) walk.levels.count--;
        else if (!part.has_got) tell_one(&walk, "missing", walk.paint.expected, part.expected);
        else if (!part.has_expected) tell_one(&walk, "unexpected", walk.paint.got, part.got);
        else compare(&walk, part.expected, part.got);
    }
    ch_array_release(&walk.levels);
}

// ---- remembering ------------------------------------------------------------------------------------------------------

void ch_vm_explain_assertions(ChVm *vm, ChColorMode color) {
    if (!vm->assertion) vm->assertion = ch_alloc_zero(1, sizeof *vm->assertion);
    vm->assertion->color = color;
}

static void forget(ChAssertion *assertion) {
    ch_release(assertion->error);
    ch_release(assertion->expected);
    ch_release(assertion->got);
}

void ch__assertion_failed(ChVm *vm, ChValue error, ChValue expected, ChValue got, bool has_values) {
    if (!vm->assertion) return;
    forget(vm->assertion);
    *vm->assertion = (ChAssertion){ch_retain(error), ch_retain(expected), ch_retain(got), has_values, vm->assertion->color};
}

const ChAssertion *ch__assertion_of(const ChVm *vm, const ChError *error) {
    const ChAssertion *assertion = vm->assertion;
    if (!assertion || error->kind != CH_ERROR_THROWN || error->value.tag != CH_TAG_STRING) return NULL;
    return assertion->error.tag == CH_TAG_STRING && assertion->error.as.string == error->value.as.string ? assertion : NULL;
}

void ch__assertion_free(ChVm *vm) {
    if (!vm->assertion) return;
    forget(vm->assertion);
    ch_free(vm->assertion);
    vm->assertion = NULL;
}
