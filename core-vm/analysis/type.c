/* The store of types: interning, making, taking apart, printing.
 *
 * Interning compares children by pointer, so making a type costs time in the number
 * of its children only. Limits are applied in one place, ch__type_intern. */
#include "analysis/type.h"

#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/map.h"

static uint64_t hash_type(const ChType *type)
{
    uint64_t hash = ch_hash_mix(type->kind, ch_str_hash(type->text));
    hash = ch_hash_mix(hash, (uint64_t)type->value ^ ((uint64_t)type->owner << 32));
    hash = ch_hash_mix(hash, (uint64_t)(uintptr_t)type->decl);
    for (uint32_t i = 0; i < type->count; i++) {
        if (type->kind == CH_TYPE_SHAPE) {
            hash = ch_hash_mix(hash, ch_str_hash(type->fields[i].name));
            hash = ch_hash_mix(hash, (uint64_t)(uintptr_t)type->fields[i].type +
                                         type->fields[i].is_optional);
        } else {
            hash = ch_hash_mix(hash, (uint64_t)(uintptr_t)type->items[i]);
        }
    }
    return hash;
}

static bool same_type(const ChType *a, const ChType *b)
{
    if (a->kind != b->kind || a->count != b->count || a->value != b->value ||
        a->owner != b->owner || a->decl != b->decl || !ch_str_equal(a->text, b->text))
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->kind == CH_TYPE_SHAPE) {
            if (a->fields[i].type != b->fields[i].type ||
                a->fields[i].is_optional != b->fields[i].is_optional ||
                !ch_str_equal(a->fields[i].name, b->fields[i].name))
                return false;
        } else if (a->items[i] != b->items[i]) {
            return false;
        }
    }
    return true;
}

static void grow_slots(ChTypeStore *store)
{
    uint32_t old_count = store->slot_count;
    const ChType **old = store->slots;
    store->slot_count = old_count ? old_count * 2 : 256;
    store->slots = ch_alloc_zero(store->slot_count, sizeof *store->slots);
    for (uint32_t i = 0; i < old_count; i++) {
        if (!old[i])
            continue;
        uint32_t at = (uint32_t)hash_type(old[i]) & (store->slot_count - 1);
        while (store->slots[at])
            at = (at + 1) & (store->slot_count - 1);
        store->slots[at] = old[i];
    }
    ch_free(old);
}

/* The stored type equal to `draft`, whose items and fields are copied when it is new. */
static const ChType *intern(ChTypeStore *store, ChType *draft)
{
    uint32_t depth = 0, weight = 1;
    for (uint32_t i = 0; i < draft->count; i++) {
        const ChType *part =
            draft->kind == CH_TYPE_SHAPE ? draft->fields[i].type : draft->items[i];
        if (!part)
            continue;
        if (part->depth > depth)
            depth = part->depth;
        weight += part->weight;
        if (weight > CH_TYPE_WEIGHT_MAX)
            return NULL;
    }
    if (depth + 1 > CH_TYPE_DEPTH_MAX)
        return NULL;
    draft->depth = (uint16_t)(depth + 1);
    draft->weight = weight;
    if ((store->type_count + 1) * 4 > store->slot_count * 3)
        grow_slots(store);
    uint32_t at = (uint32_t)hash_type(draft) & (store->slot_count - 1);
    while (store->slots[at]) {
        if (same_type(store->slots[at], draft))
            return store->slots[at];
        at = (at + 1) & (store->slot_count - 1);
    }
    ChType *type = CH_ARENA_NEW(store->arena, ChType);
    *type = *draft;
    type->id = store->type_count++;
    if (draft->kind == CH_TYPE_SHAPE) {
        ChTypeField *fields = CH_ARENA_ARRAY(store->arena, ChTypeField, draft->count + 1);
        memcpy(fields, draft->fields, draft->count * sizeof *fields);
        type->fields = fields;
    } else if (draft->count) {
        const ChType **items = CH_ARENA_ARRAY(store->arena, const ChType *, draft->count);
        memcpy(items, draft->items, draft->count * sizeof *items);
        type->items = items;
    }
    store->slots[at] = type;
    return type;
}

