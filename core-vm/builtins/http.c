// The native side of HTTP: an exchange of the host as a handle, on which tasks wait. Retries, redirects, sessions,
// mocks and the egress policy are Harn (prelude/http.harn).
#include "builtins/native.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "builtins/exchange.h"
#include "runtime/host_wait.h"

#include "base/banned.h"

#define HEADERS_MAX 1024
#define RULES_MAX 1024
#define RAW_BODY_MAX (1u << 20) // bytes of an accepted connection that wait to be taken

// A range of addresses that no socket may be connected to.
typedef struct AddressRule {
    unsigned char bytes[16];
    int bits, port; // port 0: any
    bool is_v6;
} AddressRule;

typedef struct Exchange {
    ChHandle handle;
    ch_host *host;
    ChHostExchange *exchange; // NULL once it was closed
    AddressRule *denied;
    uint32_t denied_count;
    ChHostWait wait;          // of the one task that may wait
    bool is_waited;
    int64_t wanted;           // bytes of the body that it waits for; -1: the head
} Exchange;

static void exchange_close(Exchange *self) {
    if (self->exchange) self->host->http_end(self->host->ud, self->exchange);
    self->exchange = NULL;
}

static void exchange_free(void *self) {
    exchange_close(self);
    ch_free(((Exchange *)self)->denied);
}

static const ChHandleClass exchange_class = {.type_name = "http_exchange", .free = exchange_free};
static const ChHandleClass child_class = {.type_name = "mcp_client", .free = exchange_free};

// ---- addresses ------------------------------------------------------------------------------------------------------------

// A number of decimal digits up to 65535; -1: it is none.
static int small_number(const char *text) {
    int number = 0;
    if (!*text) return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > 6553) return -1;
        number = number * 10 + (*text - '0');
    }
    return number;
}

// "10.0.0.0/8", "::1", "[::1]:80", "127.0.0.1:80". False: it is no address.
static bool parse_rule(ChStr text, AddressRule *rule) {
    char room[128];
    if (text.length >= sizeof room) return false;
    memcpy(room, text.data, text.length);
    room[text.length] = 0;
    *rule = (AddressRule){0};
    char *address = room, *slash, *end;
    if (*address == '[') {
        end = strchr(++address, ']');
        if (!end) return false;
        *end = 0;
        if (end[1] == ':') rule->port = small_number(end + 2);
    } else if ((end = strchr(address, ':')) && !strchr(end + 1, ':')) {
        *end = 0;
        rule->port = small_number(end + 1);
    }
    slash = strchr(address, '/');
    if (slash) *slash = 0;
    rule->is_v6 = strchr(address, ':') != NULL;
    if (inet_pton(rule->is_v6 ? AF_INET6 : AF_INET, address, rule->bytes) != 1) return false;
    int most = rule->is_v6 ? 128 : 32;
    rule->bits = slash ? small_number(slash + 1) : most;
    return rule->bits >= 0 && rule->bits <= most && rule->port >= 0;
}

static bool is_in(const AddressRule *rule, const unsigned char *bytes, bool is_v6) {
    if (rule->is_v6 != is_v6) return false;
    int whole = rule->bits / 8, rest = rule->bits % 8;
    return memcmp(rule->bytes, bytes, (size_t)whole) == 0 &&
           (rest == 0 || (rule->bytes[whole] >> (8 - rest)) == (bytes[whole] >> (8 - rest)));
}

static bool parse_address(const char *text, unsigned char bytes[16], bool *is_v6) {
    *is_v6 = strchr(text, ':') != NULL;
    if (inet_pton(*is_v6 ? AF_INET6 : AF_INET, text, bytes) != 1) return false;
    // An IPv4 address in IPv6 clothes is judged as what it reaches.
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (*is_v6 && memcmp(bytes, mapped, sizeof mapped) == 0) {
        memmove(bytes, bytes + 12, 4);
        *is_v6 = false;
    }
    return true;
}

