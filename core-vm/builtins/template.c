// Rendering templates: a stack machine over the operations of template/template.h. Loops and includes stand on lists of
// their own, so nothing recurses; an include goes on with another template's operations and comes back.
#include "builtins/template_int.h"

#include <math.h>

#include "analysis/assets.h"
#include "base/path.h"
#include "base/utf8.h"
#include "template/template.h"

#include "base/banned.h"

#define CH_RENDER_STEPS_MAX 100000000u // operations of one rendering

// A template that this rendering has read; each file once.
typedef struct Asset {
    char *path;              // as it was asked for, absolute; NULL: an inline text
    char *id;                // the same without detours
    ChTemplate *template;
} Asset;

typedef struct Loop {
    const ChTemplateOp *op;
    ChValue walked;          // owned
    uint32_t index, length;
    uint32_t position;       // of a dict's walk
    ChValue item, key;       // owned
} Loop;

typedef struct Frame {       // a template that is being rendered
    Asset *asset;
    uint32_t next;           // operation
    uint32_t loops;          // of the frames below
    uint32_t stack, sections;
    ChValue bindings;        // a dict, owned, or nil
} Frame;

typedef struct Section {
    const ChTemplateOp *op;
    size_t start;            // of its body in `out`
} Section;

typedef struct Render {
    ChVm *vm;
    CH_ARRAY_OF(Asset *) assets;
    CH_ARRAY_OF(Frame) frames;
    CH_ARRAY_OF(Loop) loops;
    CH_ARRAY_OF(Section) sections;
    CH_ARRAY_OF(ChValue) stack;
    ChBuffer out;
    ChBuffer why;            // the error's text
    uint64_t steps;
} Render;

// ---- files ----------------------------------------------------------------------------------------------------------

static void add_relative(ChBuffer *out, ChStr folder, ChStr path) {
    ch_buffer_add_str(out, folder);
    if (!ch_str_ends_with(folder, CH_STR("/"))) ch_buffer_add_byte(out, '/');
    ch_buffer_add_str(out, path);
}

// The file that `@/…` or `@alias/…` means, seen from a folder. False: `why` has the text.
static bool resolve_rooted(ChStr path, ChStr anchor, ChBuffer *out, ChBuffer *why) {
    ChArena arena;
    ch_arena_init(&arena);
    ChStr problem = {0}, found = ch_asset_resolve(&arena, anchor, path, &problem);
    ch_buffer_add_str(found.length ? out : why, found.length ? found : problem);
    ch_arena_release(&arena);
    return found.length > 0;
}

// The file that `path` means, seen from `anchor` (a folder); an include must stay below `anchor` when `confined`.
static bool resolve(Render *render, ChStr path, ChStr anchor, bool confined, ChBuffer *out, ChBuffer *why) {
    if (ch_str_find(path, ch_str_slice("\0", 1), 0) >= 0) {
        ch_buffer_add_text(why, "a path cannot contain a NUL");
        return false;
    }
    if (ch_str_starts_with(path, CH_STR("std/")) && path.length > 4) {
        ch_buffer_printf(why, "unknown stdlib prompt asset '%.*s'", CH_STR_ARG(path));
        return false;
    }
    if (ch_asset_is_rooted(path)) return resolve_rooted(path, anchor, out, why);
    if (ch_path_is_absolute(path)) ch_buffer_add_str(out, path);
    else add_relative(out, anchor, path);
    ChFileInfo info; // what is not there cannot be outside
    if (!confined || render->vm->host->file_info(render->vm->host->ud, out->data, &info) != CH_STATUS_OK) return true;
    ChArena arena;
    ch_arena_init(&arena);
    ChStr whole = ch_path_normalize(&arena, ch_buffer_view(out)), root = ch_path_normalize(&arena, anchor);
    bool is_below = ch_str_starts_with(whole, root) &&
                    (whole.length == root.length || root.length == 1 || whole.data[root.length] == '/');
    if (!is_below)
        ch_buffer_printf(why, "include path %.*s escapes template root %.*s", CH_STR_ARG(whole), CH_STR_ARG(root));
    ch_arena_release(&arena);
    return is_below;
}

