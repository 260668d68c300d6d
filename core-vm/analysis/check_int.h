/* The checker's own state, shared by check*.c, narrow.c, subtype.c and match.c.
 *
 * The bodies are walked once, in the order of execution, by a machine whose stack is
 * on the heap: a frame is a node being checked, its step function says which child
 * comes next or that the node is done. When a child is done its result lies in the
 * checker (`type`, `refs`, `exits`) until the parent's next step.
 *
 * Flow: `states` holds for each variable what is known on the current path. Whatever
 * changes it is noted on the trail, so leaving a branch takes back what the branch
 * learned. A variable that a branch assigned to is known by its declared type only
 * when the branch is left. */
#ifndef CH_ANALYSIS_CHECK_INT_H
#define CH_ANALYSIS_CHECK_INT_H

#include "analysis/analysis_int.h"

/* What a condition tells about one variable. */
typedef struct ChRefinement {
    uint32_t symbol;
    const ChType *type; /* narrowed to this; NULL: nothing but ruled_out */
    ChStr ruled_out;    /* a type_of kind that an `unknown` is known not to be */
} ChRefinement;

/* Persistent lists, so that long chains of conditions share their beginnings. */
typedef struct ChRefinementCell {
    ChRefinement item;
    const struct ChRefinementCell *before;
    uint32_t count;
} ChRefinementCell;

typedef struct ChRefinements {
    const ChRefinementCell *truthy, *falsy;
} ChRefinements;

typedef struct ChRuledOut {
    ChStr kind;
    const struct ChRuledOut *before;
} ChRuledOut;

/* What is known about a variable here. */
typedef struct ChState {
    const ChType *declared; /* written or first assigned; NULL: untyped */
    const ChType *current;  /* narrowed */
    const ChRuledOut *ruled_out;
    const ChType *schema;   /* the type that a schema value bound to it describes */
    uint32_t function;      /* of the declaration: ChFunction.number */
    bool is_known;          /* the walk has passed its declaration */
    bool is_nil_widenable;  /* `var x = nil`: the first value sets the type */
} ChState;

typedef struct ChTrailEntry {
    uint32_t symbol;
    bool is_assignment;
    ChState before;
} ChTrailEntry;

/* The function whose body is being checked. */
typedef struct ChFunction {
    struct ChFunction *outer;
    const ChType *result; /* what `return` must give; NULL: anything */
    ChRange result_range;
    const char *what;     /* "return value" */
    const ChType *emits;  /* of a `gen fn`: what `emit` must give; may be NULL */
    bool is_gen;
    bool is_function;     /* not a spawned block */
    uint32_t number;
    const ChWhere *where;
    uint32_t where_count;
} ChFunction;

typedef struct ChFrame {
    const ChNode *node;
    uint32_t stage;
    uint32_t index;
    uint32_t mark; /* trail height to go back to */
    bool flag;
    const ChType *type;
    ChRefinements refs;
    void *data;
} ChFrame;

typedef struct ChChecker {
    ChAnalysis *analysis;
    ChTypeStore *types;
    const ChAnalysisOptions *options;
    CH_ARRAY_OF(ChFrame) frames;
    CH_ARRAY_OF(ChTrailEntry) trail;
    ChState *states;
    ChFunction *function;
    uint32_t function_count;
    CH_ARRAY_OF(ChReference) writes; /* in order of place */
    /* The child to check next, and the result of the one checked last. */
    const ChNode *child;
    const ChType *type;
    ChRefinements refs;
    bool exits; /* control never comes out of it at the end */
    uint32_t steps;
    uint32_t interface_depth; /* interfaces being compared within one another */
    /* Names of the variants or fields of the declaration asked for last. */
    const ChTypeDecl *named_decl;
    ChMap names; /* to the position + 1 */
    const struct ChKnown **known; /* by symbol: the values of constants; NULL until there is one */
} ChChecker;

typedef enum ChStep { CH_STEP_DONE, CH_STEP_CHILD } ChStep;

/* In a step function: check `node` (NULL is fine), then come back. */
#define CH_VISIT(checker, node)          \
    do {                                 \
        (checker)->child = (node);       \
        return CH_STEP_CHILD;            \
    } while (0)

