// Bytes and their encodings as text: base 64, base 32, hexadecimal, percent signs.
#include "builtins/native.h"

#include "base/utf8.h"

#include "base/banned.h"

// The bytes of an argument: of bytes as they are, of anything else of its text. `text` is to be released when set.
static ChStr arg_bytes(const ChValue *args, uint32_t argc, uint32_t index, ChString **text) {
    *text = NULL;
    if (ch__arg_is(args, argc, index, CH_TAG_BYTES))
        return ch_str_slice((const char *)args[index].as.bytes->data, args[index].as.bytes->length);
    *text = ch__arg_display(args, argc, index);
    return ch_string_view(*text);
}

static void done_with(ChString *text) {
    if (text) ch_release(ch_object(text));
}

ChFlow ch__give_lossy(ChVm *vm, const char *who, ChValue *result, ChStr bytes) {
    size_t bad = ch_utf8_find_invalid(bytes.data, bytes.length);
    if (bad == bytes.length) {
        if (ch__check_string_size(vm, who, bytes.length) != CH_OK) return CH_THROW;
        return ch__give_text(result, bytes.data, bytes.length);
    }
    // Every longest piece that could have begun a character becomes one U+FFFD.
    ChBuffer out = {0};
    uint32_t at = 0;
    while (at < bytes.length && out.length <= CH_STRING_MAX) {
        size_t good = ch_utf8_find_invalid(bytes.data + at, bytes.length - at);
        ch_buffer_add(&out, bytes.data + at, good);
        at += (uint32_t)good;
        if (at >= bytes.length) break;
        unsigned char lead = (unsigned char)bytes.data[at];
        unsigned char next = at + 1 < bytes.length ? (unsigned char)bytes.data[at + 1] : 0;
        uint32_t want = lead >= 0xf0 && lead <= 0xf4 ? 3 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xc2 && lead <= 0xdf;
        bool next_fits = (next & 0xc0) == 0x80 && !(lead == 0xe0 && next < 0xa0) && !(lead == 0xed && next > 0x9f) &&
                         !(lead == 0xf0 && next < 0x90) && !(lead == 0xf4 && next > 0x8f);
        at++;
        if (next_fits)
            while (want-- && at < bytes.length && ((unsigned char)bytes.data[at] & 0xc0) == 0x80) at++;
        ch_buffer_add_rune(&out, 0xfffd);
    }
    return ch__give_buffer_checked(vm, who, result, &out);
}

// ---- base 64 -----------------------------------------------------------------------------------------------------

static const char standard_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void ch__base64(ChStr bytes, bool for_url, ChBuffer *out) {
    const char *letters = for_url ? url_letters : standard_letters;
    ch_buffer_reserve(out, (size_t)bytes.length / 3 * 4 + 4);
    for (uint32_t i = 0; i < bytes.length; i += 3) {
        uint32_t left = bytes.length - i;
        uint32_t word = (uint32_t)(unsigned char)bytes.data[i] << 16;
        if (left > 1) word |= (uint32_t)(unsigned char)bytes.data[i + 1] << 8;
        if (left > 2) word |= (unsigned char)bytes.data[i + 2];
        char group[4] = {letters[word >> 18], letters[word >> 12 & 63], letters[word >> 6 & 63], letters[word & 63]};
        uint32_t used = left > 2 ? 4 : left + 1;
        ch_buffer_add(out, group, used);
        if (!for_url) ch_buffer_add_repeat(out, '=', 4 - used);
    }
}

static int digit64(char c, const char *letters) {
    const char *found = c ? memchr(letters, c, 64) : NULL;
    return found ? (int)(found - letters) : -1;
}

