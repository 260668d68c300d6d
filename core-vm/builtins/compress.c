// Compression of bytes: gzip (zlib), Zstandard, Brotli. What comes out is bounded while it grows, not afterwards: a
// few bytes can stand for gigabytes.
#include "builtins/native.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/banned.h"

#define OUTPUT_MAX ((size_t)CH_STRING_MAX)
#define BLOCK 65536

ChFlow ch__input_bytes(ChVm *vm, const char *who, const ChValue *args, uint32_t argc, uint32_t index, bool also_text,
                       ChStr *bytes) {
    ChValue value = ch_arg(args, argc, index);
    if (value.tag == CH_TAG_BYTES) {
        if (value.as.bytes->length > UINT32_MAX) return ch_throw_runtime(vm, "%s: input is too large", who);
        *bytes = (ChStr){(const char *)value.as.bytes->data, (uint32_t)value.as.bytes->length};
        return CH_OK;
    }
    if (also_text && value.tag == CH_TAG_STRING) {
        *bytes = ch__text(value);
        return CH_OK;
    }
    if (index >= argc) return ch_throw_runtime(vm, "%s: missing argument %u", who, index + 1);
    return ch_throw_runtime(vm, "%s: expected %s at argument %u, got %s", who, also_text ? "bytes or string" : "bytes",
                            index + 1, ch_type_name(value));
}

ChFlow ch__give_bytes(ChValue *result, ChBuffer *take_buffer) {
    *result = ch_object(ch_bytes_new(take_buffer->data, take_buffer->length));
    ch_buffer_release(take_buffer);
    return CH_OK;
}

static ChFlow level_arg(ChVm *vm, const char *who, const char *what, const ChValue *args, uint32_t argc, int64_t fallback,
                        int64_t low, int64_t high, int64_t *level) {
    ChValue value = ch_arg(args, argc, 1);
    if (ch_is_nil(value)) {
        *level = fallback;
        return CH_OK;
    }
    if (value.tag != CH_TAG_INT) return ch_throw_runtime(vm, "%s: %s must be an int, got %s", who, what, ch_type_name(value));
    if (value.as.integer < low || value.as.integer > high)
        return ch_throw_runtime(vm, "%s: %s must be between %" PRId64 " and %" PRId64 ", got %" PRId64, who, what, low, high,
                                value.as.integer);
    *level = value.as.integer;
    return CH_OK;
}

static ChFlow fail(ChVm *vm, const char *who, ChBuffer *out, const char *why) {
    bool is_large = out->length > OUTPUT_MAX;
    ch_buffer_release(out);
    return ch_throw_runtime(vm, "%s: %s", who, is_large ? "the result is too large" : why);
}

// ---- gzip

