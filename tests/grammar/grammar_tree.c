/*
 * The parser's trees as text, for run.py.
 *
 *     grammar_tree tree FILE...             the tree of each file, named nodes and fields; after each
 *                                           tree a line "---- N", N being the number of its flaws
 *     grammar_tree flaws FILE               the number of flaws alone
 *     grammar_tree query QUERY FILE         what the query captures: name, place and first line
 *     grammar_tree edits SEED COUNT FILE    COUNT random edits, each parsed afresh and from the tree
 *                                           before: the trees of flawless texts must be equal; every
 *                                           few edits the text is put right again, and so must be the
 *                                           tree
 *
 * Flaws are ERROR and MISSING nodes, and those that stand for what the scanner found absent. Nothing
 * here recurses, so that trees of any depth can be printed.
 */
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_harn(void);

/* A text that grows. */
typedef struct {
    char *bytes;
    size_t length;
    size_t capacity;
} Text;

static void text_reserve(Text *text, size_t more) {
    if (text->length + more + 1 > text->capacity) {
        text->capacity = (text->length + more + 1) * 2;
        text->bytes = realloc(text->bytes, text->capacity);
        if (!text->bytes) {
            fprintf(stderr, "grammar_tree: out of memory\n");
            exit(1);
        }
    }
}

static void text_add(Text *text, const char *bytes, size_t length) {
    text_reserve(text, length);
    if (length > 0) {
        memcpy(text->bytes + text->length, bytes, length);
    }
    text->length += length;
    text->bytes[text->length] = '\0';
}

static void text_format(Text *text, const char *format, ...) {
    char buffer[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    size_t written = length < 0 ? 0 : (size_t)length;
    text_add(text, buffer, written < sizeof buffer ? written : sizeof buffer - 1);
}

static bool text_read(Text *text, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "grammar_tree: %s cannot be read\n", path);
        return false;
    }
    char buffer[4096];
    size_t count;
    text_reserve(text, 0);
    text->bytes[text->length] = '\0';
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0) {
        text_add(text, buffer, count);
    }
    fclose(file);
    return true;
}

static bool is_flaw(TSNode node) {
    const char *type = ts_node_type(node);
    return ts_node_is_error(node) || ts_node_is_missing(node) || strcmp(type, "absent") == 0 ||
           strcmp(type, "unterminated") == 0;
}

/* Returns the number of flaws; appends the tree, as tree-sitter's corpus files have it, if OUT. */
static unsigned tree_print(TSTree *tree, Text *out) {
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    unsigned flaws = 0;
    unsigned depth = 0;
    bool is_done = false;
    while (!is_done) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        bool is_shown = ts_node_is_named(node) || ts_node_is_missing(node);
        flaws += is_flaw(node);
        if (is_shown && out) {
            const char *field = ts_tree_cursor_current_field_name(&cursor);
            text_format(out, "%s%*s%s%s", depth > 0 ? "\n" : "", (int)depth * 2, "", field ? field : "",
                        field ? ": " : "");
            if (!ts_node_is_missing(node)) {
                text_format(out, "(%s", ts_node_type(node));
            } else if (ts_node_is_named(node)) {
                text_format(out, "(MISSING %s", ts_node_type(node));
            } else {
                text_format(out, "(MISSING \"%s\"", ts_node_type(node));
            }
        }
        if (is_shown && ts_tree_cursor_goto_first_child(&cursor)) {
            depth++;
            continue;
        }
        if (is_shown && out) {
            text_add(out, ")", 1);
        }
        while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
            if (!ts_tree_cursor_goto_parent(&cursor)) {
                is_done = true;
                break;
            }
            depth--;
            if (out) {
                text_add(out, ")", 1);
            }
        }
    }
    ts_tree_cursor_delete(&cursor);
    return flaws;
}

static int run_tree(TSParser *parser, char **paths) {
    for (; *paths; paths++) {
        Text source = {0};
        Text out = {0};
        if (!text_read(&source, *paths)) {
            return 1;
        }
        TSTree *tree = ts_parser_parse_string(parser, NULL, source.bytes, (uint32_t)source.length);
        unsigned flaws = tree_print(tree, &out);
        printf("%s\n---- %u\n", out.bytes, flaws);
        ts_tree_delete(tree);
        free(source.bytes);
        free(out.bytes);
    }
    return 0;
}

static int run_flaws(TSParser *parser, const char *path) {
    Text source = {0};
    if (!text_read(&source, path)) {
        return 1;
    }
    TSTree *tree = ts_parser_parse_string(parser, NULL, source.bytes, (uint32_t)source.length);
    printf("%u\n", tree_print(tree, NULL));
    ts_tree_delete(tree);
    free(source.bytes);
    return 0;
}

static bool text_matches(const char *pattern, const char *text) {
    regex_t regex;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        fprintf(stderr, "grammar_tree: %s is no regular expression\n", pattern);
        exit(1);
    }
    bool matches = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

