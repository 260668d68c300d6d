// Chunks as bytes. One function for each structure serves both directions, so that they cannot differ.
#include "compile/codec.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

#include "base/banned.h"

#define TYPE_DEPTH_MAX 100

typedef struct Codec {
    ChBuffer *out;           // writing
    const uint8_t *at, *end; // reading
    ChArena *arena;
    bool is_reading;
    bool is_bad;             // reading: nothing that follows means anything
} Codec;

// ---- numbers and texts ------------------------------------------------------------------------------------------------

static void write_number(Codec *c, uint64_t value) {
    while (value >= 0x80) {
        ch_buffer_add_byte(c->out, (char)(value | 0x80));
        value >>= 7;
    }
    ch_buffer_add_byte(c->out, (char)value);
}

static uint64_t read_number(Codec *c) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (c->at == c->end) break;
        uint8_t byte = *c->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return value;
    }
    c->is_bad = true;
    return 0;
}

// Gives the number in the stream; of a reader's own `value` nothing is left.
static uint64_t number(Codec *c, uint64_t value, uint64_t max) {
    if (!c->is_reading) {
        write_number(c, value);
        return value;
    }
    value = read_number(c);
    if (value <= max) return value;
    c->is_bad = true;
    return 0;
}

#define U32(c, place) ((place) = (uint32_t)number((c), (place), UINT32_MAX))
#define U16(c, place) ((place) = (uint16_t)number((c), (place), UINT16_MAX))
#define FLAG(c, place) ((place) = number((c), (place), 1) != 0)
#define ENUM(c, place, last) ((place) = number((c), (uint64_t)(place), (last)))

static void word(Codec *c, void *place) {
    if (!c->is_reading) {
        ch_buffer_add(c->out, place, 8);
    } else if (c->end - c->at < 8) {
        c->is_bad = true;
    } else {
        memcpy(place, c->at, 8);
        c->at += 8;
    }
}

// A text lies in the stream with a NUL behind it, so that a reader can borrow it.
static void text(Codec *c, ChStr *place) {
    uint64_t length = number(c, place->length, UINT32_MAX);
    if (!c->is_reading) {
        ch_buffer_add_str(c->out, *place);
        ch_buffer_add_byte(c->out, 0);
    } else if (c->is_bad || (uint64_t)(c->end - c->at) <= length || c->at[length]) {
        c->is_bad = true;
    } else {
        *place = ch_str_slice((const char *)c->at, length);
        c->at += length + 1;
    }
}

// How many items follow; a reader gets room for them. Each takes a byte at least, which bounds what is allocated.
static uint32_t items(Codec *c, uint32_t count, size_t size, void **place) {
    count = (uint32_t)number(c, count, UINT32_MAX);
    if (!c->is_reading) return count;
    if (c->is_bad || count > (uint64_t)(c->end - c->at)) {
        c->is_bad = true;
        return 0;
    }
    *place = count ? ch_arena_alloc_array(c->arena, count, size) : NULL;
    return count;
}

#define ITEMS(c, count, place) ((count) = items((c), (count), sizeof *(place), (void **)&(place)))

static void texts(Codec *c, uint32_t count, ChStr **place) {
    if (c->is_reading) *place = count ? ch_arena_alloc_array(c->arena, count, sizeof **place) : NULL;
    for (uint32_t i = 0; i < count && !c->is_bad; i++) text(c, &(*place)[i]);
}

// An array that may be missing; it has as many numbers as the table that it belongs to has rows.
static void numbers(Codec *c, uint32_t count, uint32_t **place) {
    bool is_there = *place != NULL;
    FLAG(c, is_there);
    if (!is_there || c->is_bad) return;
    if (c->is_reading) *place = ch_arena_alloc_array(c->arena, count ? count : 1, sizeof **place);
    for (uint32_t i = 0; i < count && !c->is_bad; i++) U32(c, (*place)[i]);
}

// ---- the tables of a chunk --------------------------------------------------------------------------------------------

static void constant(Codec *c, ChConst *constant) {
    ENUM(c, constant->kind, CH_CONST_FALSE);
    switch (constant->kind) {
    case CH_CONST_INT:
    case CH_CONST_DURATION: word(c, &constant->integer); break;
    case CH_CONST_FLOAT: word(c, &constant->real); break;
    case CH_CONST_STRING: text(c, &constant->text); break;
    case CH_CONST_STRUCT:
    case CH_CONST_VARIANT: text(c, &constant->text); // and the names
    // fall through
    case CH_CONST_NAMES:
        ITEMS(c, constant->name_count, constant->names);
        texts(c, constant->name_count, &constant->names);
        break;
    case CH_CONST_NIL:
    case CH_CONST_TRUE:
    case CH_CONST_FALSE: break;
    }
}

