// What the files of the compiler share: the state of a module, of one function, and the small operations on them.
//
// Registers are handed out like a stack: locals of the scopes that are open, then temporaries. A local lives in the
// register in which its value was computed; operands name locals in place. The invariant that everything leans on:
// registers at and above `free_reg` hold nothing that is read again.
#ifndef CH_COMPILE_COMPILE_INT_H
#define CH_COMPILE_COMPILE_INT_H

#include "base/array.h"
#include "base/limits.h"
#include "base/map.h"
#include "compile/compile.h"

typedef CH_ARRAY_OF(uint32_t) ChPcs;

typedef struct ChCompiler ChCompiler;
typedef struct ChFn ChFn;

// A name in a function: a register, or the function itself by its own name.
typedef struct ChBinding {
    ChStr name;
    uint16_t reg;
    bool is_self;
    bool is_mutable;
    bool is_function;  // holds a closure for certain
    bool has_constant; // immutable and known: uses need no register
    ChConst constant;
    uint32_t shadowed; // binding index + 1 of the same name further out, 0: none
    uint32_t debug;    // index in the proto's local names
} ChBinding;

typedef enum ChRefKind {
    CH_REF_REGISTER,
    CH_REF_CAPTURE,
    CH_REF_SELF,
    CH_REF_CONSTANT,
    CH_REF_SLOT,
    CH_REF_BUILTIN,
    CH_REF_LATE,
} ChRefKind;

// What a name stands for where it is used.
typedef struct ChRef {
    ChRefKind kind;
    uint32_t index; // register, capture, slot, builtin
    bool is_mutable;
    bool is_function;
    ChConst constant;
} ChRef;

// A value that is wanted: a constant, or a register, which may be a temporary that dies with its use.
typedef struct ChOperand {
    bool is_constant;
    bool has_register; // a constant that also stands in a register
    bool is_temp;
    uint16_t reg;
    ChConst constant;
} ChOperand;

typedef enum ChCleanupKind {
    CH_CLEANUP_CATCH,   // only a guarded range
    CH_CLEANUP_FINALLY, // body: block of `finally` or `defer`
    CH_CLEANUP_LEAVE,   // reg: token of a deadline or mutex
    CH_CLEANUP_DROP,    // reg: value of an `owned` binding
    CH_CLEANUP_STORE,   // reg: value that was taken out of a module slot and goes back
} ChCleanupKind;

typedef struct ChPcRange {
    uint32_t start, end;
} ChPcRange;

typedef struct ChLoop ChLoop;

// Something that must happen when control leaves a region of code. Innermost first in ChFn.cleanup.
typedef struct ChCleanup {
    struct ChCleanup *outer;
    ChCleanupKind kind;
    const ChNode *body;
    uint16_t reg;
    uint32_t slot;
    uint16_t live;          // registers that keep their values when a handler takes over
    uint32_t binding_count; // names that its body sees
    ChLoop *loop;
    bool is_open;
    uint32_t open_pc;       // the guarded range in progress
    CH_ARRAY_OF(ChPcRange) ranges;
} ChCleanup;

struct ChLoop {
    ChLoop *outer;
    ChCleanup *cleanup; // those outside the loop
    ChPcs breaks, continues;
};

typedef struct ChScope {
    uint32_t binding_count;
    uint32_t first_reg;
    uint32_t outer_start; // ChFn.scope_start to return to
    bool outer_slots, outer_module;
} ChScope;

// A local whose last use this is: reading it moves it out. Or the field of one, which is assigned to afterwards.
typedef struct ChLastUse {
    const ChNode *node; // the identifier; the MEMBER
    uint16_t reg;
} ChLastUse;