static void capture_text(const TSQueryMatch *match, uint32_t id, const Text *source, Text *out) {
    for (uint16_t i = 0; i < match->capture_count; i++) {
        if (match->captures[i].index == id) {
            uint32_t start = ts_node_start_byte(match->captures[i].node);
            text_add(out, source->bytes + start, ts_node_end_byte(match->captures[i].node) - start);
            return;
        }
    }
    text_add(out, "", 0);
}

/* The two conditions that the queries use, #match? and #any-of?; #set! is none. */
static bool match_holds(const TSQuery *query, const TSQueryMatch *match, const Text *source) {
    uint32_t count;
    const TSQueryPredicateStep *steps = ts_query_predicates_for_pattern(query, match->pattern_index, &count);
    bool holds = true;
    for (uint32_t i = 0; i < count && holds; i++) {
        uint32_t length;
        const char *name = ts_query_string_value_for_id(query, steps[i].value_id, &length);
        bool is_match = strcmp(name, "match?") == 0;
        bool is_any_of = strcmp(name, "any-of?") == 0;
        bool found = !is_match && !is_any_of;
        Text text = {0};
        if (!found) {
            capture_text(match, steps[++i].value_id, source, &text);
        }
        for (i++; i < count && steps[i].type != TSQueryPredicateStepTypeDone; i++) {
            const char *value = ts_query_string_value_for_id(query, steps[i].value_id, &length);
            found = found || (is_match ? text_matches(value, text.bytes) : strcmp(value, text.bytes) == 0);
        }
        free(text.bytes);
        holds = found;
    }
    return holds;
}

static int run_query(TSParser *parser, const char *query_path, const char *path) {
    Text query_text = {0};
    Text source = {0};
    if (!text_read(&query_text, query_path) || !text_read(&source, path)) {
        return 1;
    }
    uint32_t error_offset = 0;
    TSQueryError error = TSQueryErrorNone;
    TSQuery *query = ts_query_new(tree_sitter_harn(), query_text.bytes, (uint32_t)query_text.length,
                                  &error_offset, &error);
    if (!query) {
        unsigned line = 1;
        for (uint32_t i = 0; i < error_offset; i++) {
            line += query_text.bytes[i] == '\n';
        }
        fprintf(stderr, "%s:%u: error %d in the query\n", query_path, line, (int)error);
        return 1;
    }
    TSTree *tree = ts_parser_parse_string(parser, NULL, source.bytes, (uint32_t)source.length);
    TSQueryCursor *cursor = ts_query_cursor_new();
    ts_query_cursor_exec(cursor, query, ts_tree_root_node(tree));
    TSQueryMatch match;
    uint32_t index;
    while (ts_query_cursor_next_capture(cursor, &match, &index)) {
        if (!match_holds(query, &match, &source)) {
            continue;
        }
        TSQueryCapture capture = match.captures[index];
        uint32_t name_length;
        const char *name = ts_query_capture_name_for_id(query, capture.index, &name_length);
        uint32_t start = ts_node_start_byte(capture.node);
        int shown = (int)strcspn(source.bytes + start, "\n");
        int length = (int)(ts_node_end_byte(capture.node) - start);
        printf("%.*s %u %.*s\n", (int)name_length, name, ts_node_start_point(capture.node).row + 1,
               shown < length ? shown : length, source.bytes + start);
    }
    ts_query_cursor_delete(cursor);
    ts_query_delete(query);
    ts_tree_delete(tree);
    free(query_text.bytes);
    free(source.bytes);
    return 0;
}

/* A small generator of its own (xorshift), so that a seed means the same everywhere. */
static uint32_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

static TSPoint point_at(const Text *text, uint32_t offset) {
    TSPoint point = {0, 0};
    for (uint32_t i = 0; i < offset; i++) {
        point.column++;
        if (text->bytes[i] == '\n') {
            point = (TSPoint){point.row + 1, 0};
        }
    }
    return point;
}

/* Replaces REMOVED bytes at START by the bytes ADDED, in the text and in the tree. */
static void edit_apply(Text *text, TSTree *tree, uint32_t start, uint32_t removed, const char *bytes,
                       uint32_t added) {
    TSInputEdit edit = {
        .start_byte = start,
        .old_end_byte = start + removed,
        .new_end_byte = start + added,
        .start_point = point_at(text, start),
        .old_end_point = point_at(text, start + removed),
    };
    text_reserve(text, added);
    memmove(text->bytes + start + added, text->bytes + start + removed, text->length - start - removed + 1);
    memcpy(text->bytes + start, bytes, added);
    text->length = text->length - removed + added;
    edit.new_end_point = point_at(text, start + added);
    ts_tree_edit(tree, &edit);
}