static const ChTypeDecl *make_result_decl(ChTypeStore *store)
{
    ChTypeDecl *decl = CH_ARENA_NEW(store->arena, ChTypeDecl);
    decl->kind = CH_TYPE_DECL_ENUM;
    decl->name = CH_STR("Result");
    decl->symbol = UINT32_MAX;
    decl->params = CH_ARENA_ARRAY(store->arena, ChTypeParam, 2);
    decl->param_count = 2;
    decl->variants = CH_ARENA_ARRAY(store->arena, ChVariant, 2);
    decl->variant_count = 2;
    uint32_t owner = ++store->owner_count;
    for (uint32_t i = 0; i < 2; i++) {
        ChTypeParam *param = &decl->params[i];
        param->name = i == 0 ? CH_STR("T") : CH_STR("E");
        param->variance = CH_VARIANCE_OUT;
        param->type = ch_type_param(store, param->name, owner);
        ChVariant *variant = &decl->variants[i];
        variant->name = i == 0 ? CH_STR("Ok") : CH_STR("Err");
        variant->fields = CH_ARENA_NEW(store->arena, ChSignatureParam);
        variant->fields->name = i == 0 ? CH_STR("value") : CH_STR("error");
        variant->fields->type = param->type;
        variant->field_count = 1;
    }
    return decl;
}

void ch_type_store_init(ChTypeStore *store, ChArena *arena)
{
    memset(store, 0, sizeof *store);
    store->arena = arena;
    grow_slots(store);
    store->any = intern(store, &(ChType){.kind = CH_TYPE_ANY, .text = CH_STR("any")});
    store->unknown = intern(store, &(ChType){.kind = CH_TYPE_UNKNOWN, .text = CH_STR("unknown")});
    store->never = intern(store, &(ChType){.kind = CH_TYPE_NEVER, .text = CH_STR("never")});
    store->wildcard = intern(store, &(ChType){.kind = CH_TYPE_WILDCARD, .text = CH_STR("_")});
#define CH_TYPE_BASIC(member, name) store->member = ch_type_named(store, CH_STR(name), NULL);
    CH_TYPE_BASICS(CH_TYPE_BASIC)
#undef CH_TYPE_BASIC
    store->result_decl = make_result_decl(store);
}

void ch_type_store_release(ChTypeStore *store)
{
    ch_free(store->slots);
    memset(store, 0, sizeof *store);
}

/* ---- making types ---------------------------------------------------------- */

const ChType *ch_type_named(ChTypeStore *store, ChStr name, const ChTypeDecl *decl)
{
    return intern(store, &(ChType){.kind = CH_TYPE_NAME, .text = name, .decl = decl});
}

const ChType *ch_type_param(ChTypeStore *store, ChStr name, uint32_t owner)
{
    return intern(store, &(ChType){.kind = CH_TYPE_PARAM, .text = name, .owner = owner});
}

const ChType *ch_type_string(ChTypeStore *store, ChStr text)
{
    return intern(store, &(ChType){.kind = CH_TYPE_STRING, .text = text});
}

const ChType *ch_type_int(ChTypeStore *store, int64_t value)
{
    return intern(store, &(ChType){.kind = CH_TYPE_INT, .value = value});
}

const ChType *ch_type_of(ChTypeStore *store, ChTypeKind kind, const ChType *inner)
{
    if (!inner)
        return NULL;
    return intern(store, &(ChType){.kind = kind, .items = &inner, .count = 1});
}

const ChType *ch_type_dict(ChTypeStore *store, const ChType *key, const ChType *value)
{
    if (!key || !value)
        return NULL;
    const ChType *items[2] = {key, value};
    return intern(store, &(ChType){.kind = CH_TYPE_DICT, .items = items, .count = 2});
}

