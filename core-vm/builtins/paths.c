// Paths as texts: taken apart once (Parts), and put together again from views of what was taken apart.
#include "builtins/native.h"

#include "base/banned.h"

typedef struct Parts {
    ChBuffer text;   // the path with `/` only; the views below point into it
    ChStr drive;     // "C:" or empty
    bool is_absolute;
    CH_ARRAY_OF(ChStr) names;
} Parts;

static bool has_drive(ChStr path) {
    if (path.length < 2 || path.data[1] != ':') return false;
    char letter = (char)(path.data[0] | 0x20);
    return letter >= 'a' && letter <= 'z';
}

static void parts_split(Parts *parts, ChStr path) {
    *parts = (Parts){0};
    ch_buffer_add_str(&parts->text, path);
    for (size_t i = 0; i < parts->text.length; i++)
        if (parts->text.data[i] == '\\') parts->text.data[i] = '/';
    ChStr all = ch_buffer_view(&parts->text);
    uint32_t at = has_drive(all) ? 2 : 0;
    parts->drive = (ChStr){all.data, at};
    parts->is_absolute = at < all.length && all.data[at] == '/';
    while (at < all.length) {
        uint32_t end = at;
        while (end < all.length && all.data[end] != '/') end++;
        if (end > at) {
            ChStr name = {all.data + at, end - at};
            ch_array_push(&parts->names, name);
        }
        at = end + 1;
    }
}

static void parts_of(Parts *parts, const ChValue *args, uint32_t argc, uint32_t index) {
    ChString *text = ch__arg_display(args, argc, index);
    parts_split(parts, ch_string_view(text));
    ch_release(ch_object(text));
}

static void parts_release(Parts *parts) {
    ch_buffer_release(&parts->text);
    ch_array_release(&parts->names);
}

// Carries out `.` and `..`; a path that is not absolute keeps the `..` in front.
static void parts_normalize(Parts *parts) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < parts->names.count; i++) {
        ChStr name = parts->names.items[i];
        if (ch_str_is(name, ".")) continue;
        if (!ch_str_is(name, ".."))
            parts->names.items[kept++] = name;
        else if (kept && !ch_str_is(parts->names.items[kept - 1], ".."))
            kept--;
        else if (!parts->is_absolute)
            parts->names.items[kept++] = name;
    }
    parts->names.count = kept;
}

// Appends drive, root and the first `count` names.
static void parts_join(const Parts *parts, uint32_t count, ChBuffer *out) {
    ch_buffer_add_str(out, parts->drive);
    if (parts->is_absolute) ch_buffer_add_byte(out, '/');
    for (uint32_t i = 0; i < count; i++) {
        if (i) ch_buffer_add_byte(out, '/');
        ch_buffer_add_str(out, parts->names.items[i]);
    }
}

static void normalized(Parts *parts, ChBuffer *out) {
    parts_normalize(parts);
    if (!parts->text.length) return;
    parts_join(parts, parts->names.count, out);
    if (!out->length) ch_buffer_add_byte(out, '.');
}

// A relative path of one name has no parent, not even its drive.
static void parent(const Parts *parts, ChBuffer *out) {
    uint32_t count = parts->names.count;
    if (count <= 1 && !parts->is_absolute) return;
    parts_join(parts, count ? count - 1 : 0, out);
}

static ChStr last_name(const Parts *parts) {
    return parts->names.count ? parts->names.items[parts->names.count - 1] : (ChStr){"", 0};
}

// Length of the last name without its extension; a dot in front begins none.
static uint32_t stem_length(ChStr name) {
    int64_t dot = ch_str_find_last_byte(name, '.');
    return dot > 0 ? (uint32_t)dot : name.length;
}

static ChFlow give(ChVm *vm, const char *who, ChValue *result, Parts *take_parts, ChBuffer *take_out) {
    parts_release(take_parts);
    return ch__give_buffer_checked(vm, who, result, take_out);
}

static ChValue text_value(ChStr text) { return ch_str_value(text.data, text.length); }