struct ChFn {
    ChFn *parent;
    ChCompiler *c;
    ChProto *proto;
    CH_ARRAY_OF(ChInstr) code;
    CH_ARRAY_OF(ChHandler) handlers;
    CH_ARRAY_OF(ChLineEntry) lines;
    CH_ARRAY_OF(ChLocalName) debug;
    CH_ARRAY_OF(ChCapture) captures;
    CH_ARRAY_OF(ChKnownName) known_names;
    CH_ARRAY_OF(ChBinding) bindings;
    CH_ARRAY_OF(uint8_t) bound;        // by register: a local lives there
    CH_ARRAY_OF(ChLastUse) last_uses;
    ChMap names;                       // name -> binding index + 1
    ChMap capture_names;               // name -> capture index + 1
    ChMap known_map;                   // the names in known_names
    uint32_t free_reg, max_reg;
    uint32_t scope_start;              // bindings from here on belong to the innermost scope
    bool declares_slots;               // variables of this scope are slots of the module
    bool at_module_level;              // the top level of the file, outside of blocks
    ChLoop *loop;
    ChCleanup *cleanup;
    uint32_t offset;                   // place in the source of what is emitted next
    bool statement;                    // and it begins a statement,
    uint32_t statement_offset;         // this one
    bool reachable;
    bool long_jumps;
    bool jump_overflow;                // compile again with long_jumps
    bool allow_tail;
    bool is_toplevel;
};

typedef struct ChModuleName {
    uint32_t slot;
    bool is_function;
    bool is_mutable;
} ChModuleName;

struct ChCompileSession {
    ChArena arena; // of names
    CH_ARRAY_OF(ChModuleSlot) slots;
    ChMap module_names; // name -> ChModuleName *
    ChMap enums, structs, interfaces, aliases; // name -> the newest node of the top level
    CH_ARRAY_OF(ChTree *) trees; // that hold the nodes; counted
};

struct ChCompiler {
    ChArena *arena; // of the chunk
    ChChunk *chunk;
    const ChTree *tree;
    const ChCompileOptions *options;
    ChDiagnosticList *diagnostics;
    uint32_t error_count;
    CH_ARRAY_OF(ChConst) constants;
    CH_ARRAY_OF(ChRtType *) rt_types;
    CH_ARRAY_OF(ChProto *) protos;
    CH_ARRAY_OF(ChChunkDecl) decls;
    CH_ARRAY_OF(ChModuleSlot) slots;
    CH_ARRAY_OF(ChPipelineEntry) pipelines;
    CH_ARRAY_OF(ChInstr) hoisted; // instructions that the module's code begins with
    uint32_t hoist_reg;           // the first register that they may use
    ChMap constant_index;         // kind and bytes -> index
    ChMap rt_index;               // text -> index + 1
    ChMap module_names;           // name -> ChModuleName *
    ChMap enums;                  // declared anywhere in the file -> ENUM node, NULL for Result
    ChMap structs;                // -> STRUCT node
    ChMap interfaces;             // -> INTERFACE node
    ChMap aliases;                // type aliases of the top level -> TYPE_ALIAS node
    ChCompileSession *session;    // NULL: not a text of a session
    ChMap functions;              // top-level FN nodes by name, the first of each
    CH_ARRAY_OF(const ChNode *) wildcards; // IMPORT nodes without a list
    ChMap not_exported;                    // names that none of them gives
    uint32_t depth;
    bool in_alternatives;       // an or-pattern: its alternatives bind the same names
    uint32_t depth_in_pattern; // list and dict patterns around the one that is compiled
    bool depth_reported;
    bool limit_reported;
    // position of the last offset that was asked for, so that the next one is found by walking
    uint32_t at_offset, at_line, at_column;
};

#define CH_NO_REG UINT32_MAX

// ---- errors and limits (compile.c)
void ch__compile_error(ChCompiler *c, ChRange range, const char *format, ...) __attribute__((format(printf, 3, 4)));
// Counts nesting; false, with a diagnostic, when it is too deep. Pair with c->depth--.
bool ch__depth_enter(ChCompiler *c, const ChNode *node);