/* The node is done and has this type. */
static inline ChStep ch__done(ChChecker *checker, const ChFrame *frame, const ChType *type)
{
    checker->analysis->node_types[frame->node->id] = type;
    checker->type = type;
    checker->refs = (ChRefinements){0};
    checker->exits = false;
    return CH_STEP_DONE;
}

static inline const ChType *ch__type_at(const ChChecker *checker, const ChNode *node)
{
    return node ? checker->analysis->node_types[node->id] : NULL;
}

static inline uint32_t ch__symbol_at(const ChChecker *checker, const ChNode *node)
{
    uint32_t index = node ? checker->analysis->node_symbols[node->id] : CH_SYMBOL_NONE;
    return index < checker->analysis->symbols.count ? index : CH_SYMBOL_NONE;
}

static inline ChSymbol *ch__symbol_of(const ChChecker *checker, const ChNode *node)
{
    uint32_t index = ch__symbol_at(checker, node);
    return index == CH_SYMBOL_NONE ? NULL : &checker->analysis->symbols.items[index];
}

/* ---- check_stmt.c, check_expr.c, check_call.c, match.c: one step of a node ---- */
ChStep ch__check_statement(ChChecker *checker, ChFrame *frame);
ChStep ch__check_expression(ChChecker *checker, ChFrame *frame);
ChStep ch__check_callable(ChChecker *checker, ChFrame *frame);
ChStep ch__check_call(ChChecker *checker, ChFrame *frame);
ChStep ch__check_method_call(ChChecker *checker, ChFrame *frame);
ChStep ch__check_struct_literal(ChChecker *checker, ChFrame *frame);
ChStep ch__check_match(ChChecker *checker, ChFrame *frame);

/* What an operator gives, NULL: not known. */
const ChType *ch__binary_type(ChChecker *checker, ChOperator op, const ChType *left,
                              const ChType *right);

/* Enum.Variant or Enum.Variant(args): report what is wrong, give its type. `args` may be
 * NULL, then the variant is named only. */
const ChType *ch__enum_value(ChChecker *checker, const ChTypeDecl *decl, const ChNode *node,
                             ChName variant, const ChNodeList *args);

/* ---- check.c: flow ---- */
void ch__state_set(ChChecker *checker, uint32_t symbol, const ChState *state, bool is_assignment);
void ch__state_declare(ChChecker *checker, uint32_t symbol, const ChType *type);
static inline uint32_t ch__flow_mark(const ChChecker *checker) { return checker->trail.count; }
void ch__flow_restore(ChChecker *checker, uint32_t mark);
/* Forget what was narrowed of variables that the loop assigns to. */
void ch__flow_enter_loop(ChChecker *checker, ChRange range);
void ch__function_enter(ChChecker *checker, ChFunction *function);
void ch__function_leave(ChChecker *checker);

/* ---- narrow.c ---- */
void ch__refs_add(ChChecker *checker, const ChRefinementCell **list, ChRefinement item);
const ChRefinementCell *ch__refs_join(ChChecker *checker, const ChRefinementCell *a,
                                      const ChRefinementCell *b);
void ch__refs_apply(ChChecker *checker, const ChRefinementCell *list);
ChRefinements ch__refine_equality(ChChecker *checker, const ChNode *node);
ChRefinements ch__refine_truth(ChChecker *checker, const ChNode *identifier);
ChRefinements ch__refine_has(ChChecker *checker, const ChNode *call);
ChRefinements ch__refine_schema(ChChecker *checker, const ChNode *call);
/* The union's members that have this type_of kind; NULL: none. */
const ChType *ch__narrow_to_kind(ChChecker *checker, const ChType *type, ChStr kind);
const ChType *ch__narrow_from_kind(ChChecker *checker, const ChType *type, ChStr kind);

/* A tagged union of shapes: the field that tells its members apart, or empty. `type` is
 * resolved. */
ChStr ch__discriminant_of(ChChecker *checker, const ChType *type);
/* The shape whose tag equals the literal node; *rest is the union of the others. */
const ChType *ch__narrow_by_tag(ChChecker *checker, const ChType *type, ChStr tag,
                                const ChNode *literal, const ChType **rest);
