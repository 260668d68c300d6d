/* See source.h. Only regular files are read: a FIFO would block for ever and a
 * device never ends. The file is opened without blocking and asked what it is
 * after opening, so that nothing can be swapped in between. */
#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"

#include "base/banned.h"

static void fail(ChSourceError *error, ChStatus status, ChStr path, const char *detail) {
    if (!error) return;
    *error = (ChSourceError){.status = status};
    ch_buffer_printf(&error->message, "cannot read %.*s: %s%s", CH_STR_ARG(path),
                     status == CH_STATUS_IS_FOLDER || status == CH_STATUS_NOT_REGULAR ||
                             status == CH_STATUS_TOO_LARGE || status == CH_STATUS_BAD_UTF8
                         ? "it "
                         : "",
                     ch_status_text(status));
    ch_buffer_add_text(&error->message, detail);
}

static void index_lines(ChSource *source) {
    CH_ARRAY_OF(uint32_t) starts = {0};
    ch_array_push(&starts, 0u);
    const char *text = source->text.data, *end = text + source->text.length;
    for (const char *at = text; at < end;) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at) break;
        at++;
        ch_array_push(&starts, (uint32_t)(at - text));
    }
    source->line_starts = starts.items;
    source->line_count = starts.count;
}

/* Takes `text` (from ch_alloc, NUL-terminated). */
static ChSource *source_of(ChStr path, char *take_text, size_t length) {
    ChSource *source = ch_alloc_zero(1, sizeof *source);
    source->path = (ChStr){ch_str_detach(path), path.length};
    source->text = ch_str_slice(take_text, length);
    source->hash = ch_hash_bytes(take_text, length);
    source->ref_count = 1;
    index_lines(source);
    return source;
}

static void skip_byte_order_mark(char *text, size_t *length) {
    if (*length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        *length -= 3;
        memmove(text, text + 3, *length + 1);
    }
}

static ChSource *source_checked(ChStr path, char *take_text, size_t length, ChSourceError *error) {
    skip_byte_order_mark(take_text, &length);
    size_t bad = ch_utf8_find_invalid(take_text, length);
    ChSource *source = source_of(path, take_text, length);
    if (bad == length) return source;
    if (error) {
        ChPosition at = ch_source_position(source, (uint32_t)bad);
        fail(error, CH_STATUS_BAD_UTF8, path, "");
        ch_buffer_printf(&error->message, " (line %u, column %u: byte 0x%02x); save it as UTF-8", at.line,
                         at.column, (unsigned)(unsigned char)take_text[bad]);
        error->position = at;
    }
    ch_source_unref(source);
    return NULL;
}

static bool too_large(ChStr path, size_t length, ChSourceError *error) {
    if (length <= CH_SOURCE_BYTES_MAX) return false;
    fail(error, CH_STATUS_TOO_LARGE, path, "");
    if (error)
        ch_buffer_printf(&error->message, " (a source file may have up to %u MiB)",
                         CH_SOURCE_BYTES_MAX >> 20);
    return true;
}

ChSource *ch_source_new(ChStr path, ChStr text, ChSourceError *error) {
    if (too_large(path, text.length, error)) return NULL;
    return source_checked(path, ch_str_detach(text), text.length, error);
}

ChSource *ch_source_new_lossy(ChStr path, ChStr text) {
    if (text.length > CH_SOURCE_BYTES_MAX)
        text.length = (uint32_t)ch_utf8_floor(text.data, text.length, CH_SOURCE_BYTES_MAX);
    if (ch_utf8_find_invalid(text.data, text.length) == text.length) {
        size_t length = text.length;
        char *copy = ch_str_detach(text);
        skip_byte_order_mark(copy, &length);
        return source_of(path, copy, length);
    }
    ChBuffer clean = {0};
    for (uint32_t i = 0; i < text.length;) {
        uint32_t width, rune = ch_utf8_decode(text.data + i, text.length - i, &width);
        ch_buffer_add_rune(&clean, rune);
        i += width;
    }
    size_t length = clean.length;
    char *copy = ch_buffer_detach(&clean);
    skip_byte_order_mark(copy, &length);
    return source_of(path, copy, length);
}