const ChType *ch_type_applied(ChTypeStore *store, ChStr name, const ChTypeDecl *decl,
                              const ChType *const *args, uint32_t count)
{
    if (count == 0)
        return ch_type_named(store, name, decl);
    if (count > CH_TYPE_WEIGHT_MAX)
        return NULL;
    const ChType **items = ch_alloc_zero(count, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = args[i] ? args[i] : store->wildcard;
    const ChType *type = intern(store, &(ChType){.kind = CH_TYPE_APPLIED,
                                                 .text = name,
                                                 .decl = decl,
                                                 .items = items,
                                                 .count = count});
    ch_free(items);
    return type;
}

const ChType *ch_type_fn(ChTypeStore *store, const ChType *const *params, uint32_t count,
                         const ChType *result)
{
    if (count > CH_TYPE_WEIGHT_MAX)
        return NULL;
    const ChType **items = ch_alloc_zero((size_t)count + 1, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = params[i];
    items[count] = result;
    const ChType *type =
        intern(store, &(ChType){.kind = CH_TYPE_FN, .items = items, .count = count + 1});
    ch_free(items);
    return type;
}

const ChType *ch_type_shape(ChTypeStore *store, const ChTypeField *fields, uint32_t count)
{
    if (count > CH_TYPE_WEIGHT_MAX)
        return NULL;
    ChTypeField *kept = ch_alloc_zero((size_t)count + 1, sizeof *kept);
    uint32_t kept_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = 0;
        /* Small shapes are searched; big ones come from the source, where doubles are rare. */
        if (count <= 200) {
            while (at < kept_count && !ch_str_equal(kept[at].name, fields[i].name))
                at++;
        } else {
            at = kept_count;
        }
        kept[at] = fields[i];
        if (!kept[at].type)
            kept[at].type = store->wildcard;
        if (at == kept_count)
            kept_count++;
    }
    const ChType *type =
        intern(store, &(ChType){.kind = CH_TYPE_SHAPE, .fields = kept, .count = kept_count});
    ch_free(kept);
    return type;
}

static void collect_member(ChTypeStore *store, const ChType **kept, uint32_t *kept_count,
                           uint32_t max, const ChType *type)
{
    if (type->kind == CH_TYPE_UNION) {
        for (uint32_t i = 0; i < type->count; i++)
            collect_member(store, kept, kept_count, max, type->items[i]);
        return;
    }
    if (type == store->never)
        return;
    for (uint32_t i = 0; i < *kept_count; i++)
        if (kept[i] == type)
            return;
    if (*kept_count < max)
        kept[*kept_count] = type;
    (*kept_count)++;
}

const ChType *ch_type_union(ChTypeStore *store, const ChType *const *items, uint32_t count)
{
    enum { MEMBERS_MAX = 1000, FEW = 16 }; /* of a declared union; room for most */
    const ChType *few[FEW];
    uint32_t bound = 0, kept_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!items[i])
            return NULL;
        bound += items[i]->kind == CH_TYPE_UNION ? items[i]->count : 1;
        if (bound > MEMBERS_MAX)
            bound = MEMBERS_MAX;
    }
    const ChType **kept = bound <= FEW ? few : ch_alloc_zero(MEMBERS_MAX, sizeof *kept);
    const ChType *type = NULL;
    for (uint32_t i = 0; i < count && kept_count <= MEMBERS_MAX; i++) {
        collect_member(store, kept, &kept_count, MEMBERS_MAX, items[i]);
    }
    if (kept_count == 0)
        type = store->never;
    else if (kept_count == 1)
        type = kept[0];
    else if (kept_count <= MEMBERS_MAX)
        type = intern(store, &(ChType){.kind = CH_TYPE_UNION, .items = kept, .count = kept_count});
    if (kept != few)
        ch_free(kept);
    return type;
}

const ChType *ch_type_union2(ChTypeStore *store, const ChType *a, const ChType *b)
{
    if (!a || !b)
        return NULL;
    if (a == b)
        return a;
    const ChType *items[2] = {a, b};
    return ch_type_union(store, items, 2);
}

const ChType *ch_type_intersection(ChTypeStore *store, const ChType *const *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!items[i])
            return NULL;
    if (count == 1)
        return items[0];
    if (count == 0 || count > CH_TYPE_UNION_MAX)
        return NULL;
    return intern(store, &(ChType){.kind = CH_TYPE_INTERSECTION, .items = items, .count = count});
}

/* ---- taking apart ---------------------------------------------------------- */

const ChType *const *ch_type_members(const ChType *const *type, uint32_t *count)
{
    if ((*type)->kind == CH_TYPE_UNION) {
        *count = (*type)->count;
        return (*type)->items;
    }
    *count = 1;
    return type;
}

const ChTypeField *ch_type_field(const ChType *shape, ChStr name)
{
    for (uint32_t i = 0; i < shape->count; i++)
        if (ch_str_equal(shape->fields[i].name, name))
            return &shape->fields[i];
    return NULL;
}

bool ch_type_contains_nil(const ChTypeStore *store, const ChType *type)
{
    uint32_t count;
    if (!type)
        return false;
    const ChType *const *members = ch_type_members(&type, &count);
    for (uint32_t i = 0; i < count; i++)
        if (members[i] == store->nil)
            return true;
    return false;
}