static bool may_connect(void *ud, const char *address, int port) {
    Exchange *self = ud;
    unsigned char bytes[16];
    bool is_v6;
    if (!parse_address(address, bytes, &is_v6)) return false;
    for (uint32_t i = 0; i < self->denied_count; i++) {
        const AddressRule *rule = &self->denied[i];
        if ((!rule->port || rule->port == port) && is_in(rule, bytes, is_v6)) return false;
    }
    return true;
}

CH_NATIVE(ch__ip_is_in) {
    AddressRule rule;
    unsigned char bytes[16];
    bool is_v6;
    if (!parse_rule(ch__text(args[0]), &rule)) return CH_OK;
    bool ok = parse_address(args[1].as.string->data, bytes, &is_v6) && is_in(&rule, bytes, is_v6);
    return ch__give_bool(result, ok);
}

// ---- waiting -----------------------------------------------------------------------------------------------------------------

static bool has_come(const Exchange *self) {
    const ChHostExchange *exchange = self->exchange;
    if (!exchange || exchange->is_over) return true;
    return self->wanted < 0 ? exchange->status != 0 : (int64_t)exchange->body.length >= self->wanted;
}

static void on_event(void *ud) {
    Exchange *self = ud;
    if (!self->is_waited || !has_come(self)) return;
    self->is_waited = false;
    ch__host_wait_done(&self->wait, ch_bool(true));
}

static void stop_wait(ChHostWait *wait) {
    Exchange *self = (Exchange *)((char *)wait - offsetof(Exchange, wait));
    self->is_waited = false;
}

static ChFlow exchange_arg(ChVm *vm, ChValue value, Exchange **self) {
    const ChHandleClass *class = value.tag == CH_TAG_HANDLE ? ((ChHandle *)value.as.object)->class : NULL;
    if (class && (class == &exchange_class || class == &child_class)) {
        *self = (Exchange *)value.as.object;
        return CH_OK;
    }
    return ch_throw_runtime(vm, "http: expected an exchange, got %s", ch_type_name(value));
}

CH_NATIVE(ch__http_wait) {
    Exchange *self = NULL;
    if (exchange_arg(vm, args[0], &self) != CH_OK) return CH_THROW;
    if (self->is_waited) return ch_throw_runtime(vm, "http: another task waits for this exchange");
    self->wanted = ch__arg_int(args, argc, 1, -1);
    if (has_come(self)) return ch__give_bool(result, true);
    self->is_waited = true;
    self->wait = (ChHostWait){.stop = stop_wait};
    return ch__task_wait_host(vm, &self->wait, ch__arg_int(args, argc, 2, -1));
}

// ---- beginning ----------------------------------------------------------------------------------------------------------------

static const char *text_of(const ChDict *spec, const char *key) {
    ChValue value = ch__dict_get(spec, key);
    return value.tag == CH_TAG_STRING && value.as.string->length ? value.as.string->data : NULL;
}

static int64_t number_of(const ChDict *spec, const char *key) {
    ChValue value = ch__dict_get(spec, key);
    return value.tag == CH_TAG_INT && value.as.integer > 0 ? value.as.integer : 0;
}

static ChFlow read_rules(ChVm *vm, Exchange *self, ChValue rules) {
    if (rules.tag != CH_TAG_LIST || rules.as.list->count == 0) return CH_OK;
    if (rules.as.list->count > RULES_MAX) return ch_throw_runtime(vm, "http: too many address rules (limit %d)", RULES_MAX);
    self->denied = ch_alloc_zero(rules.as.list->count, sizeof *self->denied);
    for (uint32_t i = 0; i < rules.as.list->count; i++) {
        ChValue rule = rules.as.list->items[i];
        if (rule.tag == CH_TAG_STRING && parse_rule(ch__text(rule), &self->denied[self->denied_count])) self->denied_count++;
    }
    return CH_OK;
}