ChSource *ch_source_read_descriptor(int descriptor, ChStr path, ChSourceError *error) {
    ChBuffer text = {0};
    for (;;) {
        ch_buffer_reserve(&text, 65536);
        ssize_t got = read(descriptor, text.data + text.length, text.capacity - text.length - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            fail(error, ch_status_of_errno(errno), path, "");
            ch_buffer_release(&text);
            return NULL;
        }
        if (got == 0) break;
        text.length += (size_t)got;
        if (too_large(path, text.length, error)) {
            ch_buffer_release(&text);
            return NULL;
        }
    }
    size_t length = text.length;
    return source_checked(path, ch_buffer_detach(&text), length, error);
}

ChSource *ch_source_read(ChStr path, ChSourceError *error) {
    if (memchr(path.data ? path.data : "", 0, path.length)) {
        fail(error, CH_STATUS_BAD_ARGUMENT, path, " (the path holds a NUL byte)");
        return NULL;
    }
    char *name = ch_str_detach(path);
    int descriptor = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    ch_free(name);
    if (descriptor < 0) {
        /* ENXIO is what a socket answers. */
        fail(error, errno == ENXIO ? CH_STATUS_NOT_REGULAR : ch_status_of_errno(errno), path, "");
        return NULL;
    }
    ChSource *source = NULL;
    struct stat facts;
    if (fstat(descriptor, &facts) != 0)
        fail(error, ch_status_of_errno(errno), path, "");
    else if (S_ISDIR(facts.st_mode))
        fail(error, CH_STATUS_IS_FOLDER, path, "");
    else if (!S_ISREG(facts.st_mode))
        fail(error, CH_STATUS_NOT_REGULAR, path, "");
    else if (facts.st_size < 0 || !too_large(path, (size_t)facts.st_size, error))
        source = ch_source_read_descriptor(descriptor, path, error);
    close(descriptor);
    return source;
}

ChSource *ch_source_ref(ChSource *source) {
    __atomic_add_fetch(&source->ref_count, 1, __ATOMIC_RELAXED);
    return source;
}

void ch_source_unref(ChSource *source) {
    if (!source || __atomic_sub_fetch(&source->ref_count, 1, __ATOMIC_ACQ_REL) > 0) return;
    ch_free((char *)source->path.data);
    ch_free((char *)source->text.data);
    ch_free(source->line_starts);
    ch_free(source);
}

uint32_t ch_source_line(const ChSource *source, uint32_t offset) {
    uint32_t low = 0, high = source->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

ChPosition ch_source_position(const ChSource *source, uint32_t offset) {
    if (offset > source->text.length) offset = source->text.length;
    uint32_t line = ch_source_line(source, offset);
    uint32_t start = source->line_starts[line - 1];
    return (ChPosition){line, (uint32_t)ch_utf8_count(source->text.data + start, offset - start) + 1};
}

uint32_t ch_source_line_start(const ChSource *source, uint32_t line) {
    if (line == 0) return 0;
    return line <= source->line_count ? source->line_starts[line - 1] : source->text.length;
}

ChStr ch_source_line_text(const ChSource *source, uint32_t line) {
    if (line == 0 || line > source->line_count) return (ChStr){0};
    uint32_t start = source->line_starts[line - 1];
    uint32_t end = line < source->line_count ? source->line_starts[line] - 1 : source->text.length;
    if (end > start && source->text.data[end - 1] == '\r') end--;
    return ch_str_slice(source->text.data + start, end - start);
}

uint32_t ch_source_offset(const ChSource *source, ChPosition position) {
    ChStr line = ch_source_line_text(source, position.line);
    size_t in_line = ch_utf8_offset_of_rune(line.data ? line.data : "", line.length,
                                            position.column ? position.column - 1 : 0);
    return ch_source_line_start(source, position.line) + (uint32_t)in_line;
}

ChStr ch_source_text(const ChSource *source, ChRange range) {
    uint32_t end = range.end < source->text.length ? range.end : source->text.length;
    uint32_t start = range.start < end ? range.start : end;
    return ch_str_slice(source->text.data + start, end - start);
}

void ch_source_error_release(ChSourceError *error) {
    ch_buffer_release(&error->message);
}