// ---- emitting (emit.c)
void ch__at(ChFn *fn, uint32_t offset);
void ch__statement(ChFn *fn, const ChNode *node);
uint32_t ch__emit(ChFn *fn, ChOp op, uint8_t x, uint32_t a, uint32_t b, uint32_t c);
uint32_t ch__emit_bc(ChFn *fn, ChOp op, uint8_t x, uint32_t a, uint32_t bc);
void ch__emit_word(ChFn *fn, uint64_t word);
// A jump whose target comes later; for L shapes (JMP, JT ...) `b` is unused.
void ch__jump(ChFn *fn, ChPcs *list, ChOp op, uint8_t x, uint32_t a, uint32_t b);
void ch__jump_back(ChFn *fn, ChOp op, uint8_t x, uint32_t a, uint32_t b, uint32_t target);
void ch__patch_here(ChFn *fn, ChPcs *list); // and empties it
void ch__patch_to(ChFn *fn, ChPcs *list, uint32_t target);
uint32_t ch__label(ChFn *fn); // the next word, as a target
uint32_t ch__constant(ChFn *fn, ChConst constant);
uint32_t ch__constant_text(ChFn *fn, ChStr text);
uint32_t ch__constant_names(ChFn *fn, ChConstKind kind, ChStr text, const ChStr *names, uint32_t count);
// The constant as a 16-bit operand, or -1 when there are too many.
int32_t ch__constant_short(ChFn *fn, ChConst constant);
void ch__load_constant(ChFn *fn, uint32_t dst, ChConst constant);
void ch__load_text(ChFn *fn, uint32_t dst, ChStr text);
void ch__load_nil(ChFn *fn, uint32_t dst);
void ch__move(ChFn *fn, uint32_t dst, uint32_t src, bool take);
ChConst ch__const_int(int64_t value);
ChConst ch__const_text(ChStr text);
static inline bool ch__fits_short(ChConst k) {
    return k.kind == CH_CONST_INT && k.integer >= INT16_MIN && k.integer <= INT16_MAX;
}

// ---- registers, scopes, names (scope.c)
uint32_t ch__push(ChFn *fn);                 // a new temporary
void ch__pop_to(ChFn *fn, uint32_t mark);
bool ch__is_bound(const ChFn *fn, uint32_t reg);
void ch__scope_open(ChFn *fn, ChScope *scope);
void ch__scope_close(ChFn *fn, const ChScope *scope);
// Makes `reg` known by a name from here on. The register must have been pushed.
ChBinding *ch__bind_reg(ChFn *fn, ChStr name, uint32_t reg, bool is_mutable);
ChBinding *ch__bind_self(ChFn *fn, ChStr name);
// The binding of the name in the innermost scope, NULL: none (redeclaration check).
ChBinding *ch__bound_here(ChFn *fn, ChStr name);
ChRef ch__resolve(ChFn *fn, ChStr name);
bool ch__is_builtin(ChFn *fn, ChStr name, uint32_t *index);
// Hide the names bound since `binding_count`, to compile code that stands further out; returns what to restore.
ChBinding *ch__names_hide(ChFn *fn, uint32_t binding_count, uint32_t *hidden);
void ch__names_restore(ChFn *fn, ChBinding *take_saved, uint32_t hidden);
uint32_t ch__slot(ChCompiler *c, ChStr name, bool is_public, bool is_mutable, bool is_function);

// ---- what a piece of the tree does (scan.c)
typedef struct ChScan {
    uint32_t node_count;
    bool has_yield;
    ChMap assigned; // names that are assigned to, here and not in closures
    ChMap in_loops; // names that are read in loops
    ChMap declared; // names that are declared in it
} ChScan;
void ch__scan_body(const ChNode *body, ChScan *scan);
void ch__scan_release(ChScan *scan);
// May evaluating it change a local of the function? (Assignments in blocks inside of expressions.)
bool ch__may_assign(const ChNode *node);
// The only place in `node` where the name is read, NULL when there are more, none, or one in a closure or loop.
const ChNode *ch__single_use(const ChNode *node, ChStr name);
// May evaluating it leave a loop around it (break, continue)?
bool ch__may_leave_loop(const ChNode *node);
bool ch__has_placeholder(const ChNode *node);

