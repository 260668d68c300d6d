// URLs as the WHATWG standard takes them apart: parts in their usual form, what may not stand there percent-encoded.
#include "builtins/native.h"

#include <stdlib.h>

#include "base/banned.h"

typedef struct Url {
    ChBuffer scheme, username, password, host, path, query, fragment;
    int port; // -1: none, or the scheme's own
    bool has_host, has_password, has_query, has_fragment;
} Url;

static void url_release(Url *url) {
    ch_buffer_release(&url->scheme);
    ch_buffer_release(&url->username);
    ch_buffer_release(&url->password);
    ch_buffer_release(&url->host);
    ch_buffer_release(&url->path);
    ch_buffer_release(&url->query);
    ch_buffer_release(&url->fragment);
}

// Schemes whose URLs have a host and know "/" only; file has no port.
static int special_port(ChStr scheme) {
    if (ch_str_is(scheme, "http") || ch_str_is(scheme, "ws")) return 80;
    if (ch_str_is(scheme, "https") || ch_str_is(scheme, "wss")) return 443;
    if (ch_str_is(scheme, "ftp")) return 21;
    return ch_str_is(scheme, "file") ? 0 : -1;
}

static bool is_alpha(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Adds the text with control characters, non-ASCII bytes and those in `also` as %XX.
static void add_encoded(ChBuffer *out, ChStr text, const char *also) {
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= 0x1f || c >= 0x7f || strchr(also, c))
            ch_buffer_printf(out, "%%%02X", c);
        else
            ch_buffer_add_byte(out, (char)c);
    }
}

#define IN_FRAGMENT " \"<>`"
#define IN_QUERY " \"#<>"
#define IN_PATH " \"#<>?`{}"
#define IN_USER " \"#<>?`{}/:;=@[\\]^|"

static bool is_dot(ChStr part) { return ch_str_is(part, ".") || ch_str_is(part, "%2e") || ch_str_is(part, "%2E"); }
static bool is_dot_dot(ChStr part) {
    return ch_str_is(part, "..") || ch_str_is(part, ".%2e") || ch_str_is(part, "%2e.") || ch_str_is(part, "%2e%2e") ||
           ch_str_is(part, ".%2E") || ch_str_is(part, "%2E.") || ch_str_is(part, "%2E%2E");
}

// The path with . and .. carried out.
static void add_path(Url *url, ChStr text, bool is_special) {
    if (!url->has_host && (text.length == 0 || text.data[0] != '/')) {
        add_encoded(&url->path, text, "");
        return;
    }
    uint32_t at = 0;
    if (text.length && (text.data[0] == '/' || (is_special && text.data[0] == '\\'))) at = 1;
    else if (text.length == 0 && !is_special) return;
    for (;;) {
        uint32_t end = at;
        while (end < text.length && text.data[end] != '/' && !(is_special && text.data[end] == '\\')) end++;
        ChStr part = {text.data + at, end - at};
        bool is_last = end >= text.length;
        if (is_dot_dot(part)) {
            while (url->path.length && url->path.data[url->path.length - 1] != '/') url->path.length--;
            if (url->path.length) url->path.length--;
            if (is_last) ch_buffer_add_byte(&url->path, '/');
        } else if (is_dot(part)) {
            if (is_last) ch_buffer_add_byte(&url->path, '/');
        } else {
            ch_buffer_add_byte(&url->path, '/');
            add_encoded(&url->path, part, IN_PATH);
        }
        if (is_last) break;
        at = end + 1;
    }
}