// Types nest as deep as their text does, which the verifier bounds as well.
static void type(Codec *c, ChRtType **place, unsigned depth) {
    if (depth > TYPE_DEPTH_MAX || c->is_bad) {
        c->is_bad = true;
        return;
    }
    if (c->is_reading) *place = CH_ARENA_NEW(c->arena, ChRtType);
    ChRtType *t = *place;
    bool has_names = t->names != NULL, has_optional = t->optional != NULL;
    ENUM(c, t->kind, CH_RT_TAG);
    FLAG(c, t->by_schema);
    text(c, &t->text);
    word(c, &t->integer);
    ITEMS(c, t->count, t->items);
    for (uint32_t i = 0; t->kind != CH_RT_INTERFACE && i < t->count && !c->is_bad; i++) type(c, &t->items[i], depth + 1);
    FLAG(c, has_names);
    FLAG(c, has_optional);
    if (c->is_bad) return;
    if (has_names) texts(c, t->count, &t->names);
    if (!has_optional) return;
    if (c->is_reading) t->optional = ch_arena_alloc_array(c->arena, t->count ? t->count : 1, sizeof *t->optional);
    for (uint32_t i = 0; i < t->count && !c->is_bad; i++) FLAG(c, t->optional[i]);
}

static void code(Codec *c, ChProto *proto) {
    uint64_t count = number(c, proto->code_count, UINT32_MAX);
    if (!c->is_reading) {
        ch_buffer_add(c->out, proto->code, count * sizeof *proto->code);
        return;
    }
    if (c->is_bad || count > (uint64_t)(c->end - c->at) / sizeof *proto->code) {
        c->is_bad = true;
        return;
    }
    proto->code_count = (uint32_t)count;
    proto->code = (ChInstr *)ch_arena_copy(c->arena, c->at, count * sizeof *proto->code);
    c->at += count * sizeof *proto->code;
}

// Places follow each other closely: kept is how far each is from the one before.
static void lines(Codec *c, ChProto *proto) {
    uint32_t pc = 0;
    ITEMS(c, proto->line_count, proto->lines);
    for (uint32_t i = 0; i < proto->line_count && !c->is_bad; i++) {
        ChLineEntry *entry = &proto->lines[i];
        entry->pc = pc += (uint32_t)number(c, entry->pc - pc, UINT32_MAX);
        U32(c, entry->line);
        U32(c, entry->column);
        FLAG(c, entry->statement);
    }
}

static void proto(Codec *c, ChProto *p) {
    text(c, &p->name);
    U32(c, p->flags);
    U16(c, p->register_count);
    U16(c, p->required_count);
    uint32_t params = p->param_count;
    ITEMS(c, params, p->params);
    p->param_count = (uint16_t)params;
    c->is_bad |= params > UINT16_MAX;
    for (uint32_t i = 0; i < p->param_count && !c->is_bad; i++) {
        text(c, &p->params[i].name);
        U32(c, p->params[i].type);
        FLAG(c, p->params[i].has_default);
    }
    code(c, p);
    ITEMS(c, p->handler_count, p->handlers);
    for (uint32_t i = 0; i < p->handler_count && !c->is_bad; i++) {
        ChHandler *handler = &p->handlers[i];
        U32(c, handler->start);
        U32(c, handler->end);
        U32(c, handler->target);
        U16(c, handler->reg);
        U16(c, handler->live);
        ENUM(c, handler->kind, CH_HANDLER_FINALLY);
        text(c, &handler->type_name);
    }
    ITEMS(c, p->capture_count, p->captures);
    for (uint32_t i = 0; i < p->capture_count && !c->is_bad; i++) {
        FLAG(c, p->captures[i].from_capture);
        FLAG(c, p->captures[i].from_self);
        U16(c, p->captures[i].index);
        text(c, &p->captures[i].name);
    }
    lines(c, p);
    ITEMS(c, p->local_count, p->locals);
    for (uint32_t i = 0; i < p->local_count && !c->is_bad; i++) {
        ChLocalName *local = &p->locals[i];
        text(c, &local->name);
        U16(c, local->reg);
        FLAG(c, local->is_mutable);
        FLAG(c, local->is_hidden);
        FLAG(c, local->is_constant);
        U32(c, local->start);
        U32(c, local->end);
    }
    ITEMS(c, p->known_name_count, p->known_names);
    for (uint32_t i = 0; i < p->known_name_count && !c->is_bad; i++) {
        text(c, &p->known_names[i].name);
        U32(c, p->known_names[i].constant);
    }
    U32(c, p->start_offset);
    U32(c, p->end_offset);
}

