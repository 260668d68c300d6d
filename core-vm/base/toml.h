/* TOML 1.0: a text to a tree that knows where each thing stands. Dates are texts. */
#ifndef CH_BASE_TOML_H
#define CH_BASE_TOML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Arrays and inline tables in each other. */
#define CH_TOML_DEPTH_MAX 100

typedef enum ChTomlKind {
    CH_TOML_TABLE,
    CH_TOML_ARRAY,
    CH_TOML_TEXT,
    CH_TOML_INT,
    CH_TOML_FLOAT,
    CH_TOML_BOOL,
} ChTomlKind;

typedef struct ChToml {
    ChTomlKind kind;
    uint8_t flags;        /* the parser's own */
    uint32_t at;          /* offset of the key, of an item of an array: of the item */
    uint32_t value_at;    /* offset of the value, of a table: of its header */
    ChStr key;            /* empty in arrays */
    struct ChToml *first, *last, *next; /* what a table or array holds, in the order of the text */
    union {
        ChStr text;
        int64_t integer;
        double real;
        bool boolean;
    } as;
} ChToml;

typedef struct ChTomlProblem {
    const char *text; /* static */
    uint32_t at;      /* offset */
} ChTomlProblem;

/* The root table, in the arena with everything in it; keys and texts are copies. NULL: *problem says where and why. */
ChToml *ch_toml_parse(ChArena *arena, ChStr text, ChTomlProblem *problem);

/* What a table has under the key, or NULL; NULL too for what is no table. */
const ChToml *ch_toml_get(const ChToml *table, ChStr key);

/* Appends the problem with its line, as it is shown to users. */
void ch_toml_describe(ChStr text, const ChTomlProblem *problem, ChBuffer *out);

#endif
