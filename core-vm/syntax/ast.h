/* The abstract syntax tree: what a Harn file says, without how it was spaced.
 *
 * A tree is immutable once built, lives in one arena and dies whole. Nodes of all
 * sorts (declarations, statements, expressions, patterns, types, and their parts
 * such as parameters and match arms) are ChNode, so that one walker, one id space
 * and one dump serve all. Each kind uses one member of the union `as`; ast_kinds.def
 * lists kind, member and children. A node is allocated only as large as its kind
 * needs: never copy a ChNode by value.
 *
 * Broken text gives a tree all the same: what could not be understood becomes
 * CH_NODE_ERROR, or a NULL child where a part is missing. Every child pointer may
 * be NULL in a tree with errors; trees without errors have NULL only where this
 * header says so. A missing name is empty.
 *
 * Depth: chains grow to the left (a + b + c is ((a + b) + c), a.b().c likewise) and
 * else-ifs and ternaries to the right, all to any length; everything else nests at most
 * CH_SYNTAX_DEPTH_MAX deep. So nobody may recurse over a tree: walk with
 * ch_node_walk, or with ChNodeIter and a stack of your own. To compile a binary
 * chain, follow `left` down to the innermost node first, pushing the nodes passed,
 * then pop them. */
#ifndef CH_SYNTAX_AST_H
#define CH_SYNTAX_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diagnostic.h"
#include "base/source.h"
#include "base/str.h"

typedef enum ChNodeKind {
#define CH_NODE(kind, payload, title, slots) CH_NODE_##kind,
#include "syntax/ast_kinds.def"
#undef CH_NODE
    CH_NODE_KIND_COUNT
} ChNodeKind;

typedef enum ChOperator {
#define CH_OPERATOR(name, text, doc) CH_OPERATOR_##name,
#include "syntax/operators.def"
#undef CH_OPERATOR
    CH_OPERATOR_COUNT
} ChOperator;

/* ChNode.flags. Bits are reused where kinds differ. */
enum {
    CH_FLAG_PUB = 1 << 0,            /* declarations, imports: `pub` */
    CH_FLAG_GEN = 1 << 1,            /* FN: `gen fn`, makes a stream */
    CH_FLAG_SELECTIVE = 1 << 1,      /* IMPORT: has a list of names */
    CH_FLAG_SCOPED = 1 << 2,         /* IMPORT: written std::a::{b} */
    CH_FLAG_OPTIONAL = 1 << 1,       /* MEMBER, METHOD_CALL: `?.`; INDEX: `?[`; fields: `name?` */
    CH_FLAG_REST = 1 << 1,           /* PARAM, PATTERN_FIELD, PATTERN_ELEMENT: `...name` */
    CH_FLAG_EXCLUSIVE = 1 << 1,      /* RANGE: the last value is not part of it */
    CH_FLAG_COMPUTED = 1 << 1,       /* DICT_ENTRY: `[key]: value`; else the key is a STRING */
    CH_FLAG_FN_SYNTAX = 1 << 1,      /* CLOSURE: `fn(x) { }` instead of `{ x -> }` */
    CH_FLAG_RAW = 1 << 1,            /* STRING: r"..." */
    CH_FLAG_MULTILINE = 1 << 2,      /* STRING, INTERPOLATION: """...""" */
    CH_FLAG_TEXT_PART = 1 << 3,      /* STRING: literal text between interpolations */
    CH_FLAG_BARE_KEY = 1 << 4,       /* STRING as key: written without quotes */
    CH_FLAG_OVERFLOW = 1 << 1,       /* FLOAT: written as an int beyond 64 bits */
    CH_FLAG_SUGAR = 1 << 1,          /* TYPE_UNION: written `T?`; TYPE_GENERIC: written `[T]` */
    CH_FLAG_PARENTHESIZED = 1 << 14, /* any expression: stands in parentheses */
    CH_FLAG_HAS_ERROR = 1 << 15,     /* something in it could not be understood */
};

typedef struct ChNode ChNode;

typedef struct ChNodeList {
    ChNode **items; /* no item is NULL */
    uint32_t count;
} ChNodeList;

/* A name or text with the place where it stands. Empty text: it is missing. */
typedef struct ChName {
    ChStr text;
    ChRange range;
} ChName;

/* What all declarations begin with. */
typedef struct ChDecl {
    ChName name;
    ChNodeList attributes; /* ATTRIBUTE */
    ChStr doc;             /* text of the doc comment, markers and indentation removed */
} ChDecl;