static Asset *add_asset(Render *render, char *take_path, char *take_id, ChStr text) {
    Asset *asset = ch_alloc_zero(1, sizeof *asset);
    asset->path = take_path;
    asset->id = take_id;
    asset->template = ch_template_parse(text);
    ch_array_push(&render->assets, asset);
    return asset;
}

// The template in a file, read once. NULL: `why` has the text behind `prefix`.
static Asset *load(Render *render, ChBuffer *take_path, const char *prefix, ChBuffer *why) {
    ChArena arena;
    ch_arena_init(&arena);
    char *path = ch_buffer_detach(take_path);
    ChStr id = ch_path_normalize(&arena, ch_str_of(path));
    Asset *asset = NULL;
    for (uint32_t i = 0; i < render->assets.count && !asset; i++)
        if (render->assets.items[i]->id && ch_str_is(id, render->assets.items[i]->id)) asset = render->assets.items[i];
    if (!asset) {
        ChBuffer text = {0};
        ChVm *vm = render->vm;
        ChStatus status = vm->host->file_read(vm->host->ud, path, CH_HOST_FILE_MAX, &text);
        if (status == CH_STATUS_OK && ch_utf8_find_invalid(text.data ? text.data : "", text.length) != text.length)
            status = CH_STATUS_BAD_UTF8;
        if (status == CH_STATUS_OK) {
            asset = add_asset(render, path, ch_str_detach(id), ch_buffer_view(&text));
            path = NULL;
        } else {
            ch_buffer_printf(why, "%s %s: %s", prefix, path, ch__file_reason(status));
        }
        ch_buffer_release(&text);
    }
    ch_free(path);
    ch_arena_release(&arena);
    return asset;
}

// ---- values ---------------------------------------------------------------------------------------------------------

static void push(Render *render, ChValue take_value) { ch_array_push(&render->stack, take_value); }
static ChValue pop(Render *render) { return ch_array_pop(&render->stack); }
static ChValue *top(Render *render) { return &ch_array_last(&render->stack); }

static ChValue loop_facts(const Loop *loop) {
    ChDict *facts = ch_dict_new();
    ch_dict_put_str(facts, "index", ch_int((int64_t)loop->index + 1));
    ch_dict_put_str(facts, "index0", ch_int(loop->index));
    ch_dict_put_str(facts, "first", ch_bool(!loop->index));
    ch_dict_put_str(facts, "last", ch_bool(loop->index + 1 == loop->length));
    ch_dict_put_str(facts, "length", ch_int(loop->length));
    return ch_object(facts);
}

// The variable, owned; CH_ABSENT: there is none.
static ChValue lookup(const Render *render, ChStr name) {
    const Frame *frame = &ch_array_last(&render->frames);
    for (uint32_t i = render->loops.count; i > frame->loops; i--) {
        const Loop *loop = &render->loops.items[i - 1];
        if (ch_str_is(name, "loop")) return loop_facts(loop);
        if (loop->op->names[1].length && ch_str_equal(name, loop->op->names[1])) return ch_retain(loop->key);
        if (ch_str_equal(name, loop->op->names[0])) return ch_retain(loop->item);
    }
    ChValue *found = frame->bindings.tag == CH_TAG_DICT ? ch_dict_find_str(frame->bindings.as.dict, name) : NULL;
    return found ? ch_retain(*found) : CH_ABSENT;
}

static ChValue value_of(const Render *render, ChStr name) {
    ChValue value = lookup(render, name);
    return value.tag == CH_TAG_ABSENT ? CH_NIL : value;
}

static ChValue item_at(ChValue value, int64_t index) {
    if (value.tag == CH_TAG_LIST) {
        ChList *list = value.as.list;
        if (index < 0) index += list->count;
        return index < 0 || index >= list->count ? CH_NIL : ch_retain(list->items[index]);
    }
    if (value.tag != CH_TAG_STRING) return CH_NIL;
    ChStr text = ch__text(value);
    uint32_t chars = ch_string_chars(value.as.string), at = 0;
    if (index < 0) index += chars;
    if (index < 0 || index >= chars) return CH_NIL;
    for (int64_t i = 0; i <= index; i++) {
        uint32_t end = at + 1;
        while (end < text.length && (text.data[end] & 0xC0) == 0x80) end++;
        if (i == index) return ch_str_value(text.data + at, end - at);
        at = end;
    }
    return CH_NIL;
}

