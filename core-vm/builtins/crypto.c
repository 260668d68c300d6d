// Keys and signatures on OpenSSL's libcrypto: Ed25519, X25519, JSON web tokens; BLAKE3 of our own.
#include "builtins/native.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/banned.h"

#define KEY_BYTES 32
#define SIGNATURE_BYTES 64

// The bytes of a bytes value or of a text as it is shown; *owned is to be released.
static ChStr input_of(ChValue value, ChValue *owned) {
    *owned = CH_NIL;
    if (value.tag == CH_TAG_BYTES) return ch_str_slice((const char *)value.as.bytes->data, value.as.bytes->length);
    *owned = ch_object(ch_display_string(value));
    return ch__text(*owned);
}

static int digit_of(char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

typedef enum HexResult { HEX_OK, HEX_ODD, HEX_BAD, HEX_LENGTH } HexResult;

static HexResult from_hex(ChStr text, unsigned char *out, uint32_t length, uint32_t *bad_at) {
    if (text.length % 2) return HEX_ODD;
    for (uint32_t i = 0; i < text.length; i++)
        if (digit_of(text.data[i]) < 0) {
            *bad_at = i;
            return HEX_BAD;
        }
    if (text.length != 2 * length) return HEX_LENGTH;
    for (uint32_t i = 0; i < length; i++)
        out[i] = (unsigned char)(digit_of(text.data[2 * i]) << 4 | digit_of(text.data[2 * i + 1]));
    return HEX_OK;
}

// A key of 32 bytes from its digits; `what` as the message names it.
static bool key_arg(ChVm *vm, ChValue value, const char *who, const char *hex_name, const char *name,
                    unsigned char out[KEY_BYTES]) {
    ChString *text = ch_display_string(value);
    uint32_t bad_at = 0;
    HexResult found = from_hex(ch_string_view(text), out, KEY_BYTES, &bad_at);
    if (found == HEX_ODD) ch_throw_text(vm, "%s: invalid %s: Odd number of digits", who, hex_name);
    if (found == HEX_BAD)
        ch_throw_text(vm, "%s: invalid %s: Invalid character '%c' at position %u", who, hex_name, text->data[bad_at], bad_at);
    if (found == HEX_LENGTH) ch_throw_text(vm, "%s: %s must be 32 bytes", who, name);
    ch_release(ch_object(text));
    return found == HEX_OK;
}

static ChFlow give_hex(ChValue *result, const void *bytes, size_t length) {
    ChBuffer out = {0};
    ch__hex((ChStr){bytes, (uint32_t)length}, &out);
    return ch__give_buffer(result, &out);
}

CH_NATIVE(ch__blake3_value) {
    ChValue owned;
    uint8_t out[32];
    ch__blake3(input_of(ch_arg(args, argc, 0), &owned), out);
    ch_release(owned);
    return give_hex(result, out, sizeof out);
}

// ---- Ed25519 and X25519 ------------------------------------------------------------------------------------------------

static ChFlow keypair(ChVm *vm, ChValue *result, int kind, const char *who) {
    unsigned char secret[KEY_BYTES], public[KEY_BYTES];
    size_t length = sizeof public;
    vm->host->random(vm->host->ud, secret, sizeof secret);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(kind, NULL, secret, sizeof secret);
    bool ok = key && EVP_PKEY_get_raw_public_key(key, public, &length) == 1;
    EVP_PKEY_free(key);
    if (!ok) return ch_throw_runtime(vm, "%s: the installed OpenSSL has no such keys", who);
    ChDict *pair = ch_dict_new();
    ChValue text = CH_NIL;
    give_hex(&text, secret, sizeof secret);
    ch_dict_put_str(pair, "private", text);
    give_hex(&text, public, sizeof public);
    ch_dict_put_str(pair, "public", text);
    return ch__give(result, ch_object(pair));
}

CH_NATIVE(ch__ed25519_keypair) { return keypair(vm, result, EVP_PKEY_ED25519, "ed25519_keypair"); }
CH_NATIVE(ch__x25519_keypair) { return keypair(vm, result, EVP_PKEY_X25519, "x25519_keypair"); }

CH_NATIVE(ch__ed25519_sign) {
    unsigned char secret[KEY_BYTES], signature[SIGNATURE_BYTES];
    size_t length = sizeof signature;
    if (!key_arg(vm, args[0], "ed25519_sign", "hex private key", "private key", secret)) return CH_THROW;
    ChValue owned;
    ChStr message = input_of(args[1], &owned);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = key && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(context, signature, &length, (const unsigned char *)message.data, message.length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ch_release(owned);
    if (!ok) return ch_throw_runtime(vm, "ed25519_sign: the signature could not be made");
    return give_hex(result, signature, length);
}

CH_NATIVE(ch__ed25519_verify) {
    unsigned char public[KEY_BYTES], signature[SIGNATURE_BYTES];
    uint32_t bad_at;
    ChString *key_text = ch_display_string(args[0]), *signature_text = ch_display_string(args[2]);
    bool ok = from_hex(ch_string_view(key_text), public, sizeof public, &bad_at) == HEX_OK &&
              from_hex(ch_string_view(signature_text), signature, sizeof signature, &bad_at) == HEX_OK;
    ch_release(ch_object(key_text));
    ch_release(ch_object(signature_text));
    if (!ok) return ch__give_bool(result, false);
    ChValue owned;
    ChStr message = input_of(args[1], &owned);
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, sizeof public);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ok = key && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
         EVP_DigestVerify(context, signature, sizeof signature, (const unsigned char *)message.data, message.length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ch_release(owned);
    return ch__give_bool(result, ok);
}

CH_NATIVE(ch__x25519_agree) {
    unsigned char secret[KEY_BYTES], public[KEY_BYTES], shared[KEY_BYTES];
    size_t length = sizeof shared;
    if (!key_arg(vm, args[0], "x25519_agree", "private hex", "private", secret) ||
        !key_arg(vm, args[1], "x25519_agree", "public hex", "public", public))
        return CH_THROW;
    EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, sizeof secret);
    EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public, sizeof public);
    EVP_PKEY_CTX *context = mine ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
    bool ok = context && theirs && EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, theirs) == 1 &&
              EVP_PKEY_derive(context, shared, &length) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(mine);
    EVP_PKEY_free(theirs);
    // OpenSSL refuses points of small order, whose secret would be zeros.
    if (!ok) memset(shared, 0, sizeof shared);
    return give_hex(result, shared, sizeof shared);
}