const ChType *ch_type_without_nil(ChTypeStore *store, const ChType *type)
{
    if (!type || type == store->nil)
        return NULL;
    if (type->kind != CH_TYPE_UNION || !ch_type_contains_nil(store, type))
        return type;
    const ChType **kept = ch_alloc_zero(type->count, sizeof *kept);
    uint32_t count = 0;
    for (uint32_t i = 0; i < type->count; i++)
        if (type->items[i] != store->nil)
            kept[count++] = type->items[i];
    const ChType *result = ch_type_union(store, kept, count);
    ch_free(kept);
    return result;
}

bool ch_type_has_runtime_kind(const ChType *type, ChStr kind)
{
    switch (type->kind) {
    case CH_TYPE_NAME: return ch_str_equal(type->text, kind);
    case CH_TYPE_STRING: return ch_str_is(kind, "string");
    case CH_TYPE_INT: return ch_str_is(kind, "int");
    case CH_TYPE_SHAPE:
    case CH_TYPE_DICT: return ch_str_is(kind, "dict");
    case CH_TYPE_LIST: return ch_str_is(kind, "list");
    case CH_TYPE_ITER: return ch_str_is(kind, "iter");
    case CH_TYPE_GENERATOR: return ch_str_is(kind, "generator");
    case CH_TYPE_STREAM: return ch_str_is(kind, "stream");
    case CH_TYPE_FN: return ch_str_is(kind, "closure");
    default: return false;
    }
}

const ChType *ch_type_substitute(ChTypeStore *store, const ChType *type,
                                 const ChBindings *bindings)
{
    if (!type)
        return NULL;
    if (type->kind == CH_TYPE_PARAM) {
        for (uint32_t i = 0; i < bindings->count; i++)
            if (bindings->params[i] == type && bindings->args[i])
                return bindings->args[i];
        return type;
    }
    if (type->count == 0)
        return type;
    if (type->kind == CH_TYPE_SHAPE) {
        ChTypeField *fields = ch_alloc_zero(type->count, sizeof *fields);
        bool changed = false;
        for (uint32_t i = 0; i < type->count; i++) {
            fields[i] = type->fields[i];
            fields[i].type = ch_type_substitute(store, fields[i].type, bindings);
            changed |= fields[i].type != type->fields[i].type;
        }
        const ChType *result = changed ? ch_type_shape(store, fields, type->count) : type;
        ch_free(fields);
        return result;
    }
    const ChType **items = ch_alloc_zero(type->count, sizeof *items);
    bool changed = false;
    for (uint32_t i = 0; i < type->count; i++) {
        items[i] = ch_type_substitute(store, type->items[i], bindings);
        changed |= items[i] != type->items[i];
    }
    const ChType *result = type;
    if (changed) {
        if (type->kind == CH_TYPE_UNION) {
            result = ch_type_union(store, items, type->count);
        } else {
            ChType draft = *type;
            draft.items = items;
            result = intern(store, &draft);
        }
    }
    ch_free(items);
    return result;
}

/* ---- printing --------------------------------------------------------------- */

/* `T | nil` is written `T?` where that reads back the same. */
static const ChType *optional_inner(const ChType *type)
{
    if (type->kind != CH_TYPE_UNION || type->count != 2)
        return NULL;
    for (int i = 0; i < 2; i++) {
        const ChType *inner = type->items[1 - i];
        if (ch_type_is_named(type->items[i], "nil") && inner->kind != CH_TYPE_FN &&
            inner->kind != CH_TYPE_INTERSECTION && !ch_type_is_named(inner, "nil"))
            return inner;
    }
    return NULL;
}

static void format_items(const ChType *type, uint32_t count, const char *separator, ChBuffer *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            ch_buffer_add_text(out, separator);
        ch_type_format(type->items[i], out);
    }
}