static bool compare(ChTemplateOpKind kind, ChValue a, ChValue b) {
    if (kind == CH_TEMPLATE_EQUAL) return ch_equal(a, b);
    if (kind == CH_TEMPLATE_NOT_EQUAL) return !ch_equal(a, b);
    double x = 0, y = 0;
    bool are_numbers = ch__number(a, &x) && ch__number(b, &y), are_texts = a.tag == CH_TAG_STRING && b.tag == CH_TAG_STRING;
    if (!are_texts && (!are_numbers || isnan(x) || isnan(y))) return false;
    int order = ch_compare(a, b);
    switch (kind) {
    case CH_TEMPLATE_LESS: return order < 0;
    case CH_TEMPLATE_LESS_EQUAL: return order <= 0;
    case CH_TEMPLATE_GREATER: return order > 0;
    default: return order >= 0;
    }
}

// ---- errors ---------------------------------------------------------------------------------------------------------

static bool fail_in(Render *render, const Asset *asset, uint32_t line, uint32_t column, ChStr message) {
    ChBuffer text = {0};
    if (asset->path) ch_buffer_printf(&text, "%s ", asset->path);
    ch_buffer_printf(&text, "at %u:%u: ", line, column);
    ch_buffer_add_str(&text, message);
    ch_buffer_release(&render->why);
    render->why = text;
    return false;
}

// What goes wrong while rendering is told with the path of the template that was asked for.
static bool fail(Render *render, const ChTemplateOp *op, ChBuffer *take_why) {
    fail_in(render, render->frames.items[0].asset, op->line, op->column, ch_buffer_view(take_why));
    ch_buffer_release(take_why);
    return false;
}

static bool check_parsed(Render *render, const Asset *asset) {
    const ChTemplate *template = asset->template;
    return !template->is_broken ||
           fail_in(render, asset, template->error.line, template->error.column, template->error.message);
}

// ---- loops ----------------------------------------------------------------------------------------------------------

static void loop_take(Loop *loop) {
    ChValue walked = loop->walked, key = ch_int(loop->index), item = CH_NIL;
    ChString *name;
    switch (walked.tag) {
    case CH_TAG_LIST: item = ch_retain(walked.as.list->items[loop->index]); break;
    case CH_TAG_SET: item = ch_retain(walked.as.set->items[loop->index]); break;
    case CH_TAG_RANGE: item = ch_int(walked.as.range->start + loop->index); break;
    default:
        if (!ch_dict_next(walked.as.dict, &loop->position, &name, &item)) break;
        ch_retain(item);
        key = ch_retain(ch_object(name));
    }
    ch_assign_take(&loop->item, item);
    ch_assign_take(&loop->key, key);
}

static void loop_drop(Render *render) {
    Loop loop = ch_array_pop(&render->loops);
    ch_release(loop.walked);
    ch_release(loop.item);
    ch_release(loop.key);
}

static bool loop_begin(Render *render, const ChTemplateOp *op, uint32_t *next) {
    Loop loop = {.op = op, .walked = pop(render), .item = CH_NIL, .key = CH_NIL};
    bool too_large = false;
    switch (loop.walked.tag) {
    case CH_TAG_NIL: break;
    case CH_TAG_LIST: loop.length = loop.walked.as.list->count; break;
    case CH_TAG_SET: loop.length = loop.walked.as.set->count; break;
    case CH_TAG_DICT: loop.length = loop.walked.as.dict->count; break;
    case CH_TAG_RANGE: loop.length = ch_range_length(loop.walked.as.range, &too_large); break;
    default: {
        ChBuffer why = {0};
        ch_buffer_printf(&why, "cannot iterate over %s — expected list, dict, set, or range", ch_type_name(loop.walked));
        ch_release(loop.walked);
        return fail(render, op, &why);
    }
    }
    if (too_large) {
        ChBuffer why = {0};
        ch_buffer_add_text(&why, "range is too long");
        ch_release(loop.walked);
        return fail(render, op, &why);
    }
    if (!loop.length) {
        ch_release(loop.walked);
        *next = op->target;
        return true;
    }
    loop_take(&loop);
    ch_array_push(&render->loops, loop);
    return true;
}