// Decodes; a padding that the alphabet demands must be there, and bits that stand for nothing must be 0. False: *why
// has the reason.
static bool decode64(ChStr text, bool for_url, ChBuffer *out, ChBuffer *why) {
    const char *letters = for_url ? url_letters : standard_letters;
    uint32_t length = text.length, word = 0;
    while (length && text.data[length - 1] == '=' && text.length - length < 2) length--;
    for (uint32_t i = 0; i < length; i++) {
        int digit = digit64(text.data[i], letters);
        if (digit < 0) {
            ch_buffer_printf(why, "Invalid symbol %u, offset %u.", (unsigned)(unsigned char)text.data[i], i);
            return false;
        }
        word = word << 6 | (uint32_t)digit;
        if (i % 4 == 3) {
            char group[3] = {(char)(word >> 16), (char)(word >> 8), (char)word};
            ch_buffer_add(out, group, 3);
            word = 0;
        }
    }
    uint32_t rest = length % 4;
    if (rest == 1) {
        ch_buffer_printf(why, "Invalid input length: %u", length);
        return false;
    }
    if ((rest == 2 && (word & 15)) || (rest == 3 && (word & 3))) {
        ch_buffer_printf(why, "Invalid last symbol %u, offset %u.", (unsigned)(unsigned char)text.data[length - 1], length - 1);
        return false;
    }
    if (for_url ? length != text.length : text.length % 4 != 0) {
        ch_buffer_add_text(why, "Invalid padding");
        return false;
    }
    if (rest == 2) ch_buffer_add_byte(out, (char)(word >> 4));
    if (rest == 3) {
        ch_buffer_add_byte(out, (char)(word >> 10));
        ch_buffer_add_byte(out, (char)(word >> 2));
    }
    return true;
}

static ChFlow encode64(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, bool for_url) {
    ChString *text;
    ChBuffer out = {0};
    ch__base64(arg_bytes(args, argc, 0, &text), for_url, &out);
    done_with(text);
    return ch__give_buffer_checked(vm, "base64_encode", result, &out);
}

CH_NATIVE(ch__base64_encode) { return encode64(vm, args, argc, result, false); }
CH_NATIVE(ch__base64url_encode) { return encode64(vm, args, argc, result, true); }

// What becomes of decoded bytes: text, or bytes. `name` stands in front of the reason.
static ChFlow give_decoded(ChVm *vm, bool ok, const char *name, bool as_bytes, ChBuffer *out, ChBuffer *why, ChValue *result) {
    ChFlow flow;
    if (!ok)
        flow = ch_throw_runtime(vm, "%s: %s", name, why->data);
    else if (as_bytes)
        flow = ch__give(result, ch_object(ch_bytes_new(out->data, out->length)));
    else
        flow = ch__give_lossy(vm, name, result, ch_buffer_view(out));
    ch_buffer_release(out);
    ch_buffer_release(why);
    return flow;
}

static ChFlow decode64_args(ChVm *vm, ChValue *args, ChValue *result, const char *name, bool for_url, bool as_bytes) {
    ChBuffer out = {0}, why = {0};
    bool ok = decode64(ch__text(args[0]), for_url, &out, &why);
    return give_decoded(vm, ok, name, as_bytes, &out, &why, result);
}

CH_NATIVE(ch__base64_decode) { return decode64_args(vm, args, result, "base64 decode error", false, false); }
CH_NATIVE(ch__base64url_decode) { return decode64_args(vm, args, result, "base64url decode error", true, false); }
CH_NATIVE(ch__bytes_from_base64) { return decode64_args(vm, args, result, "bytes_from_base64", false, true); }

// ---- base 32 and hexadecimal --------------------------------------------------------------------------------------

CH_NATIVE(ch__base32_encode) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    ChStr bytes = ch__text(args[0]);
    ChBuffer out = {0};
    for (uint32_t i = 0; i < bytes.length; i += 5) {
        uint64_t word = 0;
        uint32_t left = bytes.length - i < 5 ? bytes.length - i : 5;
        for (uint32_t b = 0; b < 5; b++) word = word << 8 | (b < left ? (unsigned char)bytes.data[i + b] : 0);
        uint32_t used = (left * 8 + 4) / 5;
        for (uint32_t d = 0; d < 8; d++) ch_buffer_add_byte(&out, d < used ? letters[word >> (35 - 5 * d) & 31] : '=');
    }
    return ch__give_buffer_checked(vm, "base32_encode", result, &out);
}