static const char *add_host(Url *url, ChStr text, bool is_special) {
    if (text.length && text.data[0] == '[') {
        if (text.data[text.length - 1] != ']') return "invalid IPv6 address";
        ch_buffer_add_byte(&url->host, '[');
        for (uint32_t i = 1; i + 1 < text.length; i++) {
            char c = text.data[i];
            if (!is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'f') && c != ':' && c != '.') return "invalid IPv6 address";
            ch_buffer_add_byte(&url->host, (char)(c >= 'A' && c <= 'F' ? c + 32 : c));
        }
        ch_buffer_add_byte(&url->host, ']');
        return NULL;
    }
    if (!is_special) {
        add_encoded(&url->host, text, "");
        return NULL;
    }
    ChBuffer plain = {0}, lower = {0};
    for (uint32_t i = 0; i < text.length; i++) { // %XX, but a + stays
        if (text.data[i] == '+')
            ch_buffer_add_byte(&plain, '+');
        else {
            uint32_t length = text.data[i] == '%' && i + 2 < text.length ? 3 : 1;
            ch__url_decode_into((ChStr){text.data + i, length}, &plain);
            i += length - 1;
        }
    }
    ch__lower(ch_buffer_view(&plain), &lower);
    const char *problem = NULL;
    for (size_t i = 0; i < lower.length; i++)
        if ((unsigned char)lower.data[i] <= 0x20 || strchr("#/:<>?@[\\]^|%\x7f", lower.data[i]))
            problem = "invalid international domain name";
    ch_buffer_add(&url->host, lower.data, lower.length);
    ch_buffer_release(&plain);
    ch_buffer_release(&lower);
    return problem;
}

static const char *add_authority(Url *url, ChStr text, int usual_port) {
    int64_t at = ch_str_find_last_byte(text, '@');
    if (at >= 0) {
        ChStr user = {text.data, (uint32_t)at};
        int64_t colon = ch_str_find(user, CH_STR(":"), 0);
        if (colon >= 0) {
            url->has_password = user.length > (uint32_t)colon + 1;
            add_encoded(&url->password, (ChStr){user.data + colon + 1, user.length - (uint32_t)colon - 1}, IN_USER);
            user.length = (uint32_t)colon;
        }
        add_encoded(&url->username, user, IN_USER);
        text = (ChStr){text.data + at + 1, text.length - (uint32_t)at - 1};
    }
    int64_t bracket = ch_str_find_last_byte(text, ']'), colon = ch_str_find_last_byte(text, ':');
    if (colon > bracket) {
        int64_t port = 0;
        for (uint32_t i = (uint32_t)colon + 1; i < text.length; i++) {
            if (!is_digit(text.data[i])) return "invalid port number";
            port = port * 10 + (text.data[i] - '0');
            if (port > 65535) return "invalid port number";
        }
        if (colon + 1 < text.length && port != usual_port) url->port = (int)port;
        text.length = (uint32_t)colon;
    }
    if (text.length == 0 && usual_port > 0) return "empty host";
    url->has_host = true;
    return add_host(url, text, usual_port >= 0);
}

// NULL: parsed; else what is wrong.
static const char *parse(ChStr text, Url *url) {
    url->port = -1;
    while (text.length && (unsigned char)text.data[0] <= 0x20) text = (ChStr){text.data + 1, text.length - 1};
    while (text.length && (unsigned char)text.data[text.length - 1] <= 0x20) text.length--;
    uint32_t at = 0;
    while (at < text.length && (is_alpha(text.data[at]) || (at && (is_digit(text.data[at]) || strchr("+-.", text.data[at])))))
        at++;
    if (at == 0 || at >= text.length || text.data[at] != ':') return "relative URL without a base";
    ch__lower((ChStr){text.data, at}, &url->scheme);
    int usual_port = special_port(ch_buffer_view(&url->scheme));
    bool is_special = usual_port >= 0;
    ChStr rest = {text.data + at + 1, text.length - at - 1};
    int64_t hash = ch_str_find(rest, CH_STR("#"), 0);
    if (hash >= 0) {
        url->has_fragment = true;
        add_encoded(&url->fragment, (ChStr){rest.data + hash + 1, rest.length - (uint32_t)hash - 1}, IN_FRAGMENT);
        rest.length = (uint32_t)hash;
    }
    int64_t mark = ch_str_find(rest, CH_STR("?"), 0);
    if (mark >= 0) {
        url->has_query = true;
        add_encoded(&url->query, (ChStr){rest.data + mark + 1, rest.length - (uint32_t)mark - 1},
                    is_special ? IN_QUERY "'" : IN_QUERY);
        rest.length = (uint32_t)mark;
    }
    uint32_t slashes = 0;
    while (slashes < rest.length && (rest.data[slashes] == '/' || (is_special && rest.data[slashes] == '\\'))) slashes++;
    const char *problem = NULL;
    if (slashes >= 2 || (is_special && usual_port > 0)) {
        // Further slashes belong to the path of file: and of unknown schemes.
        uint32_t start = usual_port > 0 ? slashes : 2, end = start;
        while (end < rest.length && rest.data[end] != '/' && !(is_special && rest.data[end] == '\\')) end++;
        problem = add_authority(url, (ChStr){rest.data + start, end - start}, usual_port);
        rest = (ChStr){rest.data + end, rest.length - end};
    } else if (is_special) {
        url->has_host = true;
    }
    if (!problem) add_path(url, rest, is_special);
    return problem;
}