static Exchange *exchange_new(ChVm *vm) {
    Exchange *self = ch_object_alloc(CH_TAG_HANDLE, sizeof *self);
    memset((char *)self + sizeof self->handle, 0, sizeof *self - sizeof self->handle);
    self->handle.class = &exchange_class;
    self->host = vm->host;
    return self;
}

ChValue ch__exchange_accept(ChVm *vm, ChHostListener *listener) {
    if (!listener->waiting) return CH_NIL;
    Exchange *self = exchange_new(vm);
    self->exchange = vm->host->listen_take(vm->host->ud, listener, RAW_BODY_MAX, on_event, self);
    return ch_object(self);
}

ChValue ch__exchange_child(ChVm *vm, const ChHostRun *run, ChBuffer *why) {
    Exchange *self = exchange_new(vm);
    self->handle.class = &child_class;
    self->exchange = vm->host->child_begin(vm->host->ud, run, RAW_BODY_MAX, on_event, self, why);
    if (self->exchange) return ch_object(self);
    ch_release(ch_object(self));
    return CH_NIL;
}

CH_NATIVE(ch__http_begin) {
    const ChDict *spec = args[0].as.dict;
    ChValue headers = ch__dict_get(spec, "headers"), body = ch__dict_get(spec, "body");
    uint32_t count = headers.tag == CH_TAG_LIST ? headers.as.list->count : 0;
    if (count > HEADERS_MAX) return ch_throw_runtime(vm, "http: too many headers (limit %d)", HEADERS_MAX);
    Exchange *self = exchange_new(vm);
    *result = ch_object(self);
    if (read_rules(vm, self, ch__dict_get(spec, "deny_addresses")) != CH_OK) return CH_THROW;
    const char **lines = ch_alloc_zero(count + 1, sizeof *lines);
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++)
        if (headers.as.list->items[i].tag == CH_TAG_STRING) lines[used++] = headers.as.list->items[i].as.string->data;
    ChHostRequest request = {
        .method = text_of(spec, "method"),
        .url = text_of(spec, "url"),
        .headers = lines,
        .has_body = body.tag == CH_TAG_BYTES,
        .decompress = ch_is_truthy(ch__dict_get(spec, "decompress")),
        .is_raw = ch_is_truthy(ch__dict_get(spec, "is_raw")),
        .timeout_ms = number_of(spec, "timeout_ms"),
        .connect_timeout_ms = number_of(spec, "connect_timeout_ms"),
        .read_timeout_ms = number_of(spec, "read_timeout_ms"),
        .proxy = text_of(spec, "proxy"),
        .proxy_user = text_of(spec, "proxy_user"),
        .no_proxy = text_of(spec, "no_proxy"),
        .ca_bundle = text_of(spec, "ca_bundle"),
        .client_cert = text_of(spec, "client_cert"),
        .client_key = text_of(spec, "client_key"),
        .pinned_key = text_of(spec, "pinned_key"),
        .body_max = (size_t)(number_of(spec, "body_max") ? number_of(spec, "body_max") : 1 << 20),
        .may_connect = self->denied_count ? may_connect : NULL,
        .on_event = on_event,
        .ud = self,
    };
    if (request.has_body) request.body = ch_str_slice((const char *)body.as.bytes->data, body.as.bytes->length);
    ChBuffer why = {0};
    if (request.method && request.url) self->exchange = vm->host->http_begin(vm->host->ud, &request, &why);
    ch_free(lines);
    ChFlow flow = CH_OK;
    if (!self->exchange) flow = ch_throw_text(vm, "http: request failed: %s", why.data ? why.data : "no method or URL");
    ch_buffer_release(&why);
    return flow;
}

// ---- looking ------------------------------------------------------------------------------------------------------------------

