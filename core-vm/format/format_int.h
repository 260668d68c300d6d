/* How the formatter works. Each construct is described once, by ch__format_expand, as
 * a row of pieces: texts, line ends with their indentation, and the nodes inside. From
 * that description one pass measures every node from the leaves up and decides how it
 * is laid out, and one pass writes. Both keep their stacks on the heap.
 *
 * A node's indentation depends only on what it stands in, never on columns, and the
 * width that counts is that of the node's own text. So decisions are local, the time
 * is linear, and formatted text stays as it is. */
#ifndef CH_FORMAT_FORMAT_INT_H
#define CH_FORMAT_FORMAT_INT_H

#include "base/array.h"
#include "format/format.h"

/* Indentation stops growing here, so that deep nesting gives text of linear size. */
#define CH_FORMAT_INDENT_MAX 100u

/* How a node is laid out. */
enum {
    CH__BROKEN = 1, /* its list: one item a line */
    CH__SPLIT = 2,  /* its operator or its dot begins a line */
};

typedef enum ChPieceKind { CH__PIECE_TEXT, CH__PIECE_LINE, CH__PIECE_NODE } ChPieceKind;

typedef struct ChPiece {
    uint32_t kind;   /* ChPieceKind */
    uint32_t indent; /* LINE: of the line that begins; NODE: of the node */
    ChStr text;
    const ChNode *node;
} ChPiece;

typedef CH_ARRAY_OF(ChPiece) ChPieceList;

/* Where a comment goes, seen from the node it belongs to. */
typedef enum ChCommentPlace {
    CH__BEFORE, /* on lines of its own before the node */
    CH__BEHIND, /* behind the node on its line */
    CH__AMID,   /* before the operator, the dot, or the keyword behind the attributes */
    CH__LAST,   /* on lines of its own before the closing bracket */
    CH__COMMENT_PLACE_COUNT,
} ChCommentPlace;

/* What is known of one node. Comments are chained by index + 1, 0 ends. */
typedef struct ChNodeLayout {
    uint32_t indent;
    uint32_t total; /* bytes of its text */
    uint32_t last;  /* bytes of its last line */
    uint8_t variant;
    bool is_multi; /* more than one line */
    uint32_t first_comment[CH__COMMENT_PLACE_COUNT], last_comment[CH__COMMENT_PLACE_COUNT];
} ChNodeLayout;

typedef struct ChFormatter {
    const ChTree *tree;
    uint32_t width;
    bool keep_parens;               /* write every pair of parentheses that the source has */
    uint32_t first_item, last_item; /* of the file: what is formatted */
    bool is_range;
    ChNodeLayout *layouts;  /* by node id */
    uint32_t *next_comment; /* by index of the comment: next one of the same place + 1 */
    ChPieceList pieces;     /* of the node that is being expanded */
    ChArena arena;          /* texts that are not in the source */
} ChFormatter;

/* ---- pieces: append to f->pieces */
void ch__piece_text(ChFormatter *f, const char *text);
void ch__piece_str(ChFormatter *f, ChStr text);
void ch__piece_line(ChFormatter *f, uint32_t indent);
void ch__piece_node(ChFormatter *f, const ChNode *node, uint32_t indent);

static inline ChNodeLayout *ch__layout_of(ChFormatter *f, const ChNode *node) {
    return &f->layouts[node->id];
}

/* Append what the node is made of, in its present variant. */
void ch__format_expand(ChFormatter *f, const ChNode *node);
bool ch__expand_decl(ChFormatter *f, const ChNode *node, uint32_t indent);
bool ch__expand_stmt(ChFormatter *f, const ChNode *node, uint32_t indent);
bool ch__expand_expr(ChFormatter *f, const ChNode *node, uint32_t indent);
bool ch__expand_type(ChFormatter *f, const ChNode *node, uint32_t indent);

/* Parts that several constructs share. */
void ch__expand_block(ChFormatter *f, const ChNode *block, uint32_t indent);  /* { ... } */
void ch__expand_inline(ChFormatter *f, const ChNode *block, uint32_t indent); /* { x } where it may */
void ch__expand_lines(ChFormatter *f, ChNodeList list, uint32_t indent);      /* each on its own line */
void ch__expand_items(ChFormatter *f, const ChNode *owner, ChNodeList list, const char *open,
                      const char *close, uint32_t indent, bool is_broken); /* open a, b close */
void ch__expand_commas(ChFormatter *f, ChNodeList list, uint32_t indent);  /* a, b, never broken */
void ch__expand_operand(ChFormatter *f, const ChNode *node, uint32_t indent, bool needs_parens);

/* Sort key of imports: standard library first, then by path, whole modules first. */
int ch__import_compare(const ChNode *a, const ChNode *b);
/* The names of an import in the order in which they are written, in the arena. */
ChNodeList ch__import_names(ChArena *arena, const ChNode *node);
/* The items of the file in the order in which they are written: imports at its
 * beginning are sorted. */
ChNodeList ch__file_items(ChArena *arena, const ChNode *file);

/* The `if` that is all of a block, else NULL. */
const ChNode *ch__only_if(const ChNode *block);

/* May the only statement of a body stand beside its braces? */
bool ch__is_inline(ChFormatter *f, const ChNode *block);

/* ---- measuring and writing */
void ch__layout_run(ChFormatter *f, const ChNode *root);
void ch__layout_write(ChFormatter *f, const ChNode *root, ChBuffer *out);

/* ---- comments */
void ch__comments_assign(ChFormatter *f);
static inline bool ch__has_comment(ChFormatter *f, const ChNode *node, ChCommentPlace place) {
    return f->layouts[node->id].first_comment[place] != 0;
}
/* Each on a line of its own, a line end behind each; is_file: blank lines around
 * separators. */
void ch__comments_before(ChFormatter *f, const ChNode *node, ChCommentPlace place, uint32_t indent);
/* Each on a line of its own, a line end before each. */
void ch__comments_last(ChFormatter *f, const ChNode *node, uint32_t indent);
/* On the present line, after two spaces. */
void ch__comments_behind(ChFormatter *f, const ChNode *node);
/* Where the node begins, with its attributes. */
uint32_t ch__node_begin(const ChNode *node);

/* ---- literals: their text in the canonical way; borrowed from the source or arena */
ChStr ch__literal_text(ChFormatter *f, const ChNode *node);
/* A key of a dict: without quotes where it is a name. */
ChStr ch__key_text(ChFormatter *f, const ChNode *key);
ChStr ch__quoted(ChFormatter *f, ChStr value);

#endif
