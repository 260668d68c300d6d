/* What the concrete tree shows of itself: tokens, the tree as text, keywords. */
#include "syntax/syntax.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "syntax/syntax_int.h"

#include "base/banned.h"

typedef struct ConcreteWalk {
    TSTreeCursor cursor;
    uint32_t depth;
} ConcreteWalk;

/* Go to the next node in order of the text; false at the end. */
static bool step(ConcreteWalk *walk) {
    if (ts_tree_cursor_goto_first_child(&walk->cursor)) {
        walk->depth++;
        return true;
    }
    while (!ts_tree_cursor_goto_next_sibling(&walk->cursor)) {
        if (!ts_tree_cursor_goto_parent(&walk->cursor)) return false;
        walk->depth--;
    }
    return true;
}

static void add_place(const ChSource *source, uint32_t start, uint32_t end, ChBuffer *out) {
    ChPosition from = ch_source_position(source, start), to = ch_source_position(source, end);
    ch_buffer_printf(out, "%u:%u-%u:%u", from.line, from.column, to.line, to.column);
}

void ch_tree_visit_tokens(const ChTree *tree, ChTokenVisit visit, void *data) {
    ConcreteWalk walk = {.cursor = ts_tree_cursor_new(ts_tree_root_node(tree->syntax))};
    do {
        TSNode node = ts_tree_cursor_current_node(&walk.cursor);
        ChRange range = {ts_node_start_byte(node), ts_node_end_byte(node)};
        bool is_missing = ts_node_is_missing(node);
        if (ts_node_child_count(node) || (range.start == range.end && !is_missing)) continue;
        const char *type = ts_node_type(node);
        visit(data, range,
              is_missing                               ? "missing"
              : ts_node_is_named(node)                 ? type
              : ch_syntax_is_keyword(ch_str_of(type)) ? "keyword"
                                                       : "punctuation",
              type);
    } while (step(&walk));
    ts_tree_cursor_delete(&walk.cursor);
}

typedef struct TokenDump {
    const ChSource *source;
    ChBuffer *out;
} TokenDump;

static void dump_token(void *data, ChRange range, const char *kind, const char *type) {
    TokenDump *dump = data;
    add_place(dump->source, range.start, range.end, dump->out);
    ch_buffer_printf(dump->out, " %s ", kind);
    ch_buffer_add_json(dump->out, range.start == range.end ? ch_str_of(type) : ch_source_text(dump->source, range));
    ch_buffer_add_byte(dump->out, '\n');
}

void ch_tree_dump_tokens(const ChTree *tree, ChBuffer *out) {
    TokenDump dump = {tree->source, out};
    ch_tree_visit_tokens(tree, dump_token, &dump);
}

#define CONCRETE_INDENT_MAX 200u

void ch_tree_dump_concrete(const ChTree *tree, ChBuffer *out) {
    ConcreteWalk walk = {.cursor = ts_tree_cursor_new(ts_tree_root_node(tree->syntax))};
    do {
        TSNode node = ts_tree_cursor_current_node(&walk.cursor);
        if (!ts_node_is_named(node) && !ts_node_is_missing(node)) continue;
        uint32_t indent = walk.depth < CONCRETE_INDENT_MAX ? walk.depth : CONCRETE_INDENT_MAX;
        ch_buffer_add_repeat(out, ' ', (size_t)indent * 2);
        const char *field = ts_tree_cursor_current_field_name(&walk.cursor);
        if (field) ch_buffer_printf(out, "%s: ", field);
        ch_buffer_printf(out, "%s%s ", ts_node_is_missing(node) ? "MISSING " : "", ts_node_type(node));
        add_place(tree->source, ts_node_start_byte(node), ts_node_end_byte(node), out);
        ch_buffer_add_byte(out, '\n');
    } while (step(&walk));
    ts_tree_cursor_delete(&walk.cursor);
}

/* ---- keywords */

static const ChStr KEYWORDS[] = {
#define CH_KEYWORD(text, is_reserved, doc) CH_STR_INIT(text),
#include "syntax/keywords.def"
#undef CH_KEYWORD
    {0},
};

static const bool RESERVED[] = {
#define CH_KEYWORD(text, is_reserved, doc) is_reserved,
#include "syntax/keywords.def"
#undef CH_KEYWORD
};

const ChStr *ch_syntax_keywords(void) {
    return KEYWORDS;
}

#define KEYWORD_LENGTH_MAX 16u

/* The reserved words by first letter: numbers into KEYWORDS + 1, 0 ends a chain. */
static struct {
    uint8_t first['z' - 'a' + 1];
    uint8_t next[sizeof RESERVED / sizeof *RESERVED];
} chains;
static pthread_once_t chains_once = PTHREAD_ONCE_INIT;

_Static_assert(sizeof RESERVED / sizeof *RESERVED < 255, "numbers of keywords are kept in bytes");

static void make_chains(void) {
    for (unsigned i = 0; i < sizeof RESERVED / sizeof *RESERVED; i++) {
        if (!RESERVED[i]) continue;
        uint8_t *first = &chains.first[KEYWORDS[i].data[0] - 'a'];
        chains.next[i] = *first;
        *first = (uint8_t)(i + 1);
    }
}

bool ch_syntax_is_keyword(ChStr word) {
    /* Asked for every name of a text: most are told apart by their first letter. */
    if (word.length < 2 || word.length > KEYWORD_LENGTH_MAX || word.data[0] < 'a' || word.data[0] > 'z') return false;
    pthread_once(&chains_once, make_chains);
    for (unsigned i = chains.first[word.data[0] - 'a']; i; i = chains.next[i - 1])
        if (ch_str_equal(KEYWORDS[i - 1], word)) return true;
    return false;
}
