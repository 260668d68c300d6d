/* See uri.h. A path that climbs above the root with `..` stays at the root after normalising, as the kernel would have it;
 * whether a path may be read is decided where it is opened, never by its spelling. */
#include "session/uri.h"

#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Bytes of the scheme, without its colon; 0 when there is none. */
static uint32_t scheme_length(ChStr text)
{
    uint32_t i = 0;
    while (i < text.length && (is_letter(text.data[i]) || (i && ((text.data[i] >= '0' && text.data[i] <= '9') ||
                                                                 strchr("+-.", text.data[i])))))
        i++;
    return i < text.length && text.data[i] == ':' ? i : 0;
}

static bool scheme_is_file(ChStr text, uint32_t length)
{
    static const char word[] = "file";
    if (length != 4)
        return false;
    for (uint32_t i = 0; i < 4; i++) {
        if ((text.data[i] | 0x20) != word[i])
            return false;
    }
    return true;
}

/* Undoes percent escapes. */
static const char *decode(ChStr text, ChBuffer *out)
{
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.length ? hex_digit(text.data[i + 1]) : -1;
            int low = i + 2 < text.length ? hex_digit(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return "a percent sign in the URI is not followed by two hexadecimal digits";
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0')
            return "the URI holds a NUL";
        ch_buffer_add_byte(out, c);
    }
    if (ch_utf8_find_invalid(out->data, out->length) != out->length)
        return "the URI is not UTF-8 once its percent escapes are undone";
    return NULL;
}

/* Splits off the authority and everything from `?` or `#`. */
static const char *file_part(ChStr text, ChStr *path)
{
    *path = text;
    for (uint32_t i = 0; i < path->length; i++) {
        if (path->data[i] == '?' || path->data[i] == '#')
            path->length = i;
    }
    if (path->length >= 2 && path->data[0] == '/' && path->data[1] == '/') {
        uint32_t host_end = 2;
        while (host_end < path->length && path->data[host_end] != '/')
            host_end++;
        ChStr host = ch_str_slice(path->data + 2, host_end - 2);
        if (host.length && !ch_str_is(host, "localhost"))
            return "the URI names a file on another host";
        *path = ch_str_slice(path->data + host_end, path->length - host_end);
    }
    if (path->length == 0 || path->data[0] != '/')
        return "the URI names no absolute path";
    return NULL;
}

const char *ch_uri_parse(ChStr text, ChUri *uri)
{
    *uri = (ChUri){0};
    if (text.length > CH_URI_BYTES_MAX)
        return "the URI is longer than 16 KiB";
    if (memchr(text.data ? text.data : "", 0, text.length))
        return "the URI holds a NUL";
    uint32_t scheme = scheme_length(text);
    if (!scheme)
        return "the URI has no scheme such as 'file:'";
    if (!scheme_is_file(text, scheme)) {
        ChBuffer decoded = {0};
        const char *error = decode(text, &decoded);
        ch_buffer_release(&decoded);
        if (error)
            return error;
        uri->text = ch_str_detach(text);
        uri->key = ch_str_detach(text);
        return NULL;
    }
    ChStr encoded;
    const char *error = file_part(ch_str_slice(text.data + scheme + 1, text.length - scheme - 1), &encoded);
    ChBuffer decoded = {0};
    if (!error)
        error = decode(encoded, &decoded);
    if (!error) {
        ChArena arena;
        ch_arena_init(&arena);
        ChStr path = ch_path_normalize(&arena, ch_buffer_view(&decoded));
        uri->path = ch_str_detach(path);
        uri->key = ch_str_detach(path);
        uri->text = ch_str_detach(text);
        ch_arena_release(&arena);
    }
    ch_buffer_release(&decoded);
    return error;
}

void ch_uri_release(ChUri *uri)
{
    ch_free(uri->text);
    ch_free(uri->key);
    ch_free(uri->path);
    *uri = (ChUri){0};
}

char *ch_uri_of_path(ChStr path)
{
    static const char digits[] = "0123456789ABCDEF";
    ChBuffer out = {0};
    ch_buffer_add_text(&out, "file://");
    for (uint32_t i = 0; i < path.length; i++) {
        unsigned char c = (unsigned char)path.data[i];
        if (is_letter((char)c) || (c >= '0' && c <= '9') || (c && strchr("/-._~", c))) {
            ch_buffer_add_byte(&out, (char)c);
        } else {
            ch_buffer_add_byte(&out, '%');
            ch_buffer_add_byte(&out, digits[c >> 4]);
            ch_buffer_add_byte(&out, digits[c & 15]);
        }
    }
    return ch_buffer_detach(&out);
}