// The header lines as a dict of lower-case names; of several with one name the last counts.
static ChValue headers_of(const ChHostExchange *exchange) {
    ChDict *headers = ch_dict_new();
    ChStr head = ch_buffer_view(&exchange->head);
    ChBuffer name = {0}, value = {0};
    for (uint32_t at = 0; at < head.length;) {
        int64_t end = ch_str_find(head, CH_STR("\n"), at);
        if (end < 0) end = head.length;
        ChStr line = ch_str_trim((ChStr){head.data + at, (uint32_t)end - at});
        at = (uint32_t)end + 1;
        int64_t colon = ch_str_find(line, CH_STR(":"), 0);
        if (colon <= 0) continue;
        ch_buffer_clear(&name);
        ch_buffer_clear(&value);
        ch__lower((ChStr){line.data, (uint32_t)colon}, &name);
        ChStr text = ch_str_trim((ChStr){line.data + colon + 1, line.length - (uint32_t)colon - 1});
        ChString *key = ch_string_new(name.data, name.length);
        ch_dict_put(headers, key, ch_str_value(text.data, text.length));
        ch_release(ch_object(key));
    }
    ch_buffer_release(&name);
    ch_buffer_release(&value);
    return ch_object(headers);
}

CH_NATIVE(ch__http_state) {
    Exchange *self = NULL;
    if (exchange_arg(vm, args[0], &self) != CH_OK) return CH_THROW;
    static const char *const failures[] = {"", "timeout", "connect", "refused", "other"};
    const ChHostExchange *exchange = self->exchange;
    ChDict *state = ch_dict_new();
    ch_dict_put_str(state, "status", ch_int(exchange ? exchange->status : 0));
    ch_dict_put_str(state, "headers", exchange ? headers_of(exchange) : ch_object(ch_dict_new()));
    ch_dict_put_str(state, "buffered", ch_int(exchange ? (int64_t)exchange->body.length : 0));
    ch_dict_put_str(state, "is_over", ch_bool(!exchange || exchange->is_over));
    if (exchange && exchange->peer.length) ch_dict_put_str(state, "peer", ch_str_value(exchange->peer.data, exchange->peer.length));
    if (exchange && exchange->failure) {
        ch_dict_put_str(state, "failure", ch_object(ch_string_from(failures[exchange->failure])));
        ch_dict_put_str(state, "why", ch_str_value(exchange->why.data, exchange->why.length));
    }
    return ch__give(result, ch_object(state));
}

CH_NATIVE(ch__http_take) {
    Exchange *self = NULL;
    if (exchange_arg(vm, args[0], &self) != CH_OK) return CH_THROW;
    int64_t most = ch__arg_int(args, argc, 1, INT64_MAX);
    ChBuffer *body = self->exchange ? &self->exchange->body : NULL;
    size_t length = !body ? 0 : (int64_t)body->length < most ? body->length : (size_t)most;
    *result = ch_object(ch_bytes_new(body ? body->data : NULL, length));
    if (!length) return CH_OK;
    memmove(body->data, body->data + length, body->length - length);
    body->length -= length;
    self->host->http_taken(self->host->ud, self->exchange);
    return CH_OK;
}

CH_NATIVE(ch__http_close) {
    Exchange *self = NULL;
    if (exchange_arg(vm, args[0], &self) != CH_OK) return CH_THROW;
    exchange_close(self);
    if (self->is_waited) {
        self->is_waited = false;
        ch__host_wait_done(&self->wait, ch_bool(false));
    }
    return CH_OK;
}

CH_NATIVE(ch__raw_send) {
    Exchange *self = NULL;
    if (exchange_arg(vm, args[0], &self) != CH_OK) return CH_THROW;
    const ChBytes *data = args[1].as.bytes;
    if (self->exchange) self->host->http_send(self->host->ud, self->exchange, (const char *)data->data, data->length);
    return ch__give(result, ch_int(self->exchange ? (int64_t)self->exchange->unsent : 0));
}