// ---- JSON web tokens ------------------------------------------------------------------------------------------------------

static EVP_PKEY *read_key(ChStr pem, bool is_private) {
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    if (!bio) return NULL;
    EVP_PKEY *key = is_private ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key;
}

// A signature of an elliptic curve as r and s of 32 bytes each, from DER and back.
static bool raw_of_der(const unsigned char *der, size_t length, unsigned char raw[SIGNATURE_BYTES]) {
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)length);
    if (!parts) return false;
    bool ok = BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw, 32) == 32 && BN_bn2binpad(ECDSA_SIG_get0_s(parts), raw + 32, 32) == 32;
    ECDSA_SIG_free(parts);
    return ok;
}

static int der_of_raw(ChStr raw, unsigned char **der) {
    if (raw.length != SIGNATURE_BYTES) return 0;
    const unsigned char *bytes = (const unsigned char *)raw.data;
    ECDSA_SIG *parts = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, 32, NULL), *s = BN_bin2bn(bytes + 32, 32, NULL);
    ECDSA_SIG_set0(parts, r, s);
    int length = i2d_ECDSA_SIG(parts, der);
    ECDSA_SIG_free(parts);
    return length;
}

static bool is_key_for(const EVP_PKEY *key, bool is_curve) {
    return key && EVP_PKEY_base_id(key) == (is_curve ? EVP_PKEY_EC : EVP_PKEY_RSA);
}

