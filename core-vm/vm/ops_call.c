// Calls that need more than a new frame: arity, rest parameters, spread, methods, names that are bound late.
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "vm/vm_int.h"

#include "base/banned.h"

// ---- arguments --------------------------------------------------------------------------------------------------------

static ChFlow throw_arity(ChVm *vm, const ChProto *proto, uint32_t argc) {
    char wants[64];
    uint32_t least = proto->required_count, most = proto->param_count;
    if (proto->flags & CH_PROTO_REST)
        snprintf(wants, sizeof wants, "at least %u argument%s", least, least == 1 ? "" : "s");
    else if (least != most)
        snprintf(wants, sizeof wants, "%u..=%u arguments", least, most);
    else
        snprintf(wants, sizeof wants, "%u argument%s", most, most == 1 ? "" : "s");
    return ch_throw_kind(vm, CH_ERROR_ARITY, "'%.*s' expects %s, got %u",
                         CH_STR_ARG(proto->name.length ? proto->name : CH_STR("<closure>")), wants, argc);
}

// Parameters that were not given stand where the caller may have left something.
static void fill_nil(ChValue *args, uint32_t argc, uint32_t params) {
    for (uint32_t i = argc; i < params; i++) ch_assign_take(&args[i], CH_NIL);
}

bool ch__call_arrange(ChVm *vm, ChFiber *fiber, const ChProto *proto, ChValue **window, uint32_t argc) {
    uint32_t params = proto->param_count;
    bool has_rest = proto->flags & CH_PROTO_REST;
    // The runtime's own functions are called as natives are: they look at what they got.
    bool is_lenient = proto->flags & CH_PROTO_PRELUDE;
    if (!is_lenient && (argc < proto->required_count || (argc > params && !has_rest))) {
        throw_arity(vm, proto, argc);
        return false;
    }
    if (!ch__stack_reserve(vm, fiber, window, params > argc ? params : argc)) return false;
    ChValue *args = *window;
    if (!has_rest) {
        fill_nil(args, argc, params);
        if (argc > params) ch__slots_clear(args + params, args + argc);
        return true;
    }
    uint32_t fixed = params - 1, count = argc > fixed ? argc - fixed : 0;
    ChList *rest = ch_list_new(count);
    for (uint32_t i = 0; i < count; i++) {
        rest->items[i] = args[fixed + i];
        args[fixed + i].tag = CH_TAG_NIL;
    }
    rest->count = count;
    fill_nil(args, argc, params);
    args[fixed] = ch_object(rest);
    return true;
}

uint32_t ch__spread(ChVm *vm, ChFiber *fiber, ChValue **slot) {
    if ((*slot)->tag != CH_TAG_LIST) {
        ch_throw_type(vm, "spread call requires list arguments");
        return UINT32_MAX;
    }
    uint32_t count = (*slot)->as.list->count;
    if (count > UINT16_MAX) {
        ch_throw_runtime(vm, "too many arguments: %u (limit %u)", count, UINT16_MAX);
        return UINT32_MAX;
    }
    if (!ch__stack_reserve(vm, fiber, slot, count + 1)) return UINT32_MAX;
    ChValue list = ch_take(*slot);
    for (uint32_t i = 0; i < count; i++) (*slot)[i] = ch_retain(list.as.list->items[i]);
    ch_release(list);
    return count;
}

void ch__tail_shift(ChFrame *frame, ChValue *window, uint32_t argc) {
    ChValue *base = frame->base;
    if (frame->flags & CH_FRAME_KEEP) {
        ch__snapshot_free(frame->initial);
        frame->initial = NULL;
        frame->flags &= ~(uint32_t)CH_FRAME_KEEP;
    }
    ch__slots_clear(base, window);
    if (window == base) return;
    for (uint32_t i = 0; i < argc; i++) {
        base[i] = window[i];
        window[i].tag = CH_TAG_NIL;
    }
}

ChFlow ch__throw_not_callable(ChVm *vm, ChValue callee) {
    ChBuffer text = {0};
    ch_display(callee, &text);
    // A text names what it calls (spec: Pipe operator), and there is nothing of that name, or this would be it.
    ChFlow flow = callee.tag == CH_TAG_STRING
                      ? ch__throw_undefined(vm, CH_ERROR_UNDEFINED_BUILTIN, ch_buffer_view(&text))
                      : ch_throw_type(vm, "Cannot call %.*s", (int)(text.length > 200 ? 200 : text.length), text.data);
    ch_buffer_release(&text);
    return flow;
}

// ---- methods ----------------------------------------------------------------------------------------------------------