static void loop_next(Render *render, const ChTemplateOp *op, uint32_t *next) {
    Loop *loop = &ch_array_last(&render->loops);
    if (++loop->index < loop->length) {
        loop_take(loop);
        *next = op->target;
    } else {
        loop_drop(render);
    }
}

// ---- includes and sections ------------------------------------------------------------------------------------------

// What an included template sees: everything that is visible here.
static ChValue visible(const Render *render) {
    const Frame *frame = &ch_array_last(&render->frames);
    ChValue all = frame->bindings.tag == CH_TAG_DICT ? ch_retain(frame->bindings) : ch_object(ch_dict_new());
    for (uint32_t i = frame->loops; i < render->loops.count; i++) {
        const Loop *loop = &render->loops.items[i];
        ChDict *dict = ch_dict_unshare(&all);
        for (int n = 0; n < 2; n++) {
            if (!loop->op->names[n].length) continue;
            ChString *name = ch_string_new(loop->op->names[n].data, loop->op->names[n].length);
            ch_dict_put(dict, name, ch_retain(n ? loop->key : loop->item));
            ch_release(ch_object(name));
        }
        ch_dict_put_str(dict, "loop", loop_facts(loop));
    }
    return all;
}

static bool begin_frame(Render *render, Asset *asset, ChValue take_bindings) {
    ch_array_push(&render->frames, (Frame){.asset = asset, .loops = render->loops.count, .bindings = take_bindings});
    return true;
}

static bool check_include(Render *render, const Asset *asset, ChBuffer *why) {
    bool is_circle = false;
    for (uint32_t i = 1; i < render->frames.count; i++) is_circle |= render->frames.items[i].asset == asset;
    if (is_circle) {
        ch_buffer_add_text(why, "circular include detected: ");
        for (uint32_t i = 1; i < render->frames.count; i++) ch_buffer_printf(why, "file:%s → ", render->frames.items[i].asset->id);
        ch_buffer_printf(why, "file:%s", asset->id);
    } else if (render->frames.count > CH_TEMPLATE_INCLUDES_MAX) {
        ch_buffer_printf(why, "include depth exceeded (%d levels)", CH_TEMPLATE_INCLUDES_MAX);
    }
    return !why->length;
}

static bool include(Render *render, const ChTemplateOp *op) {
    const Asset *parent = ch_array_last(&render->frames).asset;
    uint32_t base = render->stack.count - op->count;
    ChBuffer path = {0}, why = {0}, folder = {0};
    if (parent->path) ch_buffer_add_str(&folder, ch_path_folder(ch_str_of(parent->path)));
    else ch__source_folder(render->vm, &folder);
    Asset *asset = NULL;
    if (resolve(render, ch__text(render->stack.items[base - 1]), ch_buffer_view(&folder), parent->path != NULL, &path, &why))
        asset = load(render, &path, "failed to read included template", &why);
    ch_buffer_release(&folder);
    ch_buffer_release(&path);
    if (!asset || !check_include(render, asset, &why)) return fail(render, op, &why);
    if (!check_parsed(render, asset)) return false;
    ChValue bindings = visible(render);
    for (uint32_t i = 0; i < op->count; i++) {
        ChString *name = ch_string_new(op->names[i].data, op->names[i].length);
        ch_dict_put(ch_dict_unshare(&bindings), name, ch_take(&render->stack.items[base + i]));
        ch_release(ch_object(name));
    }
    render->stack.count = base;
    ch_release(pop(render));
    return begin_frame(render, asset, bindings);
}

