// Paths as texts: parts between slashes; empty parts and `.` inside do not count.
#include "builtins/native.h"

#include "base/banned.h"

// Where the last part of the path begins and ends. False: it has none, as "/" and "..".
static bool last_part(ChStr path, uint32_t *start, uint32_t *end) {
    uint32_t stop = path.length;
    for (;;) {
        while (stop && path.data[stop - 1] == '/') stop--;
        bool is_dot = stop >= 2 && path.data[stop - 1] == '.' && path.data[stop - 2] == '/';
        if (!is_dot) break;
        stop--;
    }
    uint32_t begin = stop;
    while (begin && path.data[begin - 1] != '/') begin--;
    *start = begin;
    *end = stop;
    return begin < stop;
}

CH_NATIVE(ch__dirname) {
    ChStr path = ch__text(args[0]);
    uint32_t start, end;
    if (!last_part(path, &start, &end)) return ch__give_text(result, "", 0);
    while (start > 1 && path.data[start - 1] == '/') start--;
    return ch__give_text(result, path.data, start);
}

static bool name_of(ChStr path, ChStr *name) {
    uint32_t start, end;
    if (!last_part(path, &start, &end)) return false;
    *name = (ChStr){path.data + start, end - start};
    return !ch_str_is(*name, "..") && !ch_str_is(*name, ".");
}

CH_NATIVE(ch__basename) {
    ChStr name;
    if (!name_of(ch__text(args[0]), &name)) return ch__give_text(result, "", 0);
    return ch__give_text(result, name.data, name.length);
}

CH_NATIVE(ch__extname) {
    ChStr name;
    int64_t dot = name_of(ch__text(args[0]), &name) ? ch_str_find_last_byte(name, '.') : -1;
    if (dot <= 0) return ch__give_text(result, "", 0);
    return ch__give_text(result, name.data + dot, name.length - (uint32_t)dot);
}