ChClosure *ch_vm_method(ChVm *vm, ChStr type_name, ChStr method, uint32_t *number) {
    ChMap *methods = ch_map_get_pointer(&vm->methods, type_name);
    if (!methods) return NULL;
    uint32_t found = ch_map_get_number(methods, method, UINT32_MAX);
    if (found == UINT32_MAX) return NULL;
    if (number) *number = found;
    return vm->method_targets[found];
}

void ch__method_set(ChVm *vm, ChStr type_name, ChStr method, ChClosure *closure) {
    ChMap *methods = ch_map_get_pointer(&vm->methods, type_name);
    if (!methods) {
        methods = ch_alloc_zero(1, sizeof *methods);
        ch_map_set_pointer(&vm->methods, ch_str_copy(&vm->arena, type_name), methods);
    }
    closure->head.refs++;
    uint32_t found = ch_map_get_number(methods, method, UINT32_MAX);
    if (found != UINT32_MAX) {
        // Inline caches hold the number: they see the new method at once.
        ch__closure_unref(vm->method_targets[found]);
        vm->method_targets[found] = closure;
        return;
    }
    if (vm->method_count == vm->method_capacity) {
        vm->method_capacity = vm->method_capacity ? vm->method_capacity * 2 : 32;
        vm->method_targets = ch_realloc_array(vm->method_targets, vm->method_capacity, sizeof *vm->method_targets);
    }
    vm->method_targets[vm->method_count] = closure;
    ch_map_set_number(methods, ch_str_copy(&vm->arena, method), vm->method_count++);
}

static ChMethodKind no_method(ChVm *vm, ChValue receiver, ChString *name) {
    switch ((ChTag)receiver.tag) {
    case CH_TAG_INT:
    case CH_TAG_FLOAT:
    case CH_TAG_STRUCT: return CH_METHOD_NONE;
    case CH_TAG_STRING:
    case CH_TAG_LIST:
    case CH_TAG_DICT:
    case CH_TAG_SET:
    case CH_TAG_ITER: ch_throw_runtime(vm, "%s has no method `%s`", ch_type_name(receiver), name->data); break;
    case CH_TAG_RANGE: ch_throw_runtime(vm, "iter has no method `%s`", name->data); break;
    case CH_TAG_GENERATOR: ch_throw_runtime(vm, "Generator has no method `%s`", name->data); break;
    case CH_TAG_STREAM: ch_throw_runtime(vm, "Stream has no method `%s`", name->data); break;
    default: ch_throw_type(vm, "value of type %s has no method `%s`", ch_type_name(receiver), name->data); break;
    }
    return CH_METHOD_THROW;
}

ChMethodKind ch__method_find(ChVm *vm, ChValue receiver, ChString *name, ChClosure **closure, uint32_t *index,
                             ChValue *field, ChWord *cache) {
    ChStr method = ch_string_view(name);
    if (receiver.tag == CH_TAG_STRUCT) {
        const ChShape *shape = receiver.as.record->shape;
        uint32_t number;
        *closure = ch_vm_method(vm, ch_string_view(shape->struct_name), method, &number);
        if (*closure) {
            cache->cache.id = shape->id;
            cache->cache.slot = number;
            return CH_METHOD_CLOSURE;
        }
        // A field that holds a function can be called as a method.
        ChValue *found = ch_struct_find(receiver.as.record, name);
        if (found && (found->tag == CH_TAG_CLOSURE || found->tag == CH_TAG_BUILTIN)) {
            *field = *found;
            return CH_METHOD_FIELD;
        }
        return no_method(vm, receiver, name);
    }
    if (receiver.tag == CH_TAG_ENUM) {
        *closure = ch_vm_method(vm, ch_string_view(receiver.as.variant->type->name), method, NULL);
        if (*closure) return CH_METHOD_CLOSURE;
    }
    int32_t row = ch_method_find((int)receiver.tag, method);
    if (row >= 0) {
        *index = (uint32_t)row;
        cache->cache.id = CH_METHOD_CACHE_TAG | receiver.tag;
        cache->cache.slot = (uint32_t)row;
        return CH_METHOD_BUILTIN;
    }
    if (receiver.tag == CH_TAG_DICT) {
        ChValue *found = ch_dict_find(receiver.as.dict, name);
        if (found && (found->tag == CH_TAG_CLOSURE || found->tag == CH_TAG_BUILTIN)) {
            *field = *found;
            return CH_METHOD_FIELD;
        }
    }
    return no_method(vm, receiver, name);
}

// ---- names ------------------------------------------------------------------------------------------------------------

