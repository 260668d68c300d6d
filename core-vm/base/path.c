/* See path.h. */
#include "base/path.h"

#include <string.h>

#include "base/banned.h"

bool ch_path_is_absolute(ChStr path) {
    return path.length && path.data[0] == '/';
}

ChStr ch_path_folder(ChStr path) {
    while (path.length > 1 && path.data[path.length - 1] == '/')
        path.length--;
    int64_t slash = ch_str_find_last_byte(path, '/');
    if (slash < 0) return CH_STR(".");
    while (slash > 0 && path.data[slash - 1] == '/')
        slash--;
    return slash == 0 ? CH_STR("/") : ch_str_slice(path.data, (size_t)slash);
}

ChStr ch_path_name(ChStr path) {
    while (path.length > 1 && path.data[path.length - 1] == '/')
        path.length--;
    int64_t slash = ch_str_find_last_byte(path, '/');
    if (slash < 0 || path.length == 1) return path;
    return ch_str_slice(path.data + slash + 1, path.length - (size_t)slash - 1);
}

ChStr ch_path_extension(ChStr path) {
    ChStr name = ch_path_name(path);
    int64_t dot = ch_str_find_last_byte(name, '.');
    if (dot <= 0) return (ChStr){0};
    return ch_str_slice(name.data + dot, name.length - (size_t)dot);
}

ChStr ch_path_join(ChArena *arena, ChStr folder, ChStr path) {
    if (ch_path_is_absolute(path) || folder.length == 0 || ch_str_is(folder, "."))
        return ch_str_copy(arena, path);
    bool slash = folder.data[folder.length - 1] == '/';
    return ch_str_format(arena, "%.*s%s%.*s", CH_STR_ARG(folder), slash ? "" : "/", CH_STR_ARG(path));
}

ChStr ch_path_normalize(ChArena *arena, ChStr path) {
    char *out = ch_arena_alloc(arena, (size_t)path.length + 2);
    bool absolute = ch_path_is_absolute(path);
    uint32_t used = 0, floor; /* bytes before floor are "/" or leading ".." parts */
    if (absolute) out[used++] = '/';
    floor = used;
    for (uint32_t i = 0; i < path.length;) {
        uint32_t start = i;
        while (i < path.length && path.data[i] != '/')
            i++;
        ChStr part = ch_str_slice(path.data + start, i - start);
        while (i < path.length && path.data[i] == '/')
            i++;
        if (part.length == 0 || ch_str_is(part, ".")) continue;
        bool up = ch_str_is(part, "..");
        if (up && used > floor) {
            while (used > floor && out[used - 1] != '/')
                used--;
            if (used > floor) used--;
            continue;
        }
        if (up && absolute) continue;
        if (used && out[used - 1] != '/') out[used++] = '/';
        memcpy(out + used, part.data, part.length);
        used += part.length;
        if (up) floor = used;
    }
    if (used == 0) out[used++] = '.';
    return ch_str_slice(out, used);
}

ChStr ch_path_below(ChStr base, ChStr path) {
    if (ch_str_is(base, "/") && ch_path_is_absolute(path))
        return ch_str_slice(path.data + 1, path.length - 1);
    if (!ch_str_starts_with(path, base) || path.length <= base.length + 1 || path.data[base.length] != '/')
        return path;
    return ch_str_slice(path.data + base.length + 1, path.length - base.length - 1);
}
