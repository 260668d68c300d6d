/* Static types. A type is immutable and interned in the store of its analysis: two
 * types of one store are the same type exactly when the pointers are equal. NULL
 * stands for "nothing is known" (gradual typing) wherever a type is expected.
 *
 * Depth and size are bounded when a type is made (CH_TYPE_DEPTH_MAX,
 * CH_TYPE_WEIGHT_MAX): what would be larger is NULL instead. So operations on types
 * may recurse, whatever the program says. */
#ifndef CH_ANALYSIS_TYPE_H
#define CH_ANALYSIS_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "syntax/ast.h"

typedef struct ChType ChType;
typedef struct ChTypeDecl ChTypeDecl;

typedef enum ChTypeKind {
    CH_TYPE_ANY,          /* the escape hatch: compatible in both directions */
    CH_TYPE_UNKNOWN,      /* the safe top: nothing comes out without narrowing */
    CH_TYPE_NEVER,        /* of expressions that give no value */
    CH_TYPE_WILDCARD,     /* `_`: an argument of a generic that was not inferred */
    CH_TYPE_NAME,         /* int, dict, closure, User ...: text, decl when declared */
    CH_TYPE_PARAM,        /* a type parameter: text, owner */
    CH_TYPE_STRING,       /* "pass": text */
    CH_TYPE_INT,          /* 3: value */
    CH_TYPE_UNION,        /* items: flat, at least 2, distinct, without never */
    CH_TYPE_INTERSECTION, /* items */
    CH_TYPE_SHAPE,        /* fields, in order of the source */
    CH_TYPE_LIST,         /* items[0] */
    CH_TYPE_ITER,
    CH_TYPE_GENERATOR,
    CH_TYPE_STREAM,
    CH_TYPE_OWNED,
    CH_TYPE_DICT,    /* items: key, value */
    CH_TYPE_APPLIED, /* text, decl when declared, items: arguments */
    CH_TYPE_FN,      /* items: parameters, then the result; NULL where untyped */
} ChTypeKind;

typedef struct ChTypeField {
    ChStr name;
    const ChType *type; /* never NULL in a shape; wildcard where nothing is known */
    bool is_optional;
} ChTypeField;

struct ChType {
    ChTypeKind kind;
    uint16_t depth;
    uint32_t weight; /* number of types in it, counted as a tree */
    uint32_t id;     /* dense within the store */
    uint32_t owner;  /* PARAM: which declaration it belongs to */
    uint32_t count;  /* of items, or of fields */
    ChStr text;
    int64_t value;
    const ChTypeDecl *decl; /* NAME, APPLIED; may be NULL */
    const ChType *const *items;
    const ChTypeField *fields;
};

typedef struct ChTypeParam {
    ChStr name;
    ChVariance variance;
    const ChType *type; /* the PARAM */
} ChTypeParam;

typedef struct ChSignatureParam {
    ChStr name;
    const ChType *type; /* NULL: untyped. A rest parameter has the type of one item */
    bool has_default;
    bool is_rest;
} ChSignatureParam;

typedef struct ChWhere {
    const ChType *param; /* a PARAM */
    ChStr bound;         /* name of an interface */
    const ChTypeDecl *interface; /* may be NULL */
} ChWhere;

/* How something can be called. */
typedef struct ChSignature {
    ChStr name;
    ChSignatureParam *params; /* without `self` */
    uint32_t param_count, required_count;
    bool has_rest, has_self, is_gen;
    const ChType *result; /* NULL: untyped */
    ChTypeParam *type_params;
    uint32_t type_param_count;
    ChWhere *where;
    uint32_t where_count;
    ChStr doc;
    ChRange range; /* where it is declared, in the source of its module */
} ChSignature;

typedef struct ChVariant {
    ChStr name;
    ChSignatureParam *fields;
    uint32_t field_count;
} ChVariant;

typedef enum ChTypeDeclKind {
    CH_TYPE_DECL_ALIAS,
    CH_TYPE_DECL_STRUCT,
    CH_TYPE_DECL_ENUM,
    CH_TYPE_DECL_INTERFACE,
} ChTypeDeclKind;

struct ChTypeDecl {
    ChTypeDeclKind kind;
    ChStr name;
    ChTypeParam *params; /* of an INTERFACE, its associated types follow the param_count */
    uint32_t param_count;
    const ChType *body;  /* ALIAS; may be NULL */
    ChTypeField *fields; /* STRUCT: type may be NULL. INTERFACE: associated types, with default */
    uint32_t field_count;
    ChVariant *variants; /* ENUM */
    uint32_t variant_count;
    ChSignature **methods; /* of the interface, or from impl blocks */
    uint32_t method_count, method_capacity;
    uint32_t symbol;       /* index in the analysis that declares it */
    const void *module;    /* ChModuleFacts that declares it, NULL: the analysed file */
};

/* The types that every store has. */
#define CH_TYPE_BASICS(X) \
    X(int_, "int") X(float_, "float") X(string, "string") X(bool_, "bool") X(nil, "nil") \
    X(bytes, "bytes") X(list, "list") X(dict, "dict") X(set, "set") X(closure, "closure") \
    X(range, "range") X(iter, "iter") X(generator, "generator") X(stream, "stream") \
    X(duration, "duration") X(channel, "channel")