// The closure that a frame's local, captured or module name is bound to.
static ChClosure *frame_closure(const ChFiber *fiber, const ChFrame *frame, ChStr name) {
    const ChProto *proto = frame->closure->proto;
    ChValue *local = ch_frame_local(fiber, frame, name, NULL);
    if (local && local->tag == CH_TAG_CLOSURE) return local->as.closure;
    for (uint32_t i = 0; i < proto->capture_count; i++)
        if (frame->closure->captures[i].tag == CH_TAG_CLOSURE && ch_str_equal(proto->captures[i].name, name))
            return frame->closure->captures[i].as.closure;
    if (ch_str_equal(proto->name, name)) return frame->closure;
    const ChModule *module = frame->closure->module;
    int32_t slot = ch_module_slot(module, name);
    if (slot >= 0 && module->slots[slot].tag == CH_TAG_CLOSURE) return module->slots[slot].as.closure;
    return NULL;
}

ChValue ch__builtin_value(ChVm *vm, uint32_t row) {
    if (ch_builtin_rows[row].type != CH_ROW_CONSTANT || ch_builtin_rows[row].is_prelude) return ch_builtin_ref(row);
    ChValue value = CH_NIL;
    ch_builtin_functions[row](vm, NULL, 0, &value);
    return value;
}

ChValue ch__late_value(ChVm *vm, ChTask *task, ChStr name, ChErrorKind kind) {
    for (ChFiber *fiber = task->fiber; fiber; fiber = fiber->consumer) {
        for (ChFrame *frame = fiber->top; frame && frame >= fiber->frames; frame--) {
            if (frame->closure->proto->flags & CH_PROTO_PRELUDE) continue;
            ChClosure *closure = frame_closure(fiber, frame, name);
            if (!closure) continue;
            closure->head.refs++;
            return ch_object(closure);
        }
    }
    const ChModule *session = vm->main_module && vm->main_module->session ? vm->main_module : NULL;
    int32_t slot = session ? ch_module_slot(session, name) : -1;
    if (slot >= 0 && session->slots[slot].tag != CH_TAG_ABSENT) return ch_retain(session->slots[slot]);
    const ChValue *global = ch_map_get_pointer(&vm->globals, name);
    if (global) return ch_retain(*global);
    int32_t row = ch_builtin_is_private(name) ? -1 : ch_builtin_find(name);
    if (row >= 0) return ch__builtin_value(vm, (uint32_t)row);
    ch__throw_undefined(vm, kind, name);
    return CH_ABSENT;
}

typedef CH_ARRAY_OF(ChStr) Names;

static bool is_public_name(ChStr name) { return name.length && !ch_str_starts_with(name, CH_STR("__")); }

static void add_visible(ChVm *vm, Names *names) {
    if (!vm->task || !vm->task->fiber || !vm->task->fiber->top) return;
    const ChFiber *fiber = vm->task->fiber;
    const ChFrame *frame = fiber->top;
    const ChProto *proto = frame->closure->proto;
    uint32_t pc = ch_frame_pc(fiber, frame);
    for (uint32_t i = 0; i < proto->local_count; i++)
        if (!proto->locals[i].is_hidden && pc >= proto->locals[i].start && pc < proto->locals[i].end)
            ch_array_push(names, proto->locals[i].name);
    for (uint32_t i = 0; i < proto->capture_count; i++) ch_array_push(names, proto->captures[i].name);
    const ChModule *module = frame->closure->module;
    for (uint32_t i = 0; i < module->chunk->slot_count; i++)
        if (module->slots[i].tag != CH_TAG_ABSENT) ch_array_push(names, module->chunk->slots[i].name);
}

ChFlow ch__throw_undefined(ChVm *vm, ChErrorKind kind, ChStr name) {
    Names names = {0};
    if (kind == CH_ERROR_UNDEFINED_VARIABLE) add_visible(vm, &names);
    for (uint32_t i = 0; i < ch_builtin_count; i++)
        if (ch_builtin_rows[i].type < 0) ch_array_push(&names, ch_str_of(ch_builtin_rows[i].name));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < names.count; i++)
        if (is_public_name(names.items[i])) names.items[kept++] = names.items[i];
    ChStr near = ch_closest_name(name, names.items, kept);
    ChFlow flow;
    if (near.length)
        flow = ch_throw_runtime(vm, "Undefined %s: %.*s (did you mean `%.*s`?)",
                                kind == CH_ERROR_UNDEFINED_VARIABLE ? "variable" : "builtin", CH_STR_ARG(name),
                                CH_STR_ARG(near));
    else
        flow = ch_throw_error(vm, kind, ch_str_value(name.data, name.length));
    ch_array_release(&names);
    return flow;
}
