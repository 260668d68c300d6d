// Compiled code: prototypes of functions with instructions, constants, handlers and the tables a debugger needs.
//
// A chunk is one module's code. It knows nothing of a running VM: constants are plain data (ChConst) which the VM
// turns into values when it links the chunk. A chunk is verified (verify.h) before it runs.
#ifndef CH_COMPILE_CHUNK_H
#define CH_COMPILE_CHUNK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/str.h"

typedef enum ChOp {
#define CH_OP(name, a, b, c, words, doc) CH_OP_##name,
#include "compile/opcodes.def"
#undef CH_OP
  CH_OP_COUNT
} ChOp;

typedef union ChInstr {
  struct {
    uint8_t op;
    uint8_t x;
    uint16_t a;
    uint16_t b;
    uint16_t c;
  };
  uint64_t word;
} ChInstr;

#define CH_X_FREE_B 1
#define CH_X_FREE_C 2
#define CH_X_FREE_A 8
#define CH_X_TAIL 1
#define CH_X_SPREAD 2
#define CH_X_SELF 4
#define CH_X_INCLUSIVE 1  // FOR_PREP
#define CH_X_BUILTIN 2    // FOR_PREP: the bounds are range()'s
#define CH_X_EXCLUSIVE 4  // NEW_RANGE
#define CH_X_OPTIONAL 4   // GET_FIELD, GET_INDEX: `?.`, `?[`
#define CH_X_WILDCARD 1   // IMPORT
#define CH_X_REEXPORT 2   // IMPORT, IMPORT_NAME

static inline int32_t ch_instr_bc(ChInstr i) { return (int32_t)((uint32_t)i.b | (uint32_t)i.c << 16); }

// Data words behind some instructions. Caches are filled by the VM and are 0 in a fresh chunk.
typedef union ChWord {
  uint64_t word;
  struct {
    uint32_t id;   // shape or type
    uint32_t slot; // slot, variant, index
  } cache;
} ChWord;

// Operand A of THROW_TEXT.
typedef enum ChThrowKind {
  CH_THROW_RUNTIME,            // the text
  CH_THROW_IMMUTABLE,          // the name that cannot be assigned to
  CH_THROW_UNDEFINED_VARIABLE, // the name
} ChThrowKind;

typedef enum ChConstKind {
  CH_CONST_INT,
  CH_CONST_FLOAT,
  CH_CONST_DURATION,
  CH_CONST_STRING,  // text
  CH_CONST_NAMES,   // names: the keys of a record literal or a dict rest
  CH_CONST_STRUCT,  // text: struct name; names: the fields given, in order
  CH_CONST_VARIANT, // text: enum name; names[0]: variant
  CH_CONST_NIL,
  CH_CONST_TRUE,
  CH_CONST_FALSE,
} ChConstKind;

typedef struct ChConst {
  ChConstKind kind;
  int64_t integer;
  double real;
  ChStr text;
  ChStr *names;
  uint32_t name_count;
} ChConst;

// A type that is checked at run time (spec: Runtime parameter type enforcement, Runtime shape validation).
typedef enum ChRtKind {
  CH_RT_ANY, CH_RT_NIL, CH_RT_BOOL, CH_RT_INT, CH_RT_FLOAT, CH_RT_STRING, CH_RT_BYTES, CH_RT_DURATION, CH_RT_LIST,
  CH_RT_DICT, CH_RT_SET, CH_RT_CLOSURE, CH_RT_RANGE, CH_RT_ITER, CH_RT_GENERATOR, CH_RT_STREAM, CH_RT_PAIR,
  CH_RT_SHAPE,     // names, optional flags, items
  CH_RT_UNION,     // items
  CH_RT_NAMED,     // struct or enum `text` (any value passes that is neither, when no such type is declared)
  CH_RT_INTERFACE, // interface `text`; names: its methods
  CH_RT_ALL,       // items: intersection
  CH_RT_LIT_STRING, CH_RT_LIT_INT, CH_RT_NUMBER, CH_RT_NEVER,
  CH_RT_TAG,       // text: what type_of answers (channel, atomic, task_handle ...)
} ChRtKind;

typedef struct ChRtType {
  ChRtKind kind;
  bool by_schema;          // checked and reported as a schema ("parameter 'p' expected T"), else as an argument type
  ChStr text;              // as the reference prints it in errors; the name of NAMED; the text of LIT_STRING
  int64_t integer;
  uint32_t count;          // fields of SHAPE, members of UNION, element of LIST/SET (1), value of DICT (1)
  struct ChRtType **items;
  ChStr *names;
  bool *optional;
} ChRtType;

typedef struct ChParam {
  ChStr name;
  uint32_t type; // index into rt_types + 1; 0: none
  bool has_default;
} ChParam;

typedef struct ChCapture {
  bool from_capture; // of the enclosing closure; else from its register
  bool from_self;    // the enclosing closure itself (a local function that a closure inside it names)
  uint16_t index;
  ChStr name;
} ChCapture;

typedef enum ChHandlerKind { CH_HANDLER_CATCH, CH_HANDLER_CATCH_TYPED, CH_HANDLER_FINALLY } ChHandlerKind;

// Words [start, end) are guarded. Innermost first. When it takes an error, registers from `live` on are cleared,
// R[reg] gets the caught value (CATCH) or the error itself (FINALLY), and the code at `target` runs.
typedef struct ChHandler {
  uint32_t start, end, target;
  uint16_t reg, live;
  ChHandlerKind kind;
  ChStr type_name; // CATCH_TYPED: name of the enum
} ChHandler;