typedef struct ChTypeStore {
    ChArena *arena; /* borrowed */
    const ChType **slots;
    uint32_t slot_count, type_count;
    uint32_t owner_count;
    const ChType *any, *unknown, *never, *wildcard;
    const ChTypeDecl *result_decl; /* enum Result<out T, out E> { Ok(value: T), Err(error: E) } */
#define CH_TYPE_BASIC(member, name) const ChType *member;
    CH_TYPE_BASICS(CH_TYPE_BASIC)
#undef CH_TYPE_BASIC
} ChTypeStore;

void ch_type_store_init(ChTypeStore *store, ChArena *arena);
void ch_type_store_release(ChTypeStore *store);

/* Making types. Each may give NULL: the type would be too large, or a part that is
 * needed is NULL. */
const ChType *ch_type_named(ChTypeStore *store, ChStr name, const ChTypeDecl *decl);
const ChType *ch_type_param(ChTypeStore *store, ChStr name, uint32_t owner);
const ChType *ch_type_string(ChTypeStore *store, ChStr text);
const ChType *ch_type_int(ChTypeStore *store, int64_t value);
/* One inner type: LIST, ITER, GENERATOR, STREAM, OWNED. A NULL inner gives NULL. */
const ChType *ch_type_of(ChTypeStore *store, ChTypeKind kind, const ChType *inner);
const ChType *ch_type_dict(ChTypeStore *store, const ChType *key, const ChType *value);
/* NULL arguments become wildcards. */
const ChType *ch_type_applied(ChTypeStore *store, ChStr name, const ChTypeDecl *decl,
                              const ChType *const *args, uint32_t count);
const ChType *ch_type_fn(ChTypeStore *store, const ChType *const *params, uint32_t count,
                         const ChType *result);
/* Fields with a NULL type get the wildcard. Of fields with one name the last counts. */
const ChType *ch_type_shape(ChTypeStore *store, const ChTypeField *fields, uint32_t count);
/* Flattens, drops `never` and duplicates; one left is itself, none is `never`. */
const ChType *ch_type_union(ChTypeStore *store, const ChType *const *items, uint32_t count);
const ChType *ch_type_union2(ChTypeStore *store, const ChType *a, const ChType *b);
const ChType *ch_type_intersection(ChTypeStore *store, const ChType *const *items, uint32_t count);

/* `a | b | c` as a list: the members of a union, else the type itself. */
const ChType *const *ch_type_members(const ChType *const *type, uint32_t *count);

/* The field of a shape, or NULL. */
const ChTypeField *ch_type_field(const ChType *shape, ChStr name);

/* Is it the undeclared name (`int`, `dict` ...)? NULL is allowed. */
static inline bool ch_type_is_named(const ChType *type, const char *name)
{
    return type && type->kind == CH_TYPE_NAME && !type->decl && ch_str_is(type->text, name);
}

bool ch_type_contains_nil(const ChTypeStore *store, const ChType *type);
/* Without `nil`; NULL when nothing is left. */
const ChType *ch_type_without_nil(ChTypeStore *store, const ChType *type);

/* Would type_of(value) give `kind` ("list", "dict", "closure" ...) for this type? */
bool ch_type_has_runtime_kind(const ChType *type, ChStr kind);

/* A type argument for each of some type parameters. */
typedef struct ChBindings {
    const ChType **params; /* PARAM types */
    const ChType **args;   /* NULL: not bound */
    uint32_t count;
} ChBindings;

/* Every bound parameter replaced; unbound ones stay. */
const ChType *ch_type_substitute(ChTypeStore *store, const ChType *type, const ChBindings *bindings);

/* For messages, as the reference writes types; cut with an ellipsis when long.
 * NULL is "any". */
void ch_type_format(const ChType *type, ChBuffer *out);
ChStr ch_type_text(ChArena *arena, const ChType *type);

/* "(x: int, ...rest: string) -> bool", with type parameters in front. */
void ch_signature_format(const ChSignature *signature, ChBuffer *out);

/* Copies of types of other stores (`from`), with the declarations they name. A
 * declaration is copied once, whichever way it came. The texts are borrowed. */
typedef struct ChTypeImporter ChTypeImporter;
ChTypeImporter *ch_type_importer_new(ChTypeStore *store);
void ch_type_importer_free(ChTypeImporter *importer);
const ChType *ch_type_import(ChTypeImporter *importer, const ChTypeStore *from, const ChType *type);
const ChTypeDecl *ch_type_import_decl(ChTypeImporter *importer, const ChTypeStore *from,
                                      const ChTypeDecl *decl);
/* The copy that was made of a declaration of a module, or NULL. */
ChTypeDecl *ch_type_importer_copy(const ChTypeImporter *importer, const void *module, uint32_t symbol);
ChSignature *ch_type_import_signature(ChTypeImporter *importer, const ChTypeStore *from,
                                      const ChSignature *signature);

#endif