static void put(ChDict *dict, const char *key, bool is_there, const ChBuffer *text) {
    ch_dict_put_str(dict, key, is_there ? ch_str_value(text->data, text->length) : CH_NIL);
}

CH_NATIVE(ch__url_parse) {
    ChString *text = ch__arg_display(args, argc, 0);
    Url url = {0};
    const char *problem = parse(ch_string_view(text), &url);
    ch_release(ch_object(text));
    if (!problem) {
        ChDict *dict = ch_dict_new();
        put(dict, "scheme", true, &url.scheme);
        put(dict, "host", url.has_host && url.host.length, &url.host);
        ch_dict_put_str(dict, "port", url.port < 0 ? CH_NIL : ch_int(url.port));
        put(dict, "path", true, &url.path);
        put(dict, "query", url.has_query, &url.query);
        put(dict, "fragment", url.has_fragment, &url.fragment);
        put(dict, "username", url.username.length != 0, &url.username);
        put(dict, "password", url.has_password, &url.password);
        *result = ch_object(dict);
    }
    url_release(&url);
    return problem ? ch_throw_text(vm, "url_parse: %s", problem) : CH_OK;
}

static ChStr text_of(const ChDict *parts, const char *key) {
    ChValue found = ch__dict_get(parts, key);
    return found.tag == CH_TAG_STRING ? ch__text(found) : (ChStr){"", 0};
}

static void print(const Url *url, ChBuffer *out) {
    ch_buffer_add_str(out, ch_buffer_view(&url->scheme));
    ch_buffer_add_byte(out, ':');
    if (url->has_host) {
        ch_buffer_add_text(out, "//");
        if (url->username.length || url->has_password) {
            ch_buffer_add_str(out, ch_buffer_view(&url->username));
            if (url->has_password) ch_buffer_add_byte(out, ':');
            ch_buffer_add_str(out, ch_buffer_view(&url->password));
            ch_buffer_add_byte(out, '@');
        }
        ch_buffer_add_str(out, ch_buffer_view(&url->host));
        if (url->port >= 0) ch_buffer_printf(out, ":%d", url->port);
    }
    ch_buffer_add_str(out, ch_buffer_view(&url->path));
    if (url->has_query) ch_buffer_printf(out, "?%.*s", CH_STR_ARG(ch_buffer_view(&url->query)));
    if (url->has_fragment) ch_buffer_printf(out, "#%.*s", CH_STR_ARG(ch_buffer_view(&url->fragment)));
}

CH_NATIVE(ch__url_build) {
    if (args[0].tag != CH_TAG_DICT) return ch_throw_text(vm, "url_build: expected a dict of url parts");
    const ChDict *parts = args[0].as.dict;
    if (ch__dict_get(parts, "scheme").tag != CH_TAG_STRING) return ch_throw_text(vm, "url_build: 'scheme' is required");
    ChStr host = text_of(parts, "host"), user = text_of(parts, "username"), path = text_of(parts, "path");
    ChStr query = text_of(parts, "query"), fragment = text_of(parts, "fragment");
    ChBuffer text = {0};
    ch_buffer_printf(&text, "%.*s:", CH_STR_ARG(text_of(parts, "scheme")));
    if (host.length) {
        ch_buffer_add_text(&text, "//");
        if (user.length) {
            ch_buffer_add_str(&text, user);
            if (ch__dict_get(parts, "password").tag == CH_TAG_STRING)
                ch_buffer_printf(&text, ":%.*s", CH_STR_ARG(text_of(parts, "password")));
            ch_buffer_add_byte(&text, '@');
        }
        ch_buffer_add_str(&text, host);
        ChValue port = ch__dict_get(parts, "port");
        if (port.tag == CH_TAG_INT) ch_buffer_printf(&text, ":%" PRId64, port.as.integer);
    }
    ch_buffer_add_str(&text, ch__dict_get(parts, "path").tag == CH_TAG_STRING ? path : CH_STR("/"));
    if (query.length) ch_buffer_printf(&text, "?%.*s", CH_STR_ARG(query));
    if (fragment.length) ch_buffer_printf(&text, "#%.*s", CH_STR_ARG(fragment));
    Url url = {0};
    const char *problem = parse(ch_buffer_view(&text), &url);
    ch_buffer_clear(&text);
    if (!problem) print(&url, &text);
    url_release(&url);
    if (!problem) return ch__give_buffer_checked(vm, "url_build", result, &text);
    ch_buffer_release(&text);
    return ch_throw_text(vm, "url_build: %s", problem);
}