typedef enum ChVariance { CH_VARIANCE_NONE, CH_VARIANCE_IN, CH_VARIANCE_OUT } ChVariance;

typedef enum ChParallelMode {
    CH_PARALLEL_COUNT,       /* parallel N { i -> } */
    CH_PARALLEL_EACH,        /* parallel each list { item -> } */
    CH_PARALLEL_EACH_STREAM, /* parallel each list { item -> } as stream */
    CH_PARALLEL_SETTLE,      /* parallel settle list { item -> } */
} ChParallelMode;

struct ChNode {
    uint16_t kind;       /* ChNodeKind */
    uint16_t flags;      /* CH_FLAG_... */
    uint32_t id;         /* 0 .. ChTree.node_count - 1, in no promised order */
    uint32_t start, end; /* byte offsets; attributes and doc comment lie before start */
    union {
        struct {
            char unused;
        } none;
        struct {
            ChNodeList items;
        } file; /* declarations and statements */

        /* ---- declarations: `decl` first in each */
        ChDecl decl; /* of PIPELINE, FN, TOOL, SKILL, EVAL_PACK, OVERRIDE, STRUCT, ENUM,
                        INTERFACE, INTERFACE_METHOD, IMPL, TYPE_ALIAS */
        struct {
            ChDecl decl;
            ChNodeList params;   /* PARAM */
            ChNode *return_type; /* may be NULL */
            ChName extends;      /* may be empty */
            ChNode *body;        /* BLOCK */
        } pipeline;
        struct {
            ChDecl decl;
            ChNodeList type_params; /* TYPE_PARAM */
            ChNodeList params;      /* PARAM */
            ChNode *return_type;    /* may be NULL */
            ChNodeList where;       /* WHERE */
            ChNode *body;           /* BLOCK; NULL for INTERFACE_METHOD */
        } fn;
        struct {
            ChDecl decl;
            ChNodeList params;
            ChNode *return_type; /* may be NULL */
            ChStr description;   /* empty: none given (see has_description) */
            bool has_description;
            ChNode *body; /* BLOCK */
        } tool;
        struct {
            ChDecl decl;
            ChNodeList fields; /* NAMED_VALUE */
        } skill;
        struct {
            ChDecl decl; /* name: the binding's name, made from the id when only that stands */
            ChStr pack_id;
            ChNodeList fields; /* NAMED_VALUE */
            ChNode *body;      /* BLOCK of the executable statements, maybe empty */
            ChNode *summarize; /* BLOCK, may be NULL */
        } eval_pack;
        struct {
            ChDecl decl;
            ChNodeList params;
            ChNode *body;
        } override;
        struct {
            ChName path;      /* unescaped; scoped imports joined with '/' */
            ChNodeList names; /* IMPORT_NAME, with CH_FLAG_SELECTIVE */
        } import;
        struct {
            ChDecl decl;
            ChNodeList type_params;
            ChNodeList fields; /* STRUCT_FIELD */
        } struct_;
        struct {
            ChName name;
            ChNode *type; /* NULL: none given (STRUCT_FIELD, INTERFACE_TYPE) */
        } field;          /* STRUCT_FIELD, INTERFACE_TYPE, TYPE_FIELD */
        struct {
            ChDecl decl;
            ChNodeList type_params;
            ChNodeList variants; /* ENUM_VARIANT */
        } enum_;
        struct {
            ChName name;
            ChNodeList fields; /* PARAM */
            ChStr doc;
        } variant;
        struct {
            ChDecl decl;
            ChNodeList type_params;
            ChNodeList types;   /* INTERFACE_TYPE */
            ChNodeList methods; /* INTERFACE_METHOD */
        } interface;
        struct {
            ChDecl decl;        /* name: the type's name */
            ChNodeList methods; /* FN */
        } impl;
        struct {
            ChDecl decl;
            ChNodeList type_params;
            ChNode *type;
        } type_alias;
        struct {
            ChNode *pattern; /* PATTERN_NAME, PATTERN_DICT, PATTERN_LIST */
            ChNode *type;    /* may be NULL */
            ChNode *value;
            ChStr doc;
        } binding; /* LET, VAR, CONST */

        /* ---- parts of declarations */
        struct {
            ChName name;
            ChNodeList args; /* NAMED_VALUE, or a value: literal, IDENTIFIER (dotted text
                                possible), LIST, DICT, CALL of an IDENTIFIER */
        } attribute;
        struct {
            ChName name;
            ChNode *type;          /* may be NULL */
            ChNode *default_value; /* may be NULL */
        } param;
        struct {
            ChName name;
            ChVariance variance;
        } type_param;
        struct {
            ChName name;
            ChName bound;
        } where;
        struct {
            ChName name;
            ChNode *value;
        } named_value; /* fields of skills and eval packs, options, named arguments */