CH_NATIVE(ch__jwt_sign) {
    if (args[0].tag != CH_TAG_STRING) return ch_throw_runtime(vm, "jwt_sign: alg must be a string, got %s", ch_type_name(args[0]));
    bool is_curve = ch_str_is(ch__text(args[0]), "ES256");
    if (!is_curve && !ch_str_is(ch__text(args[0]), "RS256"))
        return ch_throw_runtime(vm, "jwt_sign: unsupported algorithm `%s`; expected ES256 or RS256", args[0].as.string->data);
    if (args[1].tag != CH_TAG_DICT) return ch_throw_runtime(vm, "jwt_sign: claims must be a dict, got %s", ch_type_name(args[1]));
    if (args[2].tag != CH_TAG_STRING)
        return ch_throw_runtime(vm, "jwt_sign: private_key must be a PEM string, got %s", ch_type_name(args[2]));
    EVP_PKEY *key = read_key(ch__text(args[2]), true);
    if (!is_key_for(key, is_curve)) {
        EVP_PKEY_free(key);
        return ch_throw_runtime(vm, "jwt_sign: invalid %s PEM private key: InvalidKeyFormat", args[0].as.string->data);
    }
    ChBuffer token = {0}, part = {0};
    ch_buffer_printf(&part, "{\"typ\":\"JWT\",\"alg\":\"%s\"}", args[0].as.string->data);
    ch__base64(ch_buffer_view(&part), true, &token);
    ch_buffer_add_byte(&token, '.');
    ch_buffer_clear(&part);
    ch__json_print(args[1], 0, &part);
    ch__base64(ch_buffer_view(&part), true, &token);
    ch_buffer_release(&part);

    unsigned char *signature = NULL, raw[SIGNATURE_BYTES];
    size_t length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(context, NULL, &length, (unsigned char *)token.data, token.length) == 1;
    if (ok) {
        signature = ch_alloc(length);
        ok = EVP_DigestSign(context, signature, &length, (unsigned char *)token.data, token.length) == 1 &&
             (!is_curve || raw_of_der(signature, length, raw));
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    if (ok) {
        ch_buffer_add_byte(&token, '.');
        ch__base64(is_curve ? (ChStr){(char *)raw, sizeof raw} : (ChStr){(char *)signature, (uint32_t)length}, true, &token);
    }
    ch_free(signature);
    if (ok) return ch__give_buffer_checked(vm, "jwt_sign", result, &token);
    ch_buffer_release(&token);
    return ch_throw_runtime(vm, "jwt_sign: signing failed: the key does not fit");
}

// base64url without padding. False: it is none.
static bool unbase64url(ChStr text, ChBuffer *out) {
    uint32_t word = 0, bits = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                    : c >= 'a' && c <= 'z' ? c - 'a' + 26
                    : c >= '0' && c <= '9' ? c - '0' + 52
                    : c == '-'             ? 62
                    : c == '_'             ? 63
                                           : -1;
        if (value < 0) return false;
        word = word << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            ch_buffer_add_byte(out, (char)(word >> bits));
        }
    }
    return text.length % 4 != 1;
}