static ChValue names_value(const Parts *parts) {
    ChList *list = ch_list_new(parts->names.count);
    for (uint32_t i = 0; i < parts->names.count; i++) ch_list_push(list, text_value(parts->names.items[i]));
    return ch_object(list);
}

CH_NATIVE(ch__path_parts) {
    Parts parts;
    parts_of(&parts, args, argc, 0);
    ChBuffer dir = {0};
    parent(&parts, &dir);
    ChStr name = last_name(&parts);
    uint32_t stem = stem_length(name);
    ChDict *dict = ch_dict_new();
    ch_dict_put_str(dict, "dir", text_value(ch_buffer_view(&dir)));
    ch_dict_put_str(dict, "file", text_value(name));
    ch_dict_put_str(dict, "stem", ch_str_value(name.data, stem));
    ch_dict_put_str(dict, "ext", ch_str_value(name.data + stem, name.length - stem));
    ch_dict_put_str(dict, "segments", names_value(&parts));
    ch_buffer_release(&dir);
    parts_release(&parts);
    return ch__give(result, ch_object(dict));
}

CH_NATIVE(ch__path_segments) {
    Parts parts;
    parts_of(&parts, args, argc, 0);
    *result = names_value(&parts);
    parts_release(&parts);
    return CH_OK;
}

CH_NATIVE(ch__path_parent) {
    Parts parts;
    ChBuffer out = {0};
    parts_of(&parts, args, argc, 0);
    parent(&parts, &out);
    return give(vm, "path_parent", result, &parts, &out);
}

// A piece of the last name: from where to where is told by the stem's length.
static ChFlow name_piece(const ChValue *args, uint32_t argc, ChValue *result, bool has_stem, bool has_extension) {
    Parts parts;
    parts_of(&parts, args, argc, 0);
    ChStr name = last_name(&parts);
    uint32_t stem = stem_length(name);
    uint32_t start = has_stem ? 0 : stem, end = has_extension ? name.length : stem;
    *result = ch_str_value(name.data + start, end - start);
    parts_release(&parts);
    return CH_OK;
}

CH_NATIVE(ch__path_basename) { return name_piece(args, argc, result, true, true); }
CH_NATIVE(ch__path_stem) { return name_piece(args, argc, result, true, false); }
CH_NATIVE(ch__path_extension) { return name_piece(args, argc, result, false, true); }

// The parent's path with a slash behind it, if it has a name.
static void parent_prefix(const Parts *parts, ChBuffer *out) {
    parent(parts, out);
    if (out->length && out->data[out->length - 1] != '/') ch_buffer_add_byte(out, '/');
}

CH_NATIVE(ch__path_with_extension) {
    Parts parts;
    ChBuffer out = {0};
    parts_of(&parts, args, argc, 0);
    parent_prefix(&parts, &out);
    ChStr name = last_name(&parts);
    ch_buffer_add(&out, name.data, stem_length(name));
    ChString *extension = ch__arg_display(args, argc, 1);
    if (extension->length && extension->data[0] != '.') ch_buffer_add_byte(&out, '.');
    ch_buffer_add_str(&out, ch_string_view(extension));
    ch_release(ch_object(extension));
    return give(vm, "path_with_extension", result, &parts, &out);
}

CH_NATIVE(ch__path_with_stem) {
    Parts parts;
    ChBuffer out = {0};
    parts_of(&parts, args, argc, 0);
    parent_prefix(&parts, &out);
    ChString *stem = ch__arg_display(args, argc, 1);
    ch_buffer_add_str(&out, ch_string_view(stem));
    ch_release(ch_object(stem));
    ChStr name = last_name(&parts);
    uint32_t length = stem_length(name);
    ch_buffer_add(&out, name.data + length, name.length - length);
    return give(vm, "path_with_stem", result, &parts, &out);
}

CH_NATIVE(ch__path_is_absolute) {
    Parts parts;
    parts_of(&parts, args, argc, 0);
    *result = ch_bool(parts.is_absolute);
    parts_release(&parts);
    return CH_OK;
}