static void end_section(Render *render) {
    Section section = ch_array_pop(&render->sections);
    uint32_t base = render->stack.count - section.op->count;
    ChStr body = ch_str_slice(render->out.data + section.start, render->out.length - section.start);
    if (!render->out.data) body = (ChStr){"", 0};
    ChBuffer text = {0};
    ChValue llm = value_of(render, CH_STR("llm"));
    ch__template_section(section.op->text, body, section.op->names, render->stack.items ? render->stack.items + base : NULL,
                         section.op->count, llm, &text);
    ch_release(llm);
    render->out.length = section.start;
    ch_buffer_add(&render->out, text.data, text.length);
    ch_buffer_release(&text);
    while (render->stack.count > base) ch_release(pop(render));
}

// ---- the machine ----------------------------------------------------------------------------------------------------

static bool filter(Render *render, const ChTemplateOp *op) {
    uint32_t base = render->stack.count - op->count;
    ChBuffer why = {0};
    ChValue value = CH_NIL;
    if (!ch__template_filter(op->text, render->stack.items[base - 1], render->stack.items + base, op->count, &value, &why))
        return fail(render, op, &why);
    while (render->stack.count > base) ch_release(pop(render));
    ch_assign_take(top(render), value);
    return true;
}

static void emit_bare(Render *render, ChStr name) {
    ChValue value = lookup(render, name);
    if (value.tag == CH_TAG_ABSENT) ch_buffer_printf(&render->out, "{{%.*s}}", CH_STR_ARG(name));
    else ch__template_display(value, &render->out);
    ch_release(value);
}

static bool check_path(Render *render, const ChTemplateOp *op) {
    if (top(render)->tag == CH_TAG_STRING) return true;
    ChBuffer why = {0};
    ch_buffer_printf(&why, "include path must be a string (got %s)", ch_type_name(*top(render)));
    return fail(render, op, &why);
}

static bool step(Render *render, const ChTemplateOp *op, uint32_t *next) {
    ChValue value;
    switch (op->kind) {
    case CH_TEMPLATE_TEXT: ch_buffer_add_str(&render->out, op->text); break;
    case CH_TEMPLATE_BARE: emit_bare(render, op->text); break;
    case CH_TEMPLATE_NIL: push(render, CH_NIL); break;
    case CH_TEMPLATE_TRUE: push(render, ch_bool(true)); break;
    case CH_TEMPLATE_FALSE: push(render, ch_bool(false)); break;
    case CH_TEMPLATE_INT: push(render, ch_int(op->number)); break;
    case CH_TEMPLATE_FLOAT: push(render, ch_float(op->real)); break;
    case CH_TEMPLATE_STRING: push(render, ch_str_value(op->text.data, op->text.length)); break;
    case CH_TEMPLATE_VARIABLE: push(render, value_of(render, op->text)); break;
    case CH_TEMPLATE_FIELD: {
        ChValue *found = top(render)->tag == CH_TAG_DICT ? ch_dict_find_str(top(render)->as.dict, op->text) : NULL;
        ch_assign_take(top(render), found ? ch_retain(*found) : CH_NIL);
        break;
    }
    case CH_TEMPLATE_INDEX: ch_assign_take(top(render), item_at(*top(render), op->number)); break;
    case CH_TEMPLATE_NOT: ch_assign_take(top(render), ch_bool(!ch__template_is_true(*top(render)))); break;
    case CH_TEMPLATE_EQUAL:
    case CH_TEMPLATE_NOT_EQUAL:
    case CH_TEMPLATE_LESS:
    case CH_TEMPLATE_LESS_EQUAL:
    case CH_TEMPLATE_GREATER:
    case CH_TEMPLATE_GREATER_EQUAL:
        value = pop(render);
        ch_assign_take(top(render), ch_bool(compare(op->kind, *top(render), value)));
        ch_release(value);
        break;
    case CH_TEMPLATE_AND:
    case CH_TEMPLATE_OR:
        if (ch__template_is_true(*top(render)) == (op->kind == CH_TEMPLATE_OR)) *next = op->target;
        else ch_release(pop(render));
        break;
    case CH_TEMPLATE_FILTER: return filter(render, op);
    case CH_TEMPLATE_EMIT:
        ch__template_display(*top(render), &render->out);
        ch_release(pop(render));
        break;
    case CH_TEMPLATE_JUMP: *next = op->target; break;
    case CH_TEMPLATE_JUMP_UNLESS:
        value = pop(render);
        if (!ch__template_is_true(value)) *next = op->target;
        ch_release(value);
        break;
    case CH_TEMPLATE_FOR: return loop_begin(render, op, next);
    case CH_TEMPLATE_NEXT: loop_next(render, op, next); break;
    case CH_TEMPLATE_PATH: return check_path(render, op);
    case CH_TEMPLATE_INCLUDE: return include(render, op);
    case CH_TEMPLATE_SECTION: ch_array_push(&render->sections, (Section){op, render->out.length}); break;
    case CH_TEMPLATE_SECTION_END: end_section(render); break;
    }
    return true;
}