// ---- queries ------------------------------------------------------------------------------------------------------------

static ChFlow put_decoded(ChVm *vm, ChDict *pair, const char *key, ChStr text) {
    ChBuffer bytes = {0};
    ChValue value;
    ch__url_decode_into(text, &bytes);
    // A % with one digit behind it at the end of the text still stands for itself.
    ChFlow flow = ch__give_lossy(vm, "query_parse", &value, ch_buffer_view(&bytes));
    ch_buffer_release(&bytes);
    if (flow == CH_OK) ch_dict_put_str(pair, key, value);
    return flow;
}

CH_NATIVE(ch__query_parse) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChStr query = ch_string_view(text);
    if (query.length && query.data[0] == '?') query = (ChStr){query.data + 1, query.length - 1};
    ChList *out = ch_list_new(0);
    ChFlow flow = CH_OK;
    for (uint32_t start = 0; start < query.length && flow == CH_OK;) {
        int64_t found = ch_str_find(query, CH_STR("&"), start);
        uint32_t end = found < 0 ? query.length : (uint32_t)found;
        ChStr part = {query.data + start, end - start};
        start = end + 1;
        if (!part.length) continue;
        int64_t equals = ch_str_find(part, CH_STR("="), 0);
        ChStr key = equals < 0 ? part : (ChStr){part.data, (uint32_t)equals};
        ChStr value = equals < 0 ? (ChStr){"", 0} : (ChStr){part.data + equals + 1, part.length - (uint32_t)equals - 1};
        ChDict *pair = ch_dict_new();
        ch_list_push(out, ch_object(pair));
        flow = put_decoded(vm, pair, "key", key);
        if (flow == CH_OK) flow = put_decoded(vm, pair, "value", value);
    }
    ch_release(ch_object(text));
    if (flow == CH_OK) return ch__give(result, ch_object(out));
    ch_release(ch_object(out));
    return flow;
}

static void add_form(ChBuffer *out, ChStr text) {
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (is_alpha(c) || is_digit(c) || (c && strchr("*-._", c)))
            ch_buffer_add_byte(out, c);
        else if (c == ' ')
            ch_buffer_add_byte(out, '+');
        else
            ch_buffer_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

CH_NATIVE(ch__query_stringify) {
    if (args[0].tag != CH_TAG_LIST) return ch_throw_text(vm, "query_stringify: expected a list of {key, value} dicts");
    ChBuffer out = {0};
    for (uint32_t i = 0; i < args[0].as.list->count && out.length <= CH_STRING_MAX; i++) {
        ChValue item = args[0].as.list->items[i];
        if (item.tag != CH_TAG_DICT) {
            ch_buffer_release(&out);
            return ch_throw_text(vm, "query_stringify: each item must be a {key, value} dict");
        }
        if (i) ch_buffer_add_byte(&out, '&');
        add_form(&out, text_of(item.as.dict, "key"));
        ch_buffer_add_byte(&out, '=');
        ChValue *value = ch_dict_find_str(item.as.dict, CH_STR("value"));
        ChString *text = value ? ch_display_string(*value) : ch_string_new(NULL, 0);
        add_form(&out, ch_string_view(text));
        ch_release(ch_object(text));
    }
    return ch__give_buffer_checked(vm, "query_stringify", result, &out);
}
