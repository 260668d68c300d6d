/* See text.h. The line index is rebuilt only around an edit: the lines before it stay, the lines behind it move by the
 * difference in length. One line more is looked at in front, because an edit can join a CR before it with an LF. */
#include "session/text.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

static void reserve_lines(ChLines *lines, size_t wanted)
{
    if (wanted <= lines->capacity)
        return;
    size_t capacity = lines->capacity ? lines->capacity : 16;
    while (capacity < wanted)
        capacity *= 2;
    lines->starts = ch_realloc_array(lines->starts, capacity, sizeof(*lines->starts));
    lines->capacity = (uint32_t)capacity;
}

static void push_line(ChLines *lines, uint32_t start)
{
    reserve_lines(lines, (size_t)lines->count + 1);
    lines->starts[lines->count++] = start;
}

static bool is_ascii(ChStr text)
{
    unsigned char all = 0;
    for (uint32_t i = 0; i < text.length; i++)
        all |= (unsigned char)text.data[i];
    return all < 0x80;
}

/* Appends the starts of lines that begin behind `from` and not behind `to`. */
static void scan_lines(ChLines *lines, ChStr text, uint32_t from, uint32_t to)
{
    for (uint32_t at = from; at < to; at++) {
        char c = text.data[at];
        if (c != '\n' && c != '\r')
            continue;
        if (c == '\r' && at + 1 < text.length && text.data[at + 1] == '\n')
            at++;
        if (at + 1 <= to)
            push_line(lines, at + 1);
    }
}

void ch_lines_build(ChLines *lines, ChStr text)
{
    lines->count = 0;
    push_line(lines, 0);
    scan_lines(lines, text, 0, text.length);
    lines->is_ascii = is_ascii(text);
}

void ch_lines_copy(ChLines *to, const ChLines *from)
{
    *to = (ChLines){.count = from->count, .capacity = from->count, .is_ascii = from->is_ascii, .has_bom = from->has_bom};
    to->starts = ch_alloc_copy(from->starts, (size_t)from->count * sizeof(*from->starts));
}

void ch_lines_release(ChLines *lines)
{
    ch_free(lines->starts);
    *lines = (ChLines){0};
}