void ch__check_unknown_covered(ChChecker *checker, ChRange range, const char *site);

/* ---- subtype.c ---- */

/* May a value of type `actual` stand where `expected` is wanted? */
bool ch__type_fits(ChChecker *checker, const ChType *expected, const ChType *actual);
/* Aliases at the top of the type expanded, those of union members too. */
const ChType *ch__type_resolve(ChChecker *checker, const ChType *type);
/* Fill bindings from a parameter's type and an argument's. False: a conflict, with
 * the text for it in *conflict. */
bool ch__bind(ChChecker *checker, const ChType *param, const ChType *arg, ChBindings *bindings,
              ChStr *conflict);
ChBindings ch__bindings_new(ChChecker *checker, const ChTypeParam *params, uint32_t count);
/* Why `type` does not satisfy the interface; empty when it does. */
ChStr ch__interface_mismatch(ChChecker *checker, const ChType *type, const ChTypeDecl *interface,
                             const ChType *expected);
/* Why the shapes, lists ... differ, for the parentheses behind a mismatch; may be empty. */
ChStr ch__mismatch_detail(ChChecker *checker, const ChType *expected, const ChType *actual);
/* "CONTEXT: expected X, found Y (why)", with hint and related place. */
ChDiagnostic *ch__report_mismatch(ChChecker *checker, const char *code, ChStr context,
                                  const ChType *expected, const ChType *actual,
                                  const ChNode *value);

/* ---- schema.c ---- */
/* The type that a schema expression describes: a type's name, schema_of(T), a dict
 * literal in JSON Schema's manner, a variable that holds one. NULL: not known. */
const ChType *ch__schema_type(ChChecker *checker, const ChNode *node);

/* ---- members.c ---- */
/* Type of `object.name` (a field), NULL: not known. */
const ChType *ch__field_type(ChChecker *checker, const ChType *object, ChStr name,
                             bool is_optional_access);
/* Type of object.name(args) for builtin methods, NULL: not known. */
const ChType *ch__method_type(ChChecker *checker, const ChType *object, ChStr name);
/* What `for x in value` binds. */
const ChType *ch__item_type(ChChecker *checker, const ChType *type);
/* Report a field that cannot be there. */
void ch__check_member(ChChecker *checker, const ChNode *node);
/* Note which member symbol a member node names. */
void ch__link_member(ChChecker *checker, const ChNode *node, const ChType *object, ChName name,
                     uint32_t flags);

/* Position of a variant (of an enum) or field (of a struct), or -1. */
int32_t ch__decl_position(ChChecker *checker, const ChTypeDecl *decl, ChStr name);

/* ---- match.c ---- */
void ch__check_exhaustive(ChChecker *checker, const ChNode *match);

/* ---- constant.c ---- */
/* Is the value of a `const` known before the program runs? It is then kept for those that name it. */
void ch__check_constant(ChChecker *checker, const ChNode *binding, uint32_t symbol, ChStr name);

/* ---- options.c ---- */
/* A dict literal for a parameter of options: every key must be one of the type's. */
void ch__check_options(ChChecker *checker, ChStr context, ChStr param, const ChType *expected,
                       const ChNode *arg);
/* The same for the options of a builtin that calls a model. */
void ch__check_model_options(ChChecker *checker, ChStr builtin, ChStr param, const ChNode *arg);

/* ---- attribute_args.c ---- */
void ch__check_attribute_args(ChChecker *checker, const ChNode *attribute);
/* Attributes of one declaration that exclude or need each other. */
void ch__check_flow_attributes(ChChecker *checker, const ChNodeList *attributes);

/* ---- approvals.c ---- */
void ch__check_approval(ChChecker *checker, const ChNode *node);

/* ---- attributes.c ---- */
void ch__check_attributes(ChChecker *checker, const ChNode *decl);

/* "did you mean": the reference's limits. */
static inline uint32_t ch__edits_allowed(ChStr name) { return name.length <= 4 ? 1 : 2; }

#endif