static void format_whole(const ChType *type, ChBuffer *out)
{
    static const char *const wrappers[] = {
        [CH_TYPE_LIST] = "list", [CH_TYPE_ITER] = "iter", [CH_TYPE_GENERATOR] = "Generator",
        [CH_TYPE_STREAM] = "Stream", [CH_TYPE_OWNED] = "owned", [CH_TYPE_DICT] = "dict",
    };
    const ChType *inner;
    switch (type->kind) {
    case CH_TYPE_ANY:
    case CH_TYPE_UNKNOWN:
    case CH_TYPE_NEVER:
    case CH_TYPE_WILDCARD:
    case CH_TYPE_NAME:
    case CH_TYPE_PARAM:
        ch_buffer_add_str(out, type->text);
        break;
    case CH_TYPE_STRING:
        ch_buffer_add_byte(out, '"');
        for (uint32_t i = 0; i < type->text.length; i++) {
            if (type->text.data[i] == '"' || type->text.data[i] == '\\')
                ch_buffer_add_byte(out, '\\');
            ch_buffer_add_byte(out, type->text.data[i]);
        }
        ch_buffer_add_byte(out, '"');
        break;
    case CH_TYPE_INT:
        ch_buffer_printf(out, "%lld", (long long)type->value);
        break;
    case CH_TYPE_UNION:
        if ((inner = optional_inner(type))) {
            ch_type_format(inner, out);
            ch_buffer_add_byte(out, '?');
        } else {
            format_items(type, type->count, " | ", out);
        }
        break;
    case CH_TYPE_INTERSECTION:
        for (uint32_t i = 0; i < type->count; i++) {
            bool grouped = type->items[i]->kind == CH_TYPE_UNION && !optional_inner(type->items[i]);
            ch_buffer_add_text(out, i > 0 ? " & " : "");
            ch_buffer_add_text(out, grouped ? "(" : "");
            ch_type_format(type->items[i], out);
            ch_buffer_add_text(out, grouped ? ")" : "");
        }
        break;
    case CH_TYPE_SHAPE:
        ch_buffer_add_byte(out, '{');
        for (uint32_t i = 0; i < type->count; i++) {
            ch_buffer_add_text(out, i > 0 ? ", " : "");
            ch_buffer_add_str(out, type->fields[i].name);
            ch_buffer_add_text(out, type->fields[i].is_optional ? "?: " : ": ");
            ch_type_format(type->fields[i].type, out);
        }
        ch_buffer_add_byte(out, '}');
        break;
    case CH_TYPE_LIST:
    case CH_TYPE_ITER:
    case CH_TYPE_GENERATOR:
    case CH_TYPE_STREAM:
    case CH_TYPE_OWNED:
    case CH_TYPE_DICT:
        ch_buffer_printf(out, "%s<", wrappers[type->kind]);
        format_items(type, type->count, ", ", out);
        ch_buffer_add_byte(out, '>');
        break;
    case CH_TYPE_APPLIED:
        ch_buffer_add_str(out, type->text);
        ch_buffer_add_byte(out, '<');
        format_items(type, type->count, ", ", out);
        ch_buffer_add_byte(out, '>');
        break;
    case CH_TYPE_FN:
        ch_buffer_add_text(out, "fn(");
        format_items(type, type->count - 1, ", ", out);
        ch_buffer_add_text(out, ") -> ");
        ch_type_format(type->items[type->count - 1], out);
        break;
    }
}

void ch_type_format(const ChType *type, ChBuffer *out)
{
    if (!type) {
        ch_buffer_add_text(out, "any");
        return;
    }
    format_whole(type, out);
}

ChStr ch_type_text(ChArena *arena, const ChType *type)
{
    ChBuffer buffer = {0};
    ch_type_format(type, &buffer);
    ChStr text = ch_str_slice(buffer.data, buffer.length);
    if (text.length > CH_TYPE_TEXT_MAX) {
        uint32_t cut = CH_TYPE_TEXT_MAX;
        while (cut > 0 && ((unsigned char)text.data[cut] & 0xc0) == 0x80)
            cut--;
        buffer.length = cut;
        ch_buffer_add_text(&buffer, "…");
        text = ch_str_slice(buffer.data, buffer.length);
    }
    ChStr copy = ch_str_copy(arena, text);
    ch_buffer_release(&buffer);
    return copy;
}