// ---- expressions (expr.c, expr_call.c, expr_data.c, cond.c, fold.c)
void ch__expr_to(ChFn *fn, const ChNode *node, uint32_t dst);
ChOperand ch__expr(ChFn *fn, const ChNode *node);      // constant, local in place, or new temporary
ChOperand ch__expr_reg(ChFn *fn, const ChNode *node);  // never a constant
ChOperand ch__in_register(ChFn *fn, ChOperand operand);
void ch__expr_drop(ChFn *fn, const ChNode *node);
bool ch__is_last_use(ChFn *fn, const ChNode *node, uint32_t reg); // of ChFn.last_uses
void ch__expr_push(ChFn *fn, const ChNode *node);      // into a new temporary
void ch__binary_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__arith(ChFn *fn, ChOperator op, uint32_t dst, ChOperand left, ChOperand right, uint32_t offset);
void ch__load_ref(ChFn *fn, ChRef ref, ChStr name, uint32_t dst);
void ch__postfix_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__call_to(ChFn *fn, const ChNode *node, uint32_t dst, bool tail);
// Calls a builtin or runtime function by name; arguments stand in the registers from `base` on.
void ch__call_named(ChFn *fn, ChStr name, uint32_t base, uint32_t count, uint32_t dst);
void ch__method_self(ChFn *fn, const ChNode *node, uint32_t reg); // x = x.method(...)
void ch__list_to(ChFn *fn, const ChNodeList *items, uint32_t dst, uint32_t offset);
void ch__dict_to(ChFn *fn, const ChNodeList *entries, uint32_t dst, uint32_t offset);
void ch__struct_literal_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__interpolation_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__pipe_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__hitl_to(ChFn *fn, const ChNode *node, uint32_t dst);
bool ch__is_enum(ChFn *fn, const ChNode *node, ChStr *name);
void ch__enum_to(ChFn *fn, ChStr type, ChStr variant, const ChNodeList *args, uint32_t dst, uint32_t offset);
// Jumps to `list` when the condition is `when`, else goes on.
void ch__cond(ChFn *fn, const ChNode *node, bool when, ChPcs *list);
void ch__cond_operands(ChFn *fn, const ChNode *node, ChPcs *decided);
void ch__cond_back(ChFn *fn, const ChNode *node, uint32_t target); // jump back when true
bool ch__fold(ChFn *fn, const ChNode *node, ChConst *out);
bool ch__fold_binary(ChFn *fn, ChOperator op, ChConst a, ChConst b, ChConst *out);
bool ch__const_truthy(ChConst k);

