/* The reference manual as data, and as text, JSON, Markdown and HTML. It is gathered from the tables (builtins, keywords,
 * operators, attributes, types, codes, lint rules) and from the doc comments of modules: nothing is listed here again. */
#ifndef CH_MANUAL_MANUAL_H
#define CH_MANUAL_MANUAL_H

#include "base/array.h"
#include "base/diagnostic.h"
#include "base/str.h"

typedef struct ChManualItem {
    const char *kind;   /* "function", "constant", "method", "keyword", "code", what a declaration is … */
    ChStr name;         /* by which it is asked for: "split", "list.map", "std/math.sum", "|>" */
    ChStr title;        /* on its page, where the module need not be said: "sum" */
    ChStr alias;        /* another name, or empty: "@test" of the attribute "test" */
    ChStr anchor;       /* unique on its page; letters, digits, '_', '-' and '.' */
    ChStr code;         /* as a declaration in Harn, or empty */
    ChStr signature;    /* "(text: string) -> string", of what can be called; else empty */
    ChStr doc, example; /* may be empty */
    uint32_t effects;   /* ChEffects */
    bool has_effects;   /* a builtin: its effects are known */
    bool is_internal;   /* of the runtime's own modules: its name begins with __ */
    uint32_t page;
} ChManualItem;

typedef struct ChManualPage {
    ChStr file;      /* without extension: "functions-string" */
    ChStr key;       /* by which it is asked for: "string", "std/math" */
    ChStr title;     /* "Texts" */
    ChStr doc;       /* what stands above the items, may be empty */
    const char *part; /* "Functions", "Methods", "Modules", "Language", "Diagnostics" */
    uint32_t first, count; /* its items */
} ChManualPage;

typedef struct ChManual {
    ChArena arena; /* of all texts */
    CH_ARRAY_OF(ChManualPage) pages;
    CH_ARRAY_OF(ChManualItem) items;
} ChManual;

typedef enum ChManualScope { CH_MANUAL_PUBLIC, CH_MANUAL_INTERNAL } ChManualScope;

/* An empty manual; free it with ch_manual_free. */
ChManual *ch_manual_new(void);
void ch_manual_free(ChManual *manual); /* NULL is allowed */
/* Adds everything that charn itself has; INTERNAL: also names for the runtime's own modules. */
void ch_manual_add_all(ChManual *manual, ChManualScope scope);
/* Adds a page with the exports of the module in a file. False: it cannot be read or has syntax errors. */
bool ch_manual_add_file(ChManual *manual, ChStr path);

/* Does the name mean this item? Its name, its alias, or for `.name` and a bare name the part behind the dot. */
bool ch_manual_is_named(const ChManualItem *item, ChStr name);
/* The nearest name of an item or a page, or empty. */
ChStr ch_manual_nearest(const ChManual *manual, ChStr name);

/* Appends what there is to say about the item, for a terminal. */
void ch_manual_add_text(const ChManual *manual, const ChManualItem *item, ChColorMode color, ChBuffer *out);
/* Appends the page's title and one line for each item. */
void ch_manual_add_contents(const ChManual *manual, const ChManualPage *page, ChBuffer *out);
/* Appends a JSON object and a newline: kind, name, page, part, signature, parameters [{name, type, default, rest}],
 * returns, effects, doc, example, internal. */
void ch_manual_add_json(const ChManual *manual, const ChManualItem *item, ChBuffer *out);

/* Takes a file of the manual, by its name in the folder; false: stop. */
typedef bool (*ChManualEmit)(void *data, const char *name, const ChBuffer *text);
/* The manual as files: index and a page each. HTML brings its style and search along and needs nothing from elsewhere.
 * False when `emit` said so. */
bool ch_manual_markdown(const ChManual *manual, ChManualEmit emit, void *data);
bool ch_manual_html(const ChManual *manual, ChManualEmit emit, void *data);

#endif