        /* ---- statements */
        struct {
            ChNodeList statements;
        } block;
        struct {
            ChNode *target; /* IDENTIFIER, MEMBER or INDEX */
            ChOperator op;  /* CH_OPERATOR_NONE for `=`, ADD for `+=` ... */
            ChNode *value;
        } assign;
        struct {
            ChNode *condition;
            ChNode *then_body; /* BLOCK */
            ChNode *else_body; /* BLOCK, IF (else if), or NULL */
        } if_;
        struct {
            ChNode *pattern; /* any PATTERN_... */
            ChNode *iterable;
            ChNode *body;
        } for_;
        struct {
            ChNode *condition;
            ChNode *body;
        } while_;
        struct {
            ChNode *value;
            ChNodeList arms; /* MATCH_ARM */
        } match;
        struct {
            ChNode *pattern; /* an expression, or OR_PATTERN */
            ChNode *guard;   /* may be NULL */
            ChNode *body;    /* BLOCK */
        } match_arm;
        struct {
            ChNode *value; /* RETRY: count, DEADLINE: duration; else NULL */
            ChNode *body;  /* BLOCK */
        } sized_body;      /* RETRY, DEADLINE, SPAWN, MUTEX, DEFER */
        struct {
            ChNodeList options; /* NAMED_VALUE */
            ChNode *body;
        } cost_route;
        struct {
            ChParallelMode mode;
            ChNode *value;      /* count, or list */
            ChNodeList options; /* NAMED_VALUE */
            ChName variable;    /* may be empty */
            ChNode *body;
        } parallel;
        struct {
            ChNodeList cases;     /* SELECT_CASE */
            ChNode *timeout;      /* duration, may be NULL */
            ChNode *timeout_body; /* BLOCK, with timeout */
            ChNode *default_body; /* BLOCK, may be NULL */
        } select;
        struct {
            ChName variable;
            ChNode *channel;
            ChNode *body;
        } select_case;
        struct {
            ChNode *body;
            ChNode *catch_clause; /* CATCH, may be NULL */
            ChNode *finally_body; /* BLOCK, may be NULL; without both it makes a Result */
        } try_;
        struct {
            ChName variable; /* may be empty */
            ChNode *type;    /* may be NULL */
            ChNode *body;
        } catch_;
        struct {
            ChNode *condition;
            ChNode *else_body;
        } guard;
        struct {
            ChNode *condition;
            ChNode *message; /* may be NULL */
        } require;

        /* ---- expressions */
        struct {
            bool value;
        } boolean;
        struct {
            int64_t value;
        } integer; /* INT, TYPE_INT */
        struct {
            double value;
        } number;
        struct {
            uint64_t milliseconds;
        } duration;
        struct {
            ChStr text;
        } string; /* STRING, TYPE_STRING: unescaped, may hold NUL */
        struct {
            ChName name;
        } name; /* IDENTIFIER, PATTERN_NAME, TYPE_NAME, IMPORT_NAME */
        struct {
            ChNodeList items;
        } list;
        /* LIST: expressions and SPREAD. DICT: DICT_ENTRY and SPREAD.
           INTERPOLATION: STRING with CH_FLAG_TEXT_PART, and expressions.
           OR_PATTERN, PATTERN_DICT (PATTERN_FIELD), PATTERN_LIST (PATTERN_ELEMENT),
           TYPE_UNION (flat, `T?` holds TYPE_NAME nil), TYPE_INTERSECTION,
           TYPE_SHAPE (TYPE_FIELD), ERROR. */
        struct {
            ChNode *key; /* STRING, or any expression with CH_FLAG_COMPUTED */
            ChNode *value;
        } dict_entry;
        struct {
            ChName name;
            ChNodeList entries; /* DICT_ENTRY and SPREAD */
        } struct_literal;
        struct {
            ChOperator op;   /* UNARY: NOT or NEGATE */
            ChNode *operand; /* RETURN, YIELD: may be NULL */
        } unary;             /* UNARY, SPREAD, PROPAGATE, TRY_STAR, RETURN, THROW, YIELD, EMIT */
        struct {
            ChOperator op;
            uint32_t op_start; /* offset of the operator */
            ChNode *left, *right;
        } binary;
        struct {
            ChNode *condition, *then_value, *else_value;
        } ternary;
        struct {
            ChNode *first, *last;
        } range;
        struct {
            ChNode *callee;
            ChNodeList type_args;
            ChNodeList args; /* expressions and SPREAD */
        } call;
        struct {
            ChNode *object;
            ChName name;
            ChNodeList type_args;
            ChNodeList args;
        } method_call; /* also Enum.Variant(args): names are resolved later */
        struct {
            ChNode *object;
            ChName name;
        } member;
        struct {
            ChNode *object, *index;
        } index;
        struct {
            ChNode *object;
            ChNode *first, *last; /* may be NULL */
        } slice;
        struct {
            ChNodeList params;
            ChNode *return_type; /* may be NULL */
            ChNode *body;        /* BLOCK */
        } closure;
        struct {
            ChName name;     /* request_approval, dual_control, ask_user, escalate_to */
            ChNodeList args; /* NAMED_VALUE, or an expression */
        } hitl;

