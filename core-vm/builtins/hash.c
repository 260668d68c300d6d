// Hashes, signatures and identifiers, on OpenSSL's libcrypto.
#include "builtins/native.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/banned.h"

static bool digest(const EVP_MD *kind, ChStr bytes, unsigned char out[EVP_MAX_MD_SIZE], unsigned *length) {
    return kind && EVP_Digest(bytes.data ? bytes.data : "", bytes.length, out, length, kind, NULL) == 1;
}

static ChFlow hash(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, const EVP_MD *kind, bool as_base64) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length;
    ChString *text = NULL;
    ChStr input;
    if (ch__arg_is(args, argc, 0, CH_TAG_BYTES)) {
        input = ch_str_slice((const char *)args[0].as.bytes->data, args[0].as.bytes->length);
    } else {
        text = ch__arg_display(args, argc, 0);
        input = ch_string_view(text);
    }
    bool ok = digest(kind, input, bytes, &length);
    if (text) ch_release(ch_object(text));
    if (!ok) return ch_throw_runtime(vm, "this hash is not supported by the installed OpenSSL");
    ChBuffer out = {0};
    if (as_base64)
        ch__base64((ChStr){(char *)bytes, length}, true, &out);
    else
        ch__hex((ChStr){(char *)bytes, length}, &out);
    return ch__give_buffer(result, &out);
}

CH_NATIVE(ch__sha256) { return hash(vm, args, argc, result, EVP_sha256(), false); }
CH_NATIVE(ch__sha224) { return hash(vm, args, argc, result, EVP_sha224(), false); }
CH_NATIVE(ch__sha384) { return hash(vm, args, argc, result, EVP_sha384(), false); }
CH_NATIVE(ch__sha512) { return hash(vm, args, argc, result, EVP_sha512(), false); }
CH_NATIVE(ch__sha512_256) { return hash(vm, args, argc, result, EVP_sha512_256(), false); }
CH_NATIVE(ch__sha3_256) { return hash(vm, args, argc, result, EVP_sha3_256(), false); }
CH_NATIVE(ch__sha3_512) { return hash(vm, args, argc, result, EVP_sha3_512(), false); }
CH_NATIVE(ch__md5) { return hash(vm, args, argc, result, EVP_md5(), false); }
CH_NATIVE(ch__sha256_base64url) { return hash(vm, args, argc, result, EVP_sha256(), true); }

static ChFlow sign(ChVm *vm, ChValue *args, ChValue *result, const EVP_MD *kind, bool as_base64) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length;
    ChStr key = ch__text(args[0]), message = ch__text(args[1]);
    if (!HMAC(kind, key.data, (int)key.length, (const unsigned char *)message.data, message.length, bytes, &length))
        return ch_throw_runtime(vm, "the signature could not be made");
    ChBuffer out = {0};
    if (as_base64)
        ch__base64((ChStr){(char *)bytes, length}, false, &out);
    else
        ch__hex((ChStr){(char *)bytes, length}, &out);
    return ch__give_buffer(result, &out);
}

CH_NATIVE(ch__hmac_sha256) { return sign(vm, args, result, EVP_sha256(), false); }
CH_NATIVE(ch__hmac_sha256_base64) { return sign(vm, args, result, EVP_sha256(), true); }
CH_NATIVE(ch__hmac_sha1) { return sign(vm, args, result, EVP_sha1(), false); }

CH_NATIVE(ch__constant_time_eq) {
    return ch__give_bool(result, ch__same_bytes(ch__text(args[0]), ch__text(args[1])));
}

CH_NATIVE(ch__crypto_random_bytes) {
    int64_t count = args[0].as.integer;
    if (count < 1) return ch_throw_runtime(vm, "crypto_random_bytes: n must be a positive integer, got int");
    if (count > 1024) return ch_throw_runtime(vm, "crypto_random_bytes: n must be <= 1024, got %" PRId64, count);
    ChBytes *bytes = ch_bytes_new(NULL, (size_t)count);
    vm->host->random(vm->host->ud, bytes->data, (size_t)count);
    return ch__give(result, ch_object(bytes));
}

// ---- UUIDs -----------------------------------------------------------------------------------------------------------