CH_NATIVE(ch__path_is_relative) {
    ch__path_is_absolute(vm, args, argc, result);
    return ch__give_bool(result, !result->as.boolean);
}

CH_NATIVE(ch__path_normalize) {
    Parts parts;
    ChBuffer out = {0};
    parts_of(&parts, args, argc, 0);
    normalized(&parts, &out);
    return give(vm, "path_normalize", result, &parts, &out);
}

CH_NATIVE(ch__path_to_posix) {
    Parts parts;
    parts_of(&parts, args, argc, 0);
    *result = text_value(ch_buffer_view(&parts.text));
    parts_release(&parts);
    return CH_OK;
}

// The way from `base` to `path`, both normalised. False: there is none.
static bool relative(const Parts *path, const Parts *base, ChBuffer *out) {
    if (path->is_absolute != base->is_absolute || !ch_str_equal(path->drive, base->drive)) return false;
    uint32_t common = 0;
    while (common < path->names.count && common < base->names.count &&
           ch_str_equal(path->names.items[common], base->names.items[common]))
        common++;
    for (uint32_t i = common; i < base->names.count; i++) ch_buffer_add_text(out, out->length ? "/.." : "..");
    for (uint32_t i = common; i < path->names.count; i++) {
        if (out->length) ch_buffer_add_byte(out, '/');
        ch_buffer_add_str(out, path->names.items[i]);
    }
    if (!out->length) ch_buffer_add_byte(out, '.');
    return true;
}

CH_NATIVE(ch__path_relative_to) {
    Parts path, base;
    ChBuffer out = {0};
    parts_of(&path, args, argc, 0);
    parts_of(&base, args, argc, 1);
    parts_normalize(&path);
    parts_normalize(&base);
    bool is_found = relative(&path, &base, &out);
    parts_release(&base);
    if (is_found) return give(vm, "path_relative_to", result, &path, &out);
    parts_release(&path);
    ch_buffer_release(&out);
    return CH_OK;
}

// ---- the workspace ---------------------------------------------------------------------------------------------------

typedef struct Place {
    const char *kind, *reason; // reason: NULL at none
    ChBuffer normalized, inside, host;
    bool is_inside, has_host, is_drift; // drift: absolute for its writer, but meant from the workspace's root
} Place;

static bool leaves(const Parts *parts) { return parts->names.count && ch_str_is(parts->names.items[0], ".."); }

static bool exists(ChVm *vm, ChStr path) {
    ChFileInfo info;
    char *name = ch_str_detach(path);
    bool is_there = vm->host->file_info(vm->host->ud, name, &info) == CH_STATUS_OK;
    ch_free(name);
    return is_there;
}

// The root and `path` below it, as one normalised path.
static void below_root(ChStr root, const Parts *path, ChBuffer *out) {
    ChBuffer joined = {0};
    ch_buffer_add_str(&joined, root);
    for (uint32_t i = 0; i < path->names.count; i++) {
        ch_buffer_add_byte(&joined, '/');
        ch_buffer_add_str(&joined, path->names.items[i]);
    }
    Parts parts;
    parts_split(&parts, ch_buffer_view(&joined));
    normalized(&parts, out);
    parts_release(&parts);
    ch_buffer_release(&joined);
}

// An absolute path that leads nowhere, while the same path below the root, or its folder, is there.
static bool is_drift(ChVm *vm, ChStr written, ChStr root, const Parts *path, ChBuffer *host) {
    if (!path->names.count || path->drive.length || exists(vm, written)) return false;
    below_root(root, path, host);
    ChStr folder = ch_buffer_view(host);
    if (exists(vm, folder)) return true;
    while (folder.length > 1 && folder.data[folder.length - 1] != '/') folder.length--;
    return exists(vm, folder);
}