static int digit32(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' : c >= '2' && c <= '7' ? c - '2' + 26 : -1; }

static bool decode32(ChStr text, ChBuffer *out, ChBuffer *why) {
    if (text.length % 8) {
        ch_buffer_printf(why, "invalid length at %u", text.length - text.length % 8);
        return false;
    }
    for (uint32_t i = 0; i < text.length; i += 8) {
        uint64_t word = 0;
        uint32_t used = 8;
        if (i + 8 == text.length)
            while (used && text.data[i + used - 1] == '=') used--;
        for (uint32_t d = 0; d < 8; d++) {
            int digit = d < used ? digit32(text.data[i + d]) : 0;
            if (digit < 0) {
                ch_buffer_printf(why, "invalid symbol at %u", i + d);
                return false;
            }
            word = word << 5 | (uint32_t)digit;
        }
        uint32_t bytes = used * 5 / 8;
        bool is_valid = used == 8 || used == 7 || used == 5 || used == 4 || used == 2;
        if (!is_valid) {
            ch_buffer_printf(why, "invalid padding at %u", i + used);
            return false;
        }
        if (word & ((1ull << (40 - bytes * 8)) - 1)) {
            ch_buffer_printf(why, "non-zero trailing bits at %u", i + used - 1);
            return false;
        }
        for (uint32_t b = 0; b < bytes; b++) ch_buffer_add_byte(out, (char)(word >> (32 - 8 * b)));
    }
    return true;
}

CH_NATIVE(ch__base32_decode) {
    ChBuffer out = {0}, why = {0};
    bool ok = decode32(ch__text(args[0]), &out, &why);
    return give_decoded(vm, ok, "base32 decode error", false, &out, &why, result);
}

void ch__hex(ChStr bytes, ChBuffer *out) {
    static const char digits[] = "0123456789abcdef";
    ch_buffer_reserve(out, (size_t)bytes.length * 2);
    for (uint32_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        char pair[2] = {digits[byte >> 4], digits[byte & 15]};
        ch_buffer_add(out, pair, 2);
    }
}

CH_NATIVE(ch__hex_encode) {
    ChString *text;
    ChBuffer out = {0};
    ch__hex(arg_bytes(args, argc, 0, &text), &out);
    done_with(text);
    return ch__give_buffer_checked(vm, "hex_encode", result, &out);
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode_hex(ChStr text, ChBuffer *out, ChBuffer *why) {
    if (text.length % 2) {
        ch_buffer_add_text(why, "Odd number of digits");
        return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        if (hex_digit(text.data[i]) >= 0) continue;
        uint32_t width;
        ch_utf8_decode(text.data + i, text.length - i, &width);
        ch_buffer_printf(why, "Invalid character '%.*s' at position %u", (int)width, text.data + i, i);
        return false;
    }
    for (uint32_t i = 0; i < text.length; i += 2)
        ch_buffer_add_byte(out, (char)(hex_digit(text.data[i]) << 4 | hex_digit(text.data[i + 1])));
    return true;
}

static ChFlow decode_hex_args(ChVm *vm, ChValue *args, ChValue *result, const char *name, bool as_bytes) {
    ChBuffer out = {0}, why = {0};
    bool ok = decode_hex(ch__text(args[0]), &out, &why);
    return give_decoded(vm, ok, name, as_bytes, &out, &why, result);
}

CH_NATIVE(ch__hex_decode) { return decode_hex_args(vm, args, result, "hex decode error", false); }
CH_NATIVE(ch__bytes_from_hex) { return decode_hex_args(vm, args, result, "bytes_from_hex", true); }

// ---- percent signs -----------------------------------------------------------------------------------------------------

static bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '~';
}

CH_NATIVE(ch__url_encode) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChBuffer out = {0};
    for (uint32_t i = 0; i < text->length; i++) {
        if (is_unreserved(text->data[i]))
            ch_buffer_add_byte(&out, text->data[i]);
        else
            ch_buffer_printf(&out, "%%%02X", (unsigned)(unsigned char)text->data[i]);
    }
    ch_release(ch_object(text));
    return ch__give_buffer_checked(vm, "url_encode", result, &out);
}

