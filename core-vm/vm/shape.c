// Interned texts and shapes. Shapes form trees: a shape leads to the next by one more key. The dicts' tree has one
// root per VM, each struct type has a root of its own. They are freed with the VM, so their number is limited.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "vm/heap.h"

#include "base/banned.h"

ChString *ch_intern(ChVm *vm, const char *data, size_t length) {
    ChHeap *heap = ch_heap_of(vm);
    ChStr text = ch_str_slice(data, length);
    ChMapEntry *found = ch_map_find(&heap->interned, text);
    if (found) return found->value.pointer;
    ChString *string = ch_string_new(data, length);
    string->head.flags |= CH_STRING_INTERNED;
    ch_string_hash(string);
    ch_string_chars(string);
    ch_map_set_pointer(&heap->interned, ch_string_view(string), string);
    return string;
}

static ChShape *shape_new(ChHeap *heap, ChShape *parent, ChString *key) {
    ChShape *shape = ch_alloc_zero(1, sizeof *shape);
    shape->id = ++heap->shape_next_id;
    shape->parent = parent;
    if (key) {
        shape->struct_name = parent->struct_name;
        shape->type = parent->type;
        shape->count = parent->count + 1;
        shape->keys = ch_realloc_array(NULL, shape->count, sizeof *shape->keys);
        shape->sorted = ch_realloc_array(NULL, shape->count, sizeof *shape->sorted);
        if (parent->count) memcpy(shape->keys, parent->keys, parent->count * sizeof *shape->keys);
        shape->keys[parent->count] = key;
        uint32_t at = 0;
        while (at < parent->count && ch_str_compare(ch_string_view(parent->keys[parent->sorted[at]]),
                                                    ch_string_view(key)) < 0)
            at++;
        if (at) memcpy(shape->sorted, parent->sorted, at * sizeof *shape->sorted);
        shape->sorted[at] = parent->count;
        if (at < parent->count)
            memcpy(shape->sorted + at + 1, parent->sorted + at, (parent->count - at) * sizeof *shape->sorted);
    }
    if (heap->shape_count == heap->shape_capacity) {
        heap->shape_capacity = heap->shape_capacity ? heap->shape_capacity * 2 : 64;
        heap->shapes = ch_realloc_array(heap->shapes, heap->shape_capacity, sizeof *heap->shapes);
    }
    heap->shapes[heap->shape_count++] = shape;
    return shape;
}

ChShape *ch_shape_root(ChVm *vm) {
    ChHeap *heap = ch_heap_of(vm);
    if (!heap->shape_root) heap->shape_root = shape_new(heap, NULL, NULL);
    return heap->shape_root;
}

ChShape *ch_shape_new_struct(ChVm *vm, ChString *struct_name, struct ChStructType *type) {
    ChShape *shape = shape_new(ch_heap_of(vm), NULL, NULL);
    shape->struct_name = struct_name;
    shape->type = type;
    return shape;
}

ChShape *ch_shape_with(ChVm *vm, ChShape *shape, ChString *key) {
    ChHeap *heap = ch_heap_of(vm);
    if (!(key->head.flags & CH_STRING_INTERNED)) key = ch_intern(vm, key->data, key->length);
    ChMap *transitions = shape->transitions;
    if (transitions) {
        ChShape *next = ch_map_get_pointer(transitions, ch_string_view(key));
        if (next) return next;
    }
    // A dict falls back to a table, a struct refuses the field.
    uint32_t keys_max = shape->struct_name ? CH_STRUCT_FIELDS_MAX : CH_SHAPE_KEYS_MAX;
    uint32_t shapes_max = shape->struct_name ? 2 * CH_SHAPES_MAX : CH_SHAPES_MAX;
    if (shape->count >= keys_max || heap->shape_count >= shapes_max ||
        (transitions && transitions->count >= CH_SHAPE_FANOUT_MAX))
        return NULL;
    if (!transitions) {
        transitions = ch_alloc_zero(1, sizeof *transitions);
        shape->transitions = transitions;
    }
    ChShape *next = shape_new(heap, shape, key);
    ch_map_set_pointer(transitions, ch_string_view(key), next);
    return next;
}

// Keys of a shape are interned: for an interned key its address decides. Wide shapes are searched by text.
int32_t ch_shape_slot(const ChShape *shape, const ChString *key) {
    if (shape->count <= 8) {
        for (uint32_t i = 0; i < shape->count; i++)
            if (shape->keys[i] == key) return (int32_t)i;
        if (key->head.flags & CH_STRING_INTERNED) return -1;
        for (uint32_t i = 0; i < shape->count; i++)
            if (ch_string_equal(shape->keys[i], key)) return (int32_t)i;
        return -1;
    }
    uint32_t low = 0, high = shape->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const ChString *at = shape->keys[shape->sorted[middle]];
        if (at == key) return (int32_t)shape->sorted[middle];
        int order = ch_str_compare(ch_string_view(at), ch_string_view(key));
        if (order == 0) return (int32_t)shape->sorted[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}