void ch_signature_format(const ChSignature *signature, ChBuffer *out)
{
    if (signature->type_param_count > 0) {
        ch_buffer_add_byte(out, '<');
        for (uint32_t i = 0; i < signature->type_param_count; i++) {
            const ChTypeParam *param = &signature->type_params[i];
            ch_buffer_add_text(out, i > 0 ? ", " : "");
            ch_buffer_add_text(out, param->variance == CH_VARIANCE_IN    ? "in "
                                    : param->variance == CH_VARIANCE_OUT ? "out "
                                                                         : "");
            ch_buffer_add_str(out, param->name);
        }
        ch_buffer_add_byte(out, '>');
    }
    ch_buffer_add_text(out, signature->has_self ? "(self" : "(");
    for (uint32_t i = 0; i < signature->param_count; i++) {
        const ChSignatureParam *param = &signature->params[i];
        ch_buffer_add_text(out, i > 0 || signature->has_self ? ", " : "");
        ch_buffer_add_text(out, param->is_rest ? "..." : "");
        ch_buffer_add_str(out, param->name);
        ch_buffer_add_text(out, param->has_default && !param->is_rest ? "?" : "");
        if (param->type) {
            ch_buffer_add_text(out, ": ");
            ch_type_format(param->type, out);
        }
    }
    ch_buffer_add_byte(out, ')');
    if (signature->result) {
        ch_buffer_add_text(out, " -> ");
        ch_type_format(signature->result, out);
    }
}

/* ---- types of other stores ------------------------------------------------- */

/* Keys of the two maps below: (module, symbol) for declarations, (store, owner) for
 * type parameters. Bodies of declarations are copied from a queue, since declarations
 * form chains of any length. */
typedef struct ImportKey {
    const void *space;
    uint64_t number;
} ImportKey;

typedef struct PendingDecl {
    const ChTypeStore *from;
    const ChTypeDecl *decl;
    ChTypeDecl *copy;
} PendingDecl;

struct ChTypeImporter {
    ChTypeStore *store;
    ChMap decls;  /* to ChTypeDecl */
    ChMap owners; /* to the owner in `store` */
    CH_ARRAY_OF(PendingDecl) pending;
    bool is_draining;
};

static ChMapEntry *enter_key(ChTypeImporter *importer, ChMap *map, const void *space,
                             uint64_t number, bool *is_new)
{
    ImportKey key = {space, number};
    ChStr text = {(const char *)&key, sizeof key};
    ChMapEntry *entry = ch_map_find(map, text);
    *is_new = !entry;
    if (entry)
        return entry;
    return ch_map_enter(map, ch_str_copy(importer->store->arena, text), NULL);
}

static uint32_t import_owner(ChTypeImporter *importer, const ChTypeStore *from, uint32_t owner)
{
    bool is_new;
    ChMapEntry *entry = enter_key(importer, &importer->owners, from, owner, &is_new);
    if (is_new)
        entry->value.number = ++importer->store->owner_count;
    return entry->value.number;
}

ChTypeImporter *ch_type_importer_new(ChTypeStore *store)
{
    ChTypeImporter *importer = ch_alloc_zero(1, sizeof *importer);
    importer->store = store;
    return importer;
}

void ch_type_importer_free(ChTypeImporter *importer)
{
    if (!importer)
        return;
    ch_map_release(&importer->decls);
    ch_map_release(&importer->owners);
    ch_array_release(&importer->pending);
    ch_free(importer);
}

const ChType *ch_type_import(ChTypeImporter *importer, const ChTypeStore *from, const ChType *type)
{
    if (!type)
        return NULL;
    ChTypeStore *store = importer->store;
    ChType draft = *type;
    if (type->decl)
        draft.decl = ch_type_import_decl(importer, from, type->decl);
    if (type->kind == CH_TYPE_PARAM)
        draft.owner = import_owner(importer, from, type->owner);
    if (type->count == 0)
        return intern(store, &draft);
    const ChType *result;
    if (type->kind == CH_TYPE_SHAPE) {
        ChTypeField *fields = ch_alloc_zero(type->count, sizeof *fields);
        for (uint32_t i = 0; i < type->count; i++) {
            fields[i] = type->fields[i];
            fields[i].type = ch_type_import(importer, from, fields[i].type);
        }
        draft.fields = fields;
        result = intern(store, &draft);
        ch_free(fields);
    } else {
        const ChType **items = ch_alloc_zero(type->count, sizeof *items);
        for (uint32_t i = 0; i < type->count; i++)
            items[i] = ch_type_import(importer, from, type->items[i]);
        draft.items = items;
        result = intern(store, &draft);
        ch_free(items);
    }
    return result;
}

static ChTypeParam *import_type_params(ChTypeImporter *importer, const ChTypeStore *from,
                                       const ChTypeParam *params, uint32_t count)
{
    ChTypeParam *copies = CH_ARENA_ARRAY(importer->store->arena, ChTypeParam, count);
    for (uint32_t i = 0; i < count; i++) {
        copies[i] = params[i];
        copies[i].type = ch_type_import(importer, from, params[i].type);
    }
    return copies;
}