// Whether the signature of `signed_part` fits. False with *why: the key is none.
static bool verify(ChStr algorithm, ChStr key_text, ChStr signed_part, ChStr signature, bool *fits, const char **why) {
    *fits = false;
    if (ch_str_is(algorithm, "HS256")) {
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned length;
        HMAC(EVP_sha256(), key_text.data, (int)key_text.length, (const unsigned char *)signed_part.data, signed_part.length,
             mac, &length);
        *fits = ch__same_bytes(signature, (ChStr){(char *)mac, length});
        return true;
    }
    bool is_curve = ch_str_is(algorithm, "ES256");
    EVP_PKEY *key = read_key(key_text, false);
    if (!is_key_for(key, is_curve)) {
        EVP_PKEY_free(key);
        *why = is_curve ? "invalid ES256 public key: InvalidKeyFormat" : "invalid RS256 public key: InvalidKeyFormat";
        return false;
    }
    unsigned char *der = NULL;
    int length = is_curve ? der_of_raw(signature, &der) : (int)signature.length;
    const unsigned char *bytes = is_curve ? der : (const unsigned char *)signature.data;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    *fits = length > 0 && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
            EVP_DigestVerify(context, bytes, (size_t)length, (const unsigned char *)signed_part.data, signed_part.length) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return true;
}

// Header or claims of a token as a value.
static bool token_part(ChStr text, ChValue *value) {
    ChBuffer json = {0}, why = {0};
    bool ok = unbase64url(text, &json) && ch__json_parse(ch_buffer_view(&json), value, &why);
    ch_buffer_release(&json);
    ch_buffer_release(&why);
    return ok;
}

CH_NATIVE(ch__jwt_verify) {
    ChString *algorithm = ch_display_string(args[0]), *token = ch_display_string(args[1]), *key = ch_display_string(args[2]);
    ChStr name = ch_string_view(algorithm), text = ch_string_view(token);
    const char *why = NULL;
    ChValue header = CH_NIL, claims = CH_NIL;
    ChBuffer signature = {0};
    bool is_known = ch_str_is(name, "HS256") || ch_str_is(name, "ES256") || ch_str_is(name, "RS256");
    int64_t first = ch_str_find(text, CH_STR("."), 0), last = ch_str_find_last_byte(text, '.');
    if (is_known) {
        bool fits = false;
        EVP_PKEY *probe = ch_str_is(name, "HS256") ? NULL : read_key(ch_string_view(key), false);
        if (!ch_str_is(name, "HS256") && !is_key_for(probe, ch_str_is(name, "ES256")))
            why = ch_str_is(name, "ES256") ? "invalid ES256 public key: InvalidKeyFormat" : "invalid RS256 public key: InvalidKeyFormat";
        else if (first < 0 || last == first || memchr(text.data + first + 1, '.', (size_t)(last - first - 1)))
            why = "InvalidToken";
        else if (!token_part((ChStr){text.data, (uint32_t)first}, &header) ||
                 !unbase64url((ChStr){text.data + last + 1, text.length - (uint32_t)last - 1}, &signature))
            why = "InvalidToken";
        else if (header.tag != CH_TAG_DICT || ch__dict_get(header.as.dict, "alg").tag != CH_TAG_STRING ||
                 !ch_str_equal(ch__text(ch__dict_get(header.as.dict, "alg")), name))
            why = "InvalidAlgorithm";
        else if (verify(name, ch_string_view(key), (ChStr){text.data, (uint32_t)last}, ch_buffer_view(&signature), &fits, &why) &&
                 !fits)
            why = "InvalidSignature";
        else if (!why && !token_part((ChStr){text.data + first + 1, (uint32_t)(last - first - 1)}, &claims))
            why = "InvalidToken";
        EVP_PKEY_free(probe);
    }
    ChFlow flow = CH_OK;
    if (!is_known)
        flow = ch_throw_text(vm, "jwt_verify: unsupported algorithm '%s'", algorithm->data);
    else if (why)
        flow = ch_throw_text(vm, "jwt_verify: %s", why);
    else {
        ChDict *found = ch_dict_new();
        ch_dict_put_str(found, "valid", ch_bool(true));
        ch_dict_put_str(found, "claims", ch_retain(claims));
        *result = ch_object(found);
    }
    ch_release(header);
    ch_release(claims);
    ch_buffer_release(&signature);
    ch_release(ch_object(algorithm));
    ch_release(ch_object(token));
    ch_release(ch_object(key));
    return flow;
}