CH_NATIVE(ch__gzip_encode) {
    ChStr in;
    int64_t level;
    if (ch__input_bytes(vm, "gzip_encode", args, argc, 0, true, &in) != CH_OK ||
        level_arg(vm, "gzip_encode", "level", args, argc, 6, 0, 9, &level) != CH_OK)
        return CH_THROW;
    z_stream stream = {0};
    if (deflateInit2(&stream, (int)level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return ch_throw_runtime(vm, "gzip_encode: out of memory");
    ChBuffer out = {0};
    uLong bound = deflateBound(&stream, in.length);
    ch_buffer_reserve(&out, bound);
    stream.next_in = (Bytef *)(uintptr_t)(in.data ? in.data : "");
    stream.avail_in = in.length;
    stream.next_out = (Bytef *)out.data;
    stream.avail_out = (uInt)bound;
    int status = deflate(&stream, Z_FINISH);
    out.length = stream.total_out;
    deflateEnd(&stream);
    return status == Z_STREAM_END ? ch__give_bytes(result, &out) : fail(vm, "gzip_encode", &out, "compression failed");
}

CH_NATIVE(ch__gzip_decode) {
    ChStr in;
    if (ch__input_bytes(vm, "gzip_decode", args, argc, 0, false, &in) != CH_OK) return CH_THROW;
    z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return ch_throw_runtime(vm, "gzip_decode: out of memory");
    ChBuffer out = {0};
    stream.next_in = (Bytef *)(uintptr_t)(in.data ? in.data : "");
    stream.avail_in = in.length;
    int status = Z_OK;
    while (status == Z_OK && out.length <= OUTPUT_MAX) {
        ch_buffer_reserve(&out, BLOCK);
        stream.next_out = (Bytef *)out.data + out.length;
        stream.avail_out = BLOCK;
        status = inflate(&stream, Z_NO_FLUSH);
        out.length += BLOCK - stream.avail_out;
    }
    inflateEnd(&stream);
    bool is_over = status == Z_STREAM_END && out.length <= OUTPUT_MAX;
    return is_over ? ch__give_bytes(result, &out)
                   : fail(vm, "gzip_decode", &out, status == Z_BUF_ERROR ? "unexpected end of file" : "invalid gzip header");
}

// ---- Zstandard

CH_NATIVE(ch__zstd_encode) {
    ChStr in;
    int64_t level;
    if (ch__input_bytes(vm, "zstd_encode", args, argc, 0, true, &in) != CH_OK ||
        level_arg(vm, "zstd_encode", "level", args, argc, 3, ZSTD_minCLevel(), ZSTD_maxCLevel(), &level) != CH_OK)
        return CH_THROW;
    ChBuffer out = {0};
    size_t bound = ZSTD_compressBound(in.length);
    ch_buffer_reserve(&out, bound);
    size_t length = ZSTD_compress(out.data, bound, in.data ? in.data : "", in.length, (int)level);
    if (ZSTD_isError(length)) return fail(vm, "zstd_encode", &out, ZSTD_getErrorName(length));
    out.length = length;
    return ch__give_bytes(result, &out);
}

CH_NATIVE(ch__zstd_decode) {
    ChStr in;
    if (ch__input_bytes(vm, "zstd_decode", args, argc, 0, false, &in) != CH_OK) return CH_THROW;
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer input = {in.data ? in.data : "", in.length, 0};
    ChBuffer out = {0};
    size_t left = in.length ? 1 : 0;
    while (out.length <= OUTPUT_MAX && (input.pos < input.size || left)) {
        ch_buffer_reserve(&out, BLOCK);
        ZSTD_outBuffer block = {out.data + out.length, BLOCK, 0};
        left = ZSTD_decompressStream(context, &block, &input);
        out.length += block.pos;
        if (ZSTD_isError(left)) break;
        if (block.pos == 0 && input.pos == input.size) break;
    }
    ZSTD_freeDCtx(context);
    if (ZSTD_isError(left)) return fail(vm, "zstd_decode", &out, ZSTD_getErrorName(left));
    return left || out.length > OUTPUT_MAX ? fail(vm, "zstd_decode", &out, "incomplete frame") : ch__give_bytes(result, &out);
}

// ---- Brotli

CH_NATIVE(ch__brotli_encode) {
    ChStr in;
    int64_t quality;
    if (ch__input_bytes(vm, "brotli_encode", args, argc, 0, true, &in) != CH_OK ||
        level_arg(vm, "brotli_encode", "quality", args, argc, 11, 0, 11, &quality) != CH_OK)
        return CH_THROW;
    size_t bound = BrotliEncoderMaxCompressedSize(in.length);
    ChBuffer out = {0};
    ch_buffer_reserve(&out, bound);
    size_t length = bound;
    if (!BrotliEncoderCompress((int)quality, 22, BROTLI_MODE_GENERIC, in.length, (const uint8_t *)(in.data ? in.data : ""),
                               &length, (uint8_t *)out.data))
        return fail(vm, "brotli_encode", &out, "compression failed");
    out.length = length;
    return ch__give_bytes(result, &out);
}

CH_NATIVE(ch__brotli_decode) {
    ChStr in;
    if (ch__input_bytes(vm, "brotli_decode", args, argc, 0, false, &in) != CH_OK) return CH_THROW;
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (!state) return ch_throw_runtime(vm, "brotli_decode: out of memory");
    ChBuffer out = {0};
    size_t left = in.length;
    const uint8_t *next = (const uint8_t *)(in.data ? in.data : "");
    BrotliDecoderResult status = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (status == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && out.length <= OUTPUT_MAX) {
        ch_buffer_reserve(&out, BLOCK);
        size_t room = BLOCK;
        uint8_t *to = (uint8_t *)out.data + out.length;
        status = BrotliDecoderDecompressStream(state, &left, &next, &room, &to, NULL);
        out.length += BLOCK - room;
    }
    BrotliDecoderDestroyInstance(state);
    if (status == BROTLI_DECODER_RESULT_SUCCESS && out.length <= OUTPUT_MAX) return ch__give_bytes(result, &out);
    return fail(vm, "brotli_decode", &out,
                status == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT ? "unexpected end of file" : "Invalid Data");
}