// One entry per place where the source position changes; words from `pc` on belong to it. Line and column are
// 1-based. `statement` marks the first instruction of a statement (a place for a breakpoint) and says where the
// statement begins; where the instruction's own operand stands elsewhere, an entry with the same `pc` follows.
typedef struct ChLineEntry {
  uint32_t pc;
  uint32_t line;
  uint32_t column;
  bool statement;
} ChLineEntry;

typedef struct ChLocalName {
  ChStr name;
  uint16_t reg;
  bool is_mutable;
  bool is_hidden;          // compiler temporaries that hold state (loop limits ...)
  bool is_constant;        // the code holds the value: who reads the name does not read the register
  uint32_t start, end;     // words in which the name is in scope
} ChLocalName;

// An immutable name of a function around this one whose value stands in the code, so that nothing is captured.
typedef struct ChKnownName {
  ChStr name;
  uint32_t constant;
} ChKnownName;

#define CH_PROTO_GENERATOR 1  // `yield` in a fn
#define CH_PROTO_STREAM 2     // gen fn
#define CH_PROTO_REST 4       // the last parameter collects the rest
#define CH_PROTO_PIPELINE 8
#define CH_PROTO_PRELUDE 16   // shown as runtime code, skipped in traces that programs see
#define CH_PROTO_METHOD 32    // first parameter is self
#define CH_PROTO_TOPLEVEL 64  // a module's top-level code
#define CH_PROTO_STEP 128     // a step's or persona's own frame around its body; not shown

typedef struct ChProto {
  ChStr name;            // "" for the top level, "<closure>"-like names are made by who prints
  uint32_t index;        // in the chunk
  uint32_t flags;
  uint16_t register_count;
  uint16_t param_count;  // with the rest parameter
  uint16_t required_count;
  ChParam *params;
  ChInstr *code;
  uint32_t code_count;   // words
  ChHandler *handlers;
  uint32_t handler_count;
  ChCapture *captures;
  uint32_t capture_count;
  ChLineEntry *lines;
  uint32_t line_count;
  ChLocalName *locals;
  uint32_t local_count;
  ChKnownName *known_names;
  uint32_t known_name_count;
  uint32_t start_offset, end_offset; // bytes in the source
  struct ChChunk *chunk;
  struct ChLinkedProto *linked;      // the VM's part (constants as values, counters), NULL before linking
} ChProto;

typedef enum ChChunkDeclKind { CH_DECL_ENUM, CH_DECL_STRUCT, CH_DECL_IMPL, CH_DECL_INTERFACE } ChChunkDeclKind;

typedef struct ChChunkDecl {
  ChChunkDeclKind kind;
  ChStr name;
  ChStr *names;            // variants, fields, methods
  uint32_t *numbers;       // payload counts, 1 for optional fields, protos of methods
  uint32_t *types;         // struct fields: rt type + 1 or 0
  uint32_t count;
} ChChunkDecl;

typedef struct ChModuleSlot {
  ChStr name;
  bool is_public;
  bool is_mutable;
  bool is_function;
} ChModuleSlot;

typedef struct ChPipelineEntry {
  ChStr name;
  uint32_t proto;          // 0: not the one that this chunk was compiled for
  bool is_public;
} ChPipelineEntry;

typedef struct ChChunk {
  ChArena *arena;          // owns everything below
  ChStr path;              // as the user named it; shown in traces
  ChConst *constants;      // shared by all protos of the chunk
  uint32_t constant_count;
  ChRtType **rt_types;
  uint32_t rt_type_count;
  ChProto **protos;        // [0] is the top level
  uint32_t proto_count;
  ChChunkDecl *decls;
  uint32_t decl_count;
  ChModuleSlot *slots;     // top-level names
  uint32_t slot_count;
  ChPipelineEntry *pipelines;
  uint32_t pipeline_count;
} ChChunk;

// Name, operand shapes ("_RWMKISJDLEF") and sentence of an opcode, for disassembler, verifier and debugger.
typedef struct ChOpInfo {
  const char *name;
  char a, b, c;
  uint8_t words;
  const char *doc;
} ChOpInfo;
extern const ChOpInfo ch_op_info[CH_OP_COUNT];

// Position of a word in the source; the entry is borrowed, NULL for a proto without lines.
const ChLineEntry *ch_proto_line(const ChProto *proto, uint32_t pc);
// The statement whose first instruction is at `pc`, or NULL; borrowed.
const ChLineEntry *ch_proto_statement(const ChProto *proto, uint32_t pc);
// Text of one instruction at `pc` into `out`; returns how many words it takes. For `charn dis` and the debugger.
// The same of an instruction that need not be the word that stands there: a debugger patches code.
uint32_t ch_disassemble_instruction(const ChProto *proto, ChInstr instr, uint32_t pc, ChBuffer *out);
uint32_t ch_disassemble_at(const ChProto *proto, uint32_t pc, ChBuffer *out);
void ch_disassemble_chunk(const ChChunk *chunk, ChBuffer *out);
// Checks operand ranges, jump targets, windows, handlers, constants' kinds, slots and captures of every proto.
// Returns false with a sentence in `why` for a chunk that must not run.
bool ch_verify_chunk(const ChChunk *chunk, ChBuffer *why);
void ch_chunk_free(ChChunk *chunk);

#endif