static bool run(Render *render) {
    while (render->frames.count) {
        uint32_t number = render->frames.count - 1;
        Frame *frame = &render->frames.items[number];
        const ChTemplate *template = frame->asset->template;
        if (frame->next >= template->ops.count) {
            ch_release(frame->bindings);
            render->frames.count--;
            continue;
        }
        const ChTemplateOp *op = &template->ops.items[frame->next];
        uint32_t next = frame->next + 1;
        bool is_too_long = render->out.length > CH_STRING_MAX;
        if (is_too_long || ++render->steps > CH_RENDER_STEPS_MAX) {
            ChBuffer why = {0};
            ch_buffer_add_text(&why, is_too_long ? "template output is too long" : "template takes too many steps");
            return fail(render, op, &why);
        }
        if (!step(render, op, &next)) return false;
        render->frames.items[number].next = next; // an include may have moved the frames
    }
    return true;
}

static void release(Render *render) {
    while (render->loops.count) loop_drop(render);
    while (render->stack.count) ch_release(pop(render));
    while (render->frames.count) ch_release(ch_array_pop(&render->frames).bindings);
    for (uint32_t i = 0; i < render->assets.count; i++) {
        ch_template_free(render->assets.items[i]->template);
        ch_free(render->assets.items[i]->path);
        ch_free(render->assets.items[i]->id);
        ch_free(render->assets.items[i]);
    }
    ch_array_release(&render->assets);
    ch_array_release(&render->frames);
    ch_array_release(&render->loops);
    ch_array_release(&render->sections);
    ch_array_release(&render->stack);
    ch_buffer_release(&render->out);
    ch_buffer_release(&render->why);
}

// `asset` is NULL when it could not be read; `render->why` tells then.
static ChFlow render_asset(Render *render, Asset *asset, ChValue bindings, ChValue *result) {
    bool is_good = asset && check_parsed(render, asset) &&
                   begin_frame(render, asset, bindings.tag == CH_TAG_DICT ? ch_retain(bindings) : CH_NIL) && run(render);
    ChFlow flow = CH_OK;
    if (is_good) flow = ch__give_buffer_checked(render->vm, "render", result, &render->out);
    else flow = ch_throw_value(render->vm, ch_str_value(render->why.data, render->why.length));
    release(render);
    return flow;
}

CH_NATIVE(ch__render) {
    Render render = {.vm = vm};
    ChString *path = ch__arg_display(args, argc, 0);
    ChBuffer folder = {0}, target = {0};
    ch__source_folder(vm, &folder);
    Asset *asset = NULL;
    if (resolve(&render, ch_string_view(path), ch_buffer_view(&folder), false, &target, &render.why))
        asset = load(&render, &target, "Failed to read template", &render.why);
    ch_buffer_release(&folder);
    ch_buffer_release(&target);
    ch_release(ch_object(path));
    return render_asset(&render, asset, ch_arg(args, argc, 1), result);
}

CH_NATIVE(ch__render_string) {
    Render render = {.vm = vm};
    ChString *text = ch__arg_display(args, argc, 0);
    Asset *asset = add_asset(&render, NULL, NULL, ch_string_view(text));
    ch_release(ch_object(text));
    return render_asset(&render, asset, ch_arg(args, argc, 1), result);
}