        /* ---- patterns */
        struct {
            ChName key;            /* PATTERN_FIELD: the dict key; empty for ELEMENT */
            ChName name;           /* what is bound; equal to key without an alias */
            ChNode *default_value; /* may be NULL */
        } pattern_item;
        struct {
            ChName first, second;
        } pattern_pair;

        /* ---- types */
        struct {
            ChName name; /* `[T]` is list<T> with CH_FLAG_SUGAR */
            ChNodeList args;
        } type_generic;
        struct {
            ChNodeList params; /* types */
            ChNode *return_type;
        } type_fn;
    } as;
};

/* A comment of the text, in order. */
typedef struct ChComment {
    ChRange range;
    bool is_block;
    bool is_doc;
    bool is_alone; /* nothing but white space before it on its line */
} ChComment;

typedef struct TSTree TSTree;

/* One parsed file. Immutable and counted: threads may read it together. */
typedef struct ChTree {
    ChSource *source;
    ChArena arena;
    ChNode *root; /* CH_NODE_FILE, never NULL */
    ChComment *comments;
    uint32_t comment_count;
    ChStr doc;                    /* of the file: the comment it begins with, unless that is a declaration's */
    uint32_t node_count;          /* ids are smaller: size of side tables */
    ChDiagnosticList diagnostics; /* of the syntax alone, in order of place */
    TSTree *syntax;               /* the concrete tree, for the next parse and for tokens */
    bool is_provisional;          /* see ch_tree_is_provisional */
    bool is_refused;              /* too deep to be parsed: root and syntax are empty */
    int ref_count;
} ChTree;

ChTree *ch_tree_ref(ChTree *tree);
void ch_tree_unref(ChTree *tree); /* NULL is allowed */

/* "let", "method-call"; never NULL. */
const char *ch_node_title(ChNodeKind kind);

/* "+"; never NULL. */
const char *ch_operator_text(ChOperator op);

static inline ChRange ch_node_range(const ChNode *node) {
    return (ChRange){node->start, node->end};
}

/* Is it one of the kinds that begin with ChDecl? */
bool ch_node_is_decl(const ChNode *node);

/* Is it a type, a TYPE_... kind? */
bool ch_node_is_type(const ChNode *node);

/* The children of a node in order of the source, NULL ones left out:
 *
 *     ChNodeIter children = ch_node_iter(node);
 *     for (ChNode *child; (child = ch_node_next(&children));) ...
 */
typedef struct ChNodeIter {
    const ChNode *node;
    uint32_t slot, item;
} ChNodeIter;

ChNodeIter ch_node_iter(const ChNode *node);
ChNode *ch_node_next(ChNodeIter *iter);

typedef enum ChWalk {
    CH_WALK_INTO, /* go on with the children */
    CH_WALK_OVER, /* leave the children out; `leave` is still called */
    CH_WALK_STOP, /* end the whole walk */
} ChWalk;

/* Visit `root` and all below it, parents before (enter) and after (leave, may be
 * NULL) their children. The stack is on the heap; any depth works. */
void ch_node_walk(ChNode *root, ChWalk (*enter)(ChNode *node, void *data),
                  void (*leave)(ChNode *node, void *data), void *data);

/* The innermost node that covers the offset, never NULL for offsets in the file.
 * `path`, when not NULL, receives the chain from the root down, at most
 * `path_max` innermost ones; *path_count is how many. */
ChNode *ch_tree_node_at(const ChTree *tree, uint32_t offset, ChNode **path, uint32_t path_max,
                        uint32_t *path_count);

/* Append the tree below `node` as text, one node a line, indented. */
void ch_node_dump(const ChNode *node, ChBuffer *out);

#endif