uint32_t ch_lines_find(const ChLines *lines, uint32_t offset)
{
    uint32_t low = 0;
    uint32_t high = lines->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (lines->starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* End of a line without its line break. */
static uint32_t line_end(const ChLines *lines, ChStr text, uint32_t line)
{
    if (line + 1 >= lines->count)
        return text.length;
    uint32_t start = lines->starts[line];
    uint32_t end = lines->starts[line + 1];
    if (end > start && text.data[end - 1] == '\n')
        end--;
    if (end > start && text.data[end - 1] == '\r')
        end--;
    return end;
}

/* Units by which the first line is shifted for the client. */
static uint32_t bom_units(const ChLines *lines, ChEncoding encoding)
{
    return !lines->has_bom ? 0 : encoding == CH_ENCODING_UTF8 ? 3 : 1;
}

uint32_t ch_lines_offset(const ChLines *lines, ChStr text, ChEncoding encoding, ChLspPosition position)
{
    if (position.line >= lines->count)
        return text.length;
    if (position.line == 0) {
        uint32_t shift = bom_units(lines, encoding);
        position.character -= position.character < shift ? position.character : shift;
    }
    uint32_t start = lines->starts[position.line];
    uint32_t size = line_end(lines, text, position.line) - start;
    if (lines->is_ascii)
        return start + (position.character < size ? position.character : size);
    const char *line = text.data + start;
    if (encoding == CH_ENCODING_UTF16)
        return start + (uint32_t)ch_utf8_offset_of_utf16(line, size, position.character);
    if (encoding == CH_ENCODING_UTF32)
        return start + (uint32_t)ch_utf8_offset_of_rune(line, size, position.character);
    return start + (position.character < size ? (uint32_t)ch_utf8_floor(line, size, position.character) : size);
}

uint32_t ch_text_units(ChStr text, ChEncoding encoding)
{
    if (encoding == CH_ENCODING_UTF16)
        return (uint32_t)ch_utf8_count_utf16(text.data, text.length);
    if (encoding == CH_ENCODING_UTF32)
        return (uint32_t)ch_utf8_count(text.data, text.length);
    return text.length;
}

ChLineCursor ch_line_cursor_init(const ChLines *lines, ChStr text, ChEncoding encoding)
{
    return (ChLineCursor){.lines = lines, .text = text, .encoding = encoding};
}

ChLspPosition ch_line_cursor_position(ChLineCursor *cursor, uint32_t offset)
{
    const ChLines *lines = cursor->lines;
    if (offset > cursor->text.length)
        offset = cursor->text.length;
    uint32_t line = ch_lines_find(lines, offset);
    uint32_t from = lines->starts[line];
    uint32_t character = line == 0 ? bom_units(lines, cursor->encoding) : 0;
    if (cursor->line == line && cursor->offset <= offset && cursor->offset > from) {
        from = cursor->offset;
        character = cursor->character;
    }
    ChStr piece = ch_str_slice(cursor->text.data + from, offset - from);
    character += lines->is_ascii ? piece.length : ch_text_units(piece, cursor->encoding);
    cursor->line = line;
    cursor->offset = offset;
    cursor->character = character;
    return (ChLspPosition){line, character};
}

ChLspPosition ch_lines_position(const ChLines *lines, ChStr text, ChEncoding encoding, uint32_t offset)
{
    ChLineCursor cursor = ch_line_cursor_init(lines, text, encoding);
    return ch_line_cursor_position(&cursor, offset);
}

void ch_text_set(ChText *text, const char *bytes, uint32_t size)
{
    char *copy = ch_alloc((size_t)size + 1);
    if (size)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    ch_free(text->data);
    text->data = copy;
    text->size = size;
    text->capacity = size + 1;
    ch_lines_build(&text->lines, ch_text_view(text));
}

static void replace_bytes(ChText *text, uint32_t start, uint32_t end, const char *bytes, uint32_t size)
{
    size_t new_size = (size_t)text->size - (end - start) + size;
    if (new_size + 1 > text->capacity) {
        size_t capacity = new_size + new_size / 2 + 64;
        text->data = ch_realloc(text->data, capacity);
        text->capacity = (uint32_t)capacity;
    }
    memmove(text->data + start + size, text->data + end, (size_t)text->size - end + 1);
    if (size)
        memcpy(text->data + start, bytes, size);
    text->size = (uint32_t)new_size;
}

void ch_text_replace(ChText *text, uint32_t start, uint32_t end, const char *bytes, uint32_t size)
{
    ChLines *lines = &text->lines;
    uint32_t first = ch_lines_find(lines, start);
    if (first > 0 && lines->starts[first] == start)
        first--;
    uint32_t tail = ch_lines_find(lines, end) + 1;
    uint32_t tail_count = lines->count - tail;
    uint32_t *tail_starts = NULL;
    if (tail_count)
        tail_starts = ch_alloc_copy(lines->starts + tail, (size_t)tail_count * sizeof(*tail_starts));
    replace_bytes(text, start, end, bytes, size);
    lines->count = first + 1;
    scan_lines(lines, ch_text_view(text), lines->starts[first], start + size);
    uint32_t delta = size - (end - start); /* may wrap: sums are modulo 2^32 */
    reserve_lines(lines, (size_t)lines->count + tail_count);
    for (uint32_t i = 0; i < tail_count; i++)
        lines->starts[lines->count + i] = tail_starts[i] + delta;
    lines->count += tail_count;
    ch_free(tail_starts);
    lines->is_ascii = lines->is_ascii && is_ascii(ch_str_slice(bytes, size));
}

void ch_text_release(ChText *text)
{
    ch_free(text->data);
    ch_lines_release(&text->lines);
    *text = (ChText){0};
}

ChStr ch_text_view(const ChText *text)
{
    return ch_str_slice(text->data, text->size);
}