// ---- statements (stmt.c, loop.c, assign.c, match.c, guarded.c)
void ch__statements(ChFn *fn, const ChNodeList *items, uint32_t dst); // dst may be CH_NO_REG; the scope is the caller's
void ch__block(ChFn *fn, const ChNode *block, uint32_t dst);          // opens a scope
void ch__statement_to(ChFn *fn, const ChNode *node, uint32_t dst);    // dst may be CH_NO_REG
void ch__if(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__for(ChFn *fn, const ChNode *node);
void ch__while(ChFn *fn, const ChNode *node);
void ch__match(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__try(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__retry(ChFn *fn, const ChNode *node);
void ch__region(ChFn *fn, const ChNode *node, uint32_t dst); // deadline, mutex
void ch__return(ChFn *fn, const ChNode *node);
void ch__return_reg(ChFn *fn, uint32_t reg);
void ch__break(ChFn *fn, const ChNode *node);
void ch__assign(ChFn *fn, const ChNode *node);
// Takes the value in `value` apart into names of the innermost scope.
void ch__destructure(ChFn *fn, const ChNode *pattern, ChOperand value, bool is_mutable);
void ch__let(ChFn *fn, const ChNode *node);
// Declares a name whose value was computed into `reg`, the register on top (which then stays, or is popped when the
// name lives elsewhere). Handles `_`, redeclaration and module slots. Returns the binding or NULL.
ChBinding *ch__declare(ChFn *fn, ChStr name, uint32_t reg, bool is_mutable);
ChCleanup *ch__cleanup_open(ChFn *fn, ChCleanupKind kind, const ChNode *body, uint32_t reg);
// Ends the region: the code of its normal way out, and its handler. For CATCH only the range ends.
void ch__cleanup_close(ChFn *fn, ChCleanup *cleanup);
void ch__cleanups_close_to(ChFn *fn, ChCleanup *outer);
// The code of all cleanups inside `outer`, for a jump that leaves them; end with ch__exit_end behind the jump.
void ch__exit_begin(ChFn *fn, ChCleanup *outer);
void ch__exit_end(ChFn *fn, ChCleanup *outer);

// ---- functions and declarations (function.c, decl.c, module.c, types.c)
typedef struct ChFnSpec {
    ChStr name;
    ChNodeList params;         // PARAM
    ChStr single_param;        // for bodies of tasks: one parameter of this name; empty: none
    ChNodeList type_params;
    const ChNode *body;        // BLOCK
    uint32_t flags;            // CH_PROTO_...
    bool returns_value;        // of the last statement
    bool keeps_frame;          // no tail calls
    bool is_step;              // a step or persona: the runtime is told of each call
    bool binds_self;
    uint32_t start, end;
} ChFnSpec;
ChProto *ch__function(ChFn *parent, const ChFnSpec *spec);
void ch__closure_to(ChFn *fn, const ChFnSpec *spec, uint32_t dst);
ChFn *ch__fn_new(ChCompiler *c, ChFn *parent, ChProto *proto);
void ch__fn_finish(ChFn *fn); // moves what was built into the proto and frees the rest
void ch__fn_free(ChFn *fn);
void ch__fn_decl(ChFn *fn, const ChNode *node);
void ch__tool_decl(ChFn *fn, const ChNode *node);
void ch__skill_decl(ChFn *fn, const ChNode *node);
void ch__eval_pack_decl(ChFn *fn, const ChNode *node, bool run_body);
void ch__struct_decl(ChFn *fn, const ChNode *node);
void ch__enum_decl(ChFn *fn, const ChNode *node);
void ch__interface_decl(ChFn *fn, const ChNode *node);
void ch__impl_decl(ChFn *fn, const ChNode *node);
void ch__attributes(ChFn *fn, const ChNode *node);
void ch__attribute_value(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__parallel_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__spawn_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__select_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__cost_route_to(ChFn *fn, const ChNode *node, uint32_t dst);
void ch__hoist(ChCompiler *c, ChOp op, uint8_t x, uint32_t a, uint32_t bc);
ChProto *ch__module(ChCompiler *c);
uint32_t ch__rt_type(ChCompiler *c, const ChNode *type, const ChNodeList *type_params, bool rest);
void ch__type_text(const ChNode *type, ChBuffer *out);
const ChNode *ch__alias(ChCompiler *c, const ChNode *identifier); // the aliased type, NULL
bool ch__schema_to(ChFn *fn, const ChNode *type, uint32_t dst);     // false: the type has no schema
bool ch__json_schema_to(ChFn *fn, const ChNode *type, uint32_t dst);

// ---- session.c

void ch__session_take(ChCompiler *c);
void ch__session_give_back(ChCompiler *c);
// A declared ENUM, STRUCT, INTERFACE or TYPE_ALIAS of the text, or of an earlier one of its session; NULL: there is none.
ChMapEntry *ch__find_type(const ChCompiler *c, ChNodeKind kind, ChStr name);

#endif
