// A certificate that signs itself, for servers during development: a P-256 key and the names it is for.
#include "builtins/native.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/banned.h"

#define YEARS_VALID 10
#define HOSTS_MAX 256

static void add_name(X509 *cert, ChStr names) {
    char *text = ch_str_detach(names);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
    if (extension) X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    ch_free(text);
}

// "DNS:localhost,IP:127.0.0.1". False: a name holds what would end it.
static bool list_names(const ChList *hosts, ChBuffer *out) {
    for (uint32_t i = 0; i < hosts->count; i++) {
        if (hosts->items[i].tag != CH_TAG_STRING) return false;
        const ChString *host = hosts->items[i].as.string;
        unsigned char room[16];
        for (uint32_t c = 0; c < host->length; c++)
            if (host->data[c] <= ' ' || host->data[c] == ',' || host->data[c] > '~') return false;
        bool is_address = inet_pton(AF_INET, host->data, room) == 1 || inet_pton(AF_INET6, host->data, room) == 1;
        ch_buffer_printf(out, "%s%s:%s", i ? "," : "", is_address ? "IP" : "DNS", host->data);
    }
    return true;
}

static void put_pem(ChDict *into, const char *key, BIO *bio) {
    char *text;
    long length = BIO_get_mem_data(bio, &text);
    ch_dict_put_str(into, key, ch_str_value(text, (size_t)length));
    BIO_free(bio);
}

CH_NATIVE(ch__self_signed) {
    const ChList *hosts = args[0].as.list;
    ChBuffer names = {0};
    if (hosts->count > HOSTS_MAX || !list_names(hosts, &names)) {
        ch_buffer_release(&names);
        return ch_throw_text(vm, "http_server_tls_self_signed_dev: failed to generate certificate: a host name is invalid");
    }
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    uint64_t serial;
    vm->host->random(vm->host->ud, &serial, sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1);
    X509_set_version(cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * 365 * YEARS_VALID);
    X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"charn self signed cert", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    add_name(cert, ch_buffer_view(&names));
    ch_buffer_release(&names);
    ChDict *found = ch_dict_new();
    bool ok = key && X509_sign(cert, key, EVP_sha256()) > 0;
    if (ok) {
        BIO *out = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(out, cert);
        put_pem(found, "cert_pem", out);
        out = BIO_new(BIO_s_mem());
        PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
        put_pem(found, "key_pem", out);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    *result = ch_object(found);
    return ok ? CH_OK : ch_throw_text(vm, "http_server_tls_self_signed_dev: failed to generate certificate");
}