static void place_absolute(ChVm *vm, ChStr written, ChStr root, Parts *path, Place *place) {
    Parts base;
    parts_split(&base, root);
    parts_normalize(&base);
    ChBuffer way = {0};
    bool is_below = relative(path, &base, &way) && !(way.length >= 2 && way.data[0] == '.' && way.data[1] == '.' &&
                                                   (way.length == 2 || way.data[2] == '/'));
    place->kind = "host_absolute";
    place->has_host = true;
    if (is_below) {
        place->is_inside = true;
        ch_buffer_add_str(&place->inside, ch_buffer_view(&way));
        ch_buffer_add_str(&place->host, ch_buffer_view(&place->normalized));
    } else if (is_drift(vm, written, root, path, &place->host)) {
        place->kind = "workspace_relative";
        place->is_inside = place->is_drift = true;
        path->is_absolute = false;
        parts_join(path, path->names.count, &place->inside);
        ch_buffer_clear(&place->normalized);
        ch_buffer_add_str(&place->normalized, ch_buffer_view(&place->inside));
    } else {
        ch_buffer_clear(&place->host);
        ch_buffer_add_str(&place->host, ch_buffer_view(&place->normalized));
    }
    ch_buffer_release(&way);
    parts_release(&base);
}

static void place_find(ChVm *vm, ChStr input, ChStr root, Place *place) {
    *place = (Place){.kind = "invalid"};
    ChStr written = ch__trim(input, true, true);
    if (!written.length) {
        place->reason = "path is empty";
        return;
    }
    Parts path;
    parts_split(&path, written);
    if (memchr(written.data, 0, written.length)) {
        place->reason = "path contains NUL bytes";
        ch_buffer_add_str(&place->normalized, ch_buffer_view(&path.text));
        parts_release(&path);
        return;
    }
    normalized(&path, &place->normalized);
    if (path.is_absolute) {
        place_absolute(vm, written, root, &path, place);
    } else {
        place->has_host = true;
        below_root(root, &path, &place->host);
        if (leaves(&path)) {
            place->reason = "workspace-relative path escapes the workspace root";
        } else {
            place->kind = "workspace_relative";
            place->is_inside = true;
            ch_buffer_add_str(&place->inside, ch_buffer_view(&place->normalized));
        }
    }
    parts_release(&path);
}

// Finds the place of args[0] below args[1], or below the working folder.
static ChString *place_of_args(ChVm *vm, const ChValue *args, uint32_t argc, Place *place) {
    ChString *input = ch__arg_display(args, argc, 0);
    ChBuffer root = {0};
    if (argc > 1 && !ch_is_nil(args[1])) ch_display(args[1], &root);
    if (!root.length && !vm->host->folder(vm->host->ud, &root)) ch_buffer_add_text(&root, "/");
    place_find(vm, ch_string_view(input), ch_buffer_view(&root), place);
    ch_buffer_release(&root);
    return input;
}

static void place_release(Place *place) {
    ch_buffer_release(&place->normalized);
    ch_buffer_release(&place->inside);
    ch_buffer_release(&place->host);
}

CH_NATIVE(ch__path_workspace_info) {
    Place place;
    ChString *input = place_of_args(vm, args, argc, &place);
    ChDict *dict = ch_dict_new();
    ch_dict_put_str(dict, "input", ch_object(input));
    ch_dict_put_str(dict, "kind", text_value(ch_str_of(place.kind)));
    ch_dict_put_str(dict, "normalized", text_value(ch_buffer_view(&place.normalized)));
    ch_dict_put_str(dict, "workspace_path", place.is_inside ? text_value(ch_buffer_view(&place.inside)) : CH_NIL);
    ch_dict_put_str(dict, "host_path", place.has_host ? text_value(ch_buffer_view(&place.host)) : CH_NIL);
    ch_dict_put_str(dict, "recovered_root_drift", ch_bool(place.is_drift));
    ch_dict_put_str(dict, "reason", place.reason ? text_value(ch_str_of(place.reason)) : CH_NIL);
    place_release(&place);
    return ch__give(result, ch_object(dict));
}

CH_NATIVE(ch__path_workspace_normalize) {
    Place place;
    ChString *input = place_of_args(vm, args, argc, &place);
    ch_release(ch_object(input));
    if (place.is_inside) *result = text_value(ch_buffer_view(&place.inside));
    place_release(&place);
    return CH_OK;
}