void ch__url_decode_into(ChStr text, ChBuffer *out) {
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '%' && i + 2 < text.length && hex_digit(text.data[i + 1]) >= 0 && hex_digit(text.data[i + 2]) >= 0) {
            ch_buffer_add_byte(out, (char)(hex_digit(text.data[i + 1]) << 4 | hex_digit(text.data[i + 2])));
            i += 2;
        } else {
            ch_buffer_add_byte(out, c == '+' ? ' ' : c);
        }
    }
}

CH_NATIVE(ch__url_decode) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChBuffer out = {0};
    ch__url_decode_into(ch_string_view(text), &out);
    ch_release(ch_object(text));
    ChFlow flow = ch__give_lossy(vm, "url_decode", result, ch_buffer_view(&out));
    ch_buffer_release(&out);
    return flow;
}

// ---- bytes ---------------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__bytes_from_string) {
    return ch__give(result, ch_object(ch_bytes_new(args[0].as.string->data, args[0].as.string->length)));
}

static ChStr bytes_view(ChValue v) { return ch_str_slice((const char *)v.as.bytes->data, v.as.bytes->length); }

CH_NATIVE(ch__bytes_to_string) {
    ChStr bytes = bytes_view(args[0]);
    size_t bad = ch_utf8_find_invalid(bytes.data, bytes.length);
    if (bad == bytes.length) return ch__give_text(result, bytes.data, bytes.length);
    // A character that is cut off by the end is another matter than a wrong byte.
    unsigned char lead = (unsigned char)bytes.data[bad];
    uint32_t size = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xc2 && lead <= 0xdf ? 2 : 1;
    uint32_t follow = 1;
    while (follow < size && bad + follow < bytes.length && ((unsigned char)bytes.data[bad + follow] & 0xc0) == 0x80) follow++;
    if (size > 1 && bad + follow == bytes.length && follow < size)
        return ch_throw_runtime(vm, "bytes_to_string: incomplete utf-8 byte sequence from index %zu", bad);
    return ch_throw_runtime(vm, "bytes_to_string: invalid utf-8 sequence of %u bytes from index %zu",
                            follow < size ? follow : 1, bad);
}

CH_NATIVE(ch__bytes_to_string_lossy) {
    return ch__give_lossy(vm, "bytes_to_string_lossy", result, bytes_view(args[0]));
}

CH_NATIVE(ch__bytes_concat) {
    ChBytes *left = args[0].as.bytes, *right = args[1].as.bytes;
    if (ch__check_string_size(vm, "bytes_concat", left->length + right->length) != CH_OK) return CH_THROW;
    ChBytes *both = ch_bytes_new(NULL, left->length + right->length);
    if (left->length) memcpy(both->data, left->data, left->length);
    if (right->length) memcpy(both->data + left->length, right->data, right->length);
    return ch__give(result, ch_object(both));
}

CH_NATIVE(ch__bytes_slice) {
    ChBytes *bytes = args[0].as.bytes;
    int64_t length = (int64_t)bytes->length, start = args[1].as.integer, end = args[2].as.integer;
    start = start < 0 ? 0 : start > length ? length : start;
    end = end < start ? start : end > length ? length : end;
    return ch__give(result, ch_object(ch_bytes_new(bytes->data + start, (size_t)(end - start))));
}

bool ch__same_bytes(ChStr a, ChStr b) {
    unsigned char difference = a.length != b.length;
    for (uint32_t i = 0; i < a.length && i < b.length; i++) difference |= (unsigned char)(a.data[i] ^ b.data[i]);
    return difference == 0;
}

CH_NATIVE(ch__bytes_eq) { return ch__give_bool(result, ch__same_bytes(bytes_view(args[0]), bytes_view(args[1]))); }