static ChSignatureParam *import_params(ChTypeImporter *importer, const ChTypeStore *from,
                                       const ChSignatureParam *params, uint32_t count)
{
    ChSignatureParam *copies = CH_ARENA_ARRAY(importer->store->arena, ChSignatureParam, count);
    for (uint32_t i = 0; i < count; i++) {
        copies[i] = params[i];
        copies[i].type = ch_type_import(importer, from, params[i].type);
    }
    return copies;
}

ChSignature *ch_type_import_signature(ChTypeImporter *importer, const ChTypeStore *from,
                                      const ChSignature *signature)
{
    if (!signature)
        return NULL;
    ChSignature *copy = CH_ARENA_NEW(importer->store->arena, ChSignature);
    *copy = *signature;
    copy->params = import_params(importer, from, signature->params, signature->param_count);
    copy->result = ch_type_import(importer, from, signature->result);
    copy->type_params =
        import_type_params(importer, from, signature->type_params, signature->type_param_count);
    copy->where = CH_ARENA_ARRAY(importer->store->arena, ChWhere, signature->where_count);
    for (uint32_t i = 0; i < signature->where_count; i++) {
        copy->where[i] = signature->where[i];
        copy->where[i].param = ch_type_import(importer, from, signature->where[i].param);
        if (signature->where[i].interface)
            copy->where[i].interface =
                ch_type_import_decl(importer, from, signature->where[i].interface);
    }
    return copy;
}

static void fill_decl(ChTypeImporter *importer, const ChTypeStore *from, const ChTypeDecl *decl,
                      ChTypeDecl *copy)
{
    ChArena *arena = importer->store->arena;
    uint32_t associated = decl->kind == CH_TYPE_DECL_INTERFACE ? decl->field_count : 0;
    copy->params =
        import_type_params(importer, from, decl->params, decl->param_count + associated);
    copy->body = ch_type_import(importer, from, decl->body);
    copy->fields = CH_ARENA_ARRAY(arena, ChTypeField, decl->field_count);
    for (uint32_t i = 0; i < decl->field_count; i++) {
        copy->fields[i] = decl->fields[i];
        copy->fields[i].type = ch_type_import(importer, from, decl->fields[i].type);
    }
    copy->variants = CH_ARENA_ARRAY(arena, ChVariant, decl->variant_count);
    for (uint32_t i = 0; i < decl->variant_count; i++) {
        const ChVariant *variant = &decl->variants[i];
        copy->variants[i] = *variant;
        copy->variants[i].fields =
            import_params(importer, from, variant->fields, variant->field_count);
    }
    copy->methods = CH_ARENA_ARRAY(arena, ChSignature *, decl->method_count);
    copy->method_capacity = decl->method_count;
    for (uint32_t i = 0; i < decl->method_count; i++)
        copy->methods[i] = ch_type_import_signature(importer, from, decl->methods[i]);
}

ChTypeDecl *ch_type_importer_copy(const ChTypeImporter *importer, const void *module, uint32_t symbol)
{
    ImportKey key = {module, symbol};
    return ch_map_get_pointer(&importer->decls, (ChStr){(const char *)&key, sizeof key});
}

const ChTypeDecl *ch_type_import_decl(ChTypeImporter *importer, const ChTypeStore *from,
                                      const ChTypeDecl *decl)
{
    if (!decl)
        return NULL;
    if (decl == from->result_decl)
        return importer->store->result_decl;
    bool is_new;
    ChMapEntry *entry =
        enter_key(importer, &importer->decls, decl->module, decl->symbol, &is_new);
    if (!is_new)
        return entry->value.pointer;
    ChTypeDecl *copy = CH_ARENA_NEW(importer->store->arena, ChTypeDecl);
    *copy = *decl;
    entry->value.pointer = copy;
    ch_array_push(&importer->pending, (PendingDecl){from, decl, copy});
    if (importer->is_draining)
        return copy;
    importer->is_draining = true;
    while (importer->pending.count > 0) {
        PendingDecl next = ch_array_pop(&importer->pending);
        fill_decl(importer, next.from, next.decl, next.copy);
    }
    importer->is_draining = false;
    return copy;
}