static void edit_at_random(Text *text, TSTree *tree, uint64_t *seed) {
    static const char *const snippets[] = {
        "",   "x",     "(",    ")",      "{",   "}",  "[",  "]",   "\"",    "\n",   " ",   ".",
        ", ", "-> ",   "${",   "\"\"\"", "// ", "/*", "*/", "if ", "fn ",   "let ", "?",   ": ",
        "|",  "else ", "\\\n", "Foo {",  "<",   ">",  "= ", "@a",  "catch", "1ms",  "r\"", "pub ",
    };
    uint32_t start = random_next(seed) % ((uint32_t)text->length + 1);
    uint32_t removed = random_next(seed) % 4;
    if (removed > text->length - start) {
        removed = (uint32_t)text->length - start;
    }
    const char *snippet = snippets[random_next(seed) % (sizeof snippets / sizeof *snippets)];
    edit_apply(text, tree, start, removed, snippet, (uint32_t)strlen(snippet));
}

/* Makes the text what the source is, by one edit of what lies between the parts that agree. */
static void edit_restore(Text *text, TSTree *tree, const Text *source) {
    size_t shorter = text->length < source->length ? text->length : source->length;
    size_t before = 0;
    while (before < shorter && text->bytes[before] == source->bytes[before]) {
        before++;
    }
    size_t after = 0;
    while (after < shorter - before &&
           text->bytes[text->length - 1 - after] == source->bytes[source->length - 1 - after]) {
        after++;
    }
    edit_apply(text, tree, (uint32_t)before, (uint32_t)(text->length - before - after),
               source->bytes + before, (uint32_t)(source->length - before - after));
}

/* Parses the edited tree's text both ways; frees the tree and returns the new one. */
static TSTree *reparse(TSParser *parser, TSTree *tree, const Text *text, unsigned *compared,
                       unsigned *differing) {
    TSTree *next = ts_parser_parse_string(parser, tree, text->bytes, (uint32_t)text->length);
    TSTree *fresh = ts_parser_parse_string(parser, NULL, text->bytes, (uint32_t)text->length);
    Text next_text = {0};
    Text fresh_text = {0};
    tree_print(next, &next_text);
    if (tree_print(fresh, &fresh_text) == 0) {
        ++*compared;
        if (strcmp(next_text.bytes, fresh_text.bytes) != 0) {
            ++*differing;
            printf("the trees differ; the text:\n%s\nincremental:\n%s\nfresh:\n%s\n", text->bytes,
                   next_text.bytes, fresh_text.bytes);
        }
    }
    free(next_text.bytes);
    free(fresh_text.bytes);
    ts_tree_delete(fresh);
    ts_tree_delete(tree);
    return next;
}

static int run_edits(TSParser *parser, uint64_t seed, unsigned count, const char *path) {
    enum { EDITS_BEFORE_RESTORING = 5 };
    Text source = {0};
    Text text = {0};
    if (!text_read(&source, path)) {
        return 1;
    }
    text_add(&text, source.bytes, source.length);
    unsigned compared = 0;
    unsigned differing = 0;
    TSTree *tree = ts_parser_parse_string(parser, NULL, text.bytes, (uint32_t)text.length);
    for (unsigned i = 1; i <= count && differing == 0; i++) {
        edit_at_random(&text, tree, &seed);
        tree = reparse(parser, tree, &text, &compared, &differing);
        if (i % EDITS_BEFORE_RESTORING == 0 && differing == 0) {
            edit_restore(&text, tree, &source);
            tree = reparse(parser, tree, &text, &compared, &differing);
        }
    }
    printf("%u compared\n", compared);
    ts_tree_delete(tree);
    free(text.bytes);
    free(source.bytes);
    return differing > 0;
}

int main(int argc, char **argv) {
    TSParser *parser = ts_parser_new();
    int status = 2;
    if (!ts_parser_set_language(parser, tree_sitter_harn())) {
        fprintf(stderr, "grammar_tree: the parser does not fit the tree-sitter runtime\n");
    } else if (argc >= 3 && strcmp(argv[1], "tree") == 0) {
        status = run_tree(parser, argv + 2);
    } else if (argc == 3 && strcmp(argv[1], "flaws") == 0) {
        status = run_flaws(parser, argv[2]);
    } else if (argc == 4 && strcmp(argv[1], "query") == 0) {
        status = run_query(parser, argv[2], argv[3]);
    } else if (argc == 5 && strcmp(argv[1], "edits") == 0) {
        uint64_t seed = strtoull(argv[2], NULL, 10) * 2654435761u + 1;
        status = run_edits(parser, seed, (unsigned)strtoul(argv[3], NULL, 10), argv[4]);
    } else {
        fprintf(stderr,
                "usage: grammar_tree tree FILE... | flaws FILE | query QUERY FILE | edits SEED COUNT FILE\n");
    }
    ts_parser_delete(parser);
    return status;
}