static ChFlow give_uuid(ChValue *result, const unsigned char id[16]) {
    ChBuffer out = {0};
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) ch_buffer_add_byte(&out, '-');
        ch__hex((ChStr){(const char *)id + i, 1}, &out);
    }
    return ch__give_buffer(result, &out);
}

static void set_version(unsigned char id[16], unsigned version) {
    id[6] = (unsigned char)((id[6] & 15) | version << 4);
    id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
}

CH_NATIVE(ch__uuid) {
    unsigned char id[16];
    vm->host->random(vm->host->ud, id, sizeof id);
    set_version(id, 4);
    return give_uuid(result, id);
}

CH_NATIVE(ch__uuid_v7) {
    unsigned char id[16];
    vm->host->random(vm->host->ud, id, sizeof id);
    uint64_t ms = (uint64_t)ch__now_ms(vm);
    for (int i = 0; i < 6; i++) id[i] = (unsigned char)(ms >> (40 - 8 * i));
    set_version(id, 7);
    return give_uuid(result, id);
}

CH_NATIVE(ch__uuid_nil) {
    const unsigned char id[16] = {0};
    return give_uuid(result, id);
}

// 32 hexadecimal digits with hyphens at the usual places or none at all, also in braces or behind urn:uuid:.
static bool parse_uuid(ChStr text, unsigned char id[16]) {
    if (ch_str_starts_with(text, CH_STR("urn:uuid:"))) text = (ChStr){text.data + 9, text.length - 9};
    if (text.length == 38 && text.data[0] == '{' && text.data[37] == '}') text = (ChStr){text.data + 1, 36};
    if (text.length != 36 && text.length != 32) return false;
    uint32_t digits = 0;
    memset(id, 0, 16);
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (text.length == 36 && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (c != '-') return false;
            continue;
        }
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0) return false;
        id[digits / 2] = (unsigned char)(id[digits / 2] << 4 | digit);
        digits++;
    }
    return digits == 32;
}

CH_NATIVE(ch__uuid_parse) {
    ChString *text = ch__arg_display(args, argc, 0);
    unsigned char id[16];
    bool ok = parse_uuid(ch_string_view(text), id);
    ch_release(ch_object(text));
    return ok ? give_uuid(result, id) : CH_OK;
}

CH_NATIVE(ch__uuid_v5) {
    static const struct {
        const char *name, *id;
    } known[] = {{"dns", "6ba7b8109dad11d180b400c04fd430c8"},
                 {"url", "6ba7b8119dad11d180b400c04fd430c8"},
                 {"oid", "6ba7b8129dad11d180b400c04fd430c8"},
                 {"x500", "6ba7b8149dad11d180b400c04fd430c8"}};
    ChString *space = ch__arg_display(args, argc, 0), *name = ch__arg_display(args, argc, 1);
    unsigned char id[EVP_MAX_MD_SIZE];
    bool ok = parse_uuid(ch_string_view(space), id);
    ChBuffer lower = {0};
    ch__lower(ch_string_view(space), &lower);
    ChStr name_of_space = ch_buffer_view(&lower);
    if (ch_str_starts_with(name_of_space, CH_STR("namespace_")))
        name_of_space = (ChStr){name_of_space.data + 10, name_of_space.length - 10};
    for (size_t i = 0; !ok && i < sizeof known / sizeof known[0]; i++)
        if (ch_str_is(name_of_space, known[i].name)) ok = parse_uuid(ch_str_of(known[i].id), id);
    ch_buffer_release(&lower);
    ChFlow flow = CH_THROW;
    if (ok) {
        ChBuffer text = {0};
        unsigned length;
        ch_buffer_add(&text, id, 16);
        ch_buffer_add(&text, name->data, name->length);
        digest(EVP_sha1(), ch_buffer_view(&text), id, &length);
        ch_buffer_release(&text);
        set_version(id, 5);
        flow = give_uuid(result, id);
    } else {
        ch_throw_runtime(vm, "uuid_v5: namespace must be a UUID or one of dns/url/oid/x500");
    }
    ch_release(ch_object(space));
    ch_release(ch_object(name));
    return flow;
}
