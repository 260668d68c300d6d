/*
 * Times of the parser, printed in microseconds of processor time, one per line, for run.py to sum up.
 *
 *     grammar_bench parse FILE ROUNDS          parse the whole file
 *     grammar_bench edit FILE OFFSET ROUNDS    at the byte OFFSET, insert one character or take it
 *                                              away again, and parse what changed
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_harn(void);

static double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The file's bytes, with room for one more; the caller frees them. NULL: it cannot be read. */
static char *file_read(const char *path, uint32_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    char *text = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        if (size >= 0 && size < INT32_MAX && (text = malloc((size_t)size + 2)) != NULL) {
            *length = (uint32_t)fread(text, 1, (size_t)size, file);
            text[*length] = '\0';
        }
    }
    fclose(file);
    return text;
}

static TSPoint point_at(const char *text, uint32_t offset) {
    TSPoint point = {0, 0};
    for (uint32_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            point.row++;
            point.column = 0;
        } else {
            point.column++;
        }
    }
    return point;
}

static void time_parses(TSParser *parser, const char *text, uint32_t length, int rounds) {
    for (int i = 0; i < rounds; i++) {
        double start = now_us();
        TSTree *tree = ts_parser_parse_string(parser, NULL, text, length);
        printf("%.1f\n", now_us() - start);
        ts_tree_delete(tree);
    }
}

static void time_edits(TSParser *parser, char *text, uint32_t length, uint32_t offset, int rounds) {
    TSTree *tree = ts_parser_parse_string(parser, NULL, text, length);
    TSPoint point = point_at(text, offset);
    TSPoint after = {point.row, point.column + 1};
    for (int i = 0; i < rounds; i++) {
        bool inserts = i % 2 == 0;
        if (inserts) {
            memmove(text + offset + 1, text + offset, length - offset + 1);
            text[offset] = 'q';
            length++;
        } else {
            memmove(text + offset, text + offset + 1, length - offset);
            length--;
        }
        TSInputEdit edit = {
            .start_byte = offset,
            .old_end_byte = inserts ? offset : offset + 1,
            .new_end_byte = inserts ? offset + 1 : offset,
            .start_point = point,
            .old_end_point = inserts ? point : after,
            .new_end_point = inserts ? after : point,
        };
        double start = now_us();
        ts_tree_edit(tree, &edit);
        TSTree *next = ts_parser_parse_string(parser, tree, text, length);
        printf("%.1f\n", now_us() - start);
        ts_tree_delete(tree);
        tree = next;
    }
    ts_tree_delete(tree);
}

int main(int argc, char **argv) {
    bool is_edit = argc == 5 && strcmp(argv[1], "edit") == 0;
    if (!is_edit && !(argc == 4 && strcmp(argv[1], "parse") == 0)) {
        fprintf(stderr, "usage: grammar_bench parse FILE ROUNDS | edit FILE OFFSET ROUNDS\n");
        return 2;
    }
    uint32_t length = 0;
    char *text = file_read(argv[2], &length);
    if (!text) {
        fprintf(stderr, "grammar_bench: %s cannot be read\n", argv[2]);
        return 1;
    }
    TSParser *parser = ts_parser_new();
    ts_parser_set_language(parser, tree_sitter_harn());
    if (is_edit) {
        uint32_t offset = (uint32_t)strtoul(argv[3], NULL, 10);
        time_edits(parser, text, length, offset < length ? offset : length, atoi(argv[4]));
    } else {
        time_parses(parser, text, length, atoi(argv[3]));
    }
    ts_parser_delete(parser);
    free(text);
    return 0;
}