static void declaration(Codec *c, ChChunkDecl *decl) {
    ENUM(c, decl->kind, CH_DECL_INTERFACE);
    text(c, &decl->name);
    ITEMS(c, decl->count, decl->names);
    texts(c, decl->count, &decl->names);
    numbers(c, decl->count, &decl->numbers);
    numbers(c, decl->count, &decl->types);
}

static void chunk(Codec *c, ChChunk *chunk) {
    text(c, &chunk->path);
    ITEMS(c, chunk->constant_count, chunk->constants);
    for (uint32_t i = 0; i < chunk->constant_count && !c->is_bad; i++) constant(c, &chunk->constants[i]);
    ITEMS(c, chunk->rt_type_count, chunk->rt_types);
    for (uint32_t i = 0; i < chunk->rt_type_count && !c->is_bad; i++) type(c, &chunk->rt_types[i], 0);
    ITEMS(c, chunk->proto_count, chunk->protos);
    for (uint32_t i = 0; i < chunk->proto_count && !c->is_bad; i++) {
        if (c->is_reading) {
            chunk->protos[i] = CH_ARENA_NEW(c->arena, ChProto);
            chunk->protos[i]->index = i;
            chunk->protos[i]->chunk = chunk;
        }
        proto(c, chunk->protos[i]);
    }
    ITEMS(c, chunk->decl_count, chunk->decls);
    for (uint32_t i = 0; i < chunk->decl_count && !c->is_bad; i++) declaration(c, &chunk->decls[i]);
    ITEMS(c, chunk->slot_count, chunk->slots);
    for (uint32_t i = 0; i < chunk->slot_count && !c->is_bad; i++) {
        text(c, &chunk->slots[i].name);
        FLAG(c, chunk->slots[i].is_public);
        FLAG(c, chunk->slots[i].is_mutable);
        FLAG(c, chunk->slots[i].is_function);
    }
    ITEMS(c, chunk->pipeline_count, chunk->pipelines);
    for (uint32_t i = 0; i < chunk->pipeline_count && !c->is_bad; i++) {
        text(c, &chunk->pipelines[i].name);
        U32(c, chunk->pipelines[i].proto);
        FLAG(c, chunk->pipelines[i].is_public);
    }
}

// ---- the door ---------------------------------------------------------------------------------------------------------

enum { HEAD_BYTES = 8 };

void ch_chunk_write(const ChChunk *written, ChBuffer *out) {
    size_t start = out->length;
    uint64_t hash = 0;
    ch_buffer_add(out, &hash, HEAD_BYTES);
    Codec c = {.out = out};
    // Writing changes nothing of what it is given: each number is put back as it was.
    chunk(&c, (ChChunk *)(uintptr_t)written);
    hash = ch_hash_bytes(out->data + start + HEAD_BYTES, out->length - start - HEAD_BYTES);
    memcpy(out->data + start, &hash, HEAD_BYTES);
}

ChChunk *ch_chunk_read(ChStr bytes, bool is_lasting, ChBuffer *why) {
    uint64_t hash = 0;
    if (bytes.length >= HEAD_BYTES) memcpy(&hash, bytes.data, HEAD_BYTES);
    if (bytes.length < HEAD_BYTES || hash != ch_hash_bytes(bytes.data + HEAD_BYTES, bytes.length - HEAD_BYTES)) {
        ch_buffer_add_text(why, "the bytes are damaged");
        return NULL;
    }
    ChArena *arena = ch_alloc(sizeof *arena);
    ch_arena_init(arena);
    const uint8_t *start = (const uint8_t *)(is_lasting ? bytes.data : ch_arena_copy(arena, bytes.data, bytes.length));
    Codec c = {.at = start + HEAD_BYTES, .end = start + bytes.length, .arena = arena, .is_reading = true};
    ChChunk *read = CH_ARENA_NEW(arena, ChChunk);
    read->arena = arena;
    chunk(&c, read);
    if (c.is_bad || c.at != c.end)
        ch_buffer_add_text(why, "the tables are damaged");
    else if (ch_verify_chunk(read, why))
        return read;
    ch_chunk_free(read);
    return NULL;
}
