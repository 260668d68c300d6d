// Types and conversions, Result, assertions, error categories.
#include "builtins/native.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "vm/difference.h"

#include "base/banned.h"

CH_NATIVE(ch__type_of) {
    const char *name = ch_type_name(args[0]);
    return ch__give_text(result, name, strlen(name));
}

CH_NATIVE(ch__to_string) { return ch__give(result, ch_object(ch_display_string(args[0]))); }

// An optional sign and digits; false for anything else and for what needs more than 64 bits.
static bool parse_int(ChStr text, int64_t *value) {
    uint32_t at = 0;
    bool is_negative = text.length && text.data[0] == '-';
    if (text.length && (text.data[0] == '-' || text.data[0] == '+')) at = 1;
    if (at == text.length) return false;
    uint64_t sum = 0;
    for (; at < text.length; at++) {
        if (text.data[at] < '0' || text.data[at] > '9') return false;
        uint64_t digit = (uint64_t)(text.data[at] - '0');
        if (sum > (UINT64_MAX - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    if (sum > (uint64_t)INT64_MAX + (is_negative ? 1 : 0)) return false;
    *value = is_negative ? (int64_t)(0u - sum) : (int64_t)sum;
    return true;
}

static int64_t float_to_int(double d) {
    if (isnan(d)) return 0;
    if (d >= 9223372036854775808.0) return INT64_MAX;
    if (d < -9223372036854775808.0) return INT64_MIN;
    return (int64_t)d;
}

CH_NATIVE(ch__to_int) {
    int64_t value;
    if (args[0].tag == CH_TAG_INT) return ch__give(result, args[0]);
    if (args[0].tag == CH_TAG_FLOAT) return ch__give_int(result, float_to_int(args[0].as.real));
    if (args[0].tag == CH_TAG_STRING && parse_int(ch__text(args[0]), &value)) return ch__give_int(result, value);
    return CH_OK;
}

static bool same_letters(ChStr text, const char *word) {
    return text.length == strlen(word) && strncasecmp(text.data, word, text.length) == 0;
}

// Digits with at most one point and an exponent; inf, infinity and nan in any case.
static bool parse_float(ChStr text, double *value) {
    uint32_t at = text.length && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    ChStr rest = {text.data + at, text.length - at};
    if (same_letters(rest, "inf") || same_letters(rest, "infinity") || same_letters(rest, "nan")) {
        *value = same_letters(rest, "nan") ? (double)NAN : (double)INFINITY;
        if (text.data[0] == '-') *value = -*value;
        return true;
    }
    uint32_t digits = 0;
    while (at < text.length && text.data[at] >= '0' && text.data[at] <= '9') at++, digits++;
    if (at < text.length && text.data[at] == '.') at++;
    while (at < text.length && text.data[at] >= '0' && text.data[at] <= '9') at++, digits++;
    if (!digits) return false;
    if (at < text.length && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        if (at < text.length && (text.data[at] == '-' || text.data[at] == '+')) at++;
        uint32_t start = at;
        while (at < text.length && text.data[at] >= '0' && text.data[at] <= '9') at++;
        if (at == start) return false;
    }
    if (at != text.length) return false;
    *value = strtod(text.data, NULL); // strings end with a NUL
    return true;
}

CH_NATIVE(ch__to_float) {
    double value;
    if (ch__number(args[0], &value)) return ch__give(result, ch_float(value));
    if (args[0].tag == CH_TAG_STRING && parse_float(ch__text(args[0]), &value)) return ch__give(result, ch_float(value));
    return CH_OK;
}

CH_NATIVE(ch__to_list) {
    ChValue v = ch_arg(args, argc, 0);
    if (v.tag == CH_TAG_LIST) return ch__give(result, ch_retain(v));
    ChList *list = ch_list_new(v.tag == CH_TAG_SET ? v.as.set->count : 1);
    if (v.tag == CH_TAG_SET)
        for (uint32_t i = 0; i < v.as.set->count; i++) ch_list_push(list, ch_retain(v.as.set->items[i]));
    else
        ch_list_push(list, ch_retain(v));
    return ch__give(result, ch_object(list));
}

// ---- Result -------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__ok) { return ch__give(result, ch_result_ok(vm, argc ? ch_take(&args[0]) : CH_NIL)); }
CH_NATIVE(ch__err) { return ch__give(result, ch_result_err(vm, argc ? ch_take(&args[0]) : CH_NIL)); }

static bool is_variant(ChVm *vm, ChValue v, uint32_t wanted) {
    uint32_t variant;
    return ch_is_result(vm, v, &variant) && variant == wanted;
}

static ChValue payload(ChValue v) { return v.as.variant->count ? v.as.variant->fields[0] : CH_NIL; }

CH_NATIVE(ch__is_ok) { return ch__give_bool(result, is_variant(vm, args[0], CH_RESULT_OK)); }
CH_NATIVE(ch__is_err) { return ch__give_bool(result, is_variant(vm, args[0], CH_RESULT_ERR)); }

CH_NATIVE(ch__unwrap) {
    ChValue v = ch_arg(args, argc, 0);
    if (is_variant(vm, v, CH_RESULT_OK)) return ch__give(result, ch_retain(payload(v)));
    if (!is_variant(vm, v, CH_RESULT_ERR)) return ch__give(result, ch_retain(v));
    ChString *text = ch_display_string(payload(v));
    ch_throw_runtime(vm, "unwrap called on Err: %.*s", CH_STR_ARG(ch_string_view(text)));
    ch_release(ch_object(text));
    return CH_THROW;
}

CH_NATIVE(ch__unwrap_or) {
    ChValue v = ch_arg(args, argc, 0);
    if (is_variant(vm, v, CH_RESULT_OK)) return ch__give(result, ch_retain(payload(v)));
    if (is_variant(vm, v, CH_RESULT_ERR)) return ch__give(result, ch_retain(ch_arg(args, argc, 1)));
    return ch__give(result, ch_retain(v));
}

CH_NATIVE(ch__unwrap_err) {
    ChValue v = ch_arg(args, argc, 0);
    if (!is_variant(vm, v, CH_RESULT_ERR)) return ch_throw_runtime(vm, "unwrap_err called on non-Err");
    return ch__give(result, ch_retain(payload(v)));
}

CH_NATIVE(ch__unreachable) {
    if (!argc) return ch_throw_runtime(vm, "unreachable code was reached");
    ChString *text = ch_display_string(args[0]);
    ch_throw_runtime(vm, "unreachable code was reached: %.*s", CH_STR_ARG(ch_string_view(text)));
    ch_release(ch_object(text));
    return CH_THROW;
}

// ---- identity -------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__is_same) { return ch__give_bool(result, ch_identical(args[0], args[1])); }

CH_NATIVE(ch__addr_of) {
    ChBuffer out = {0};
    if (ch_is_heap(args[0]) && args[0].tag <= CH_TAG_CLOSURE)
        ch_buffer_printf(&out, "%s@%p", ch_type_name(args[0]), args[0].as.pointer);
    else {
        ch_buffer_printf(&out, "%s@", ch_type_name(args[0]));
        ch_display(args[0], &out);
    }
    return ch__give_buffer(result, &out);
}

CH_NATIVE(ch__hash_value) { return ch__give_int(result, (int64_t)(ch_hash(args[0]) & INT64_MAX)); }

CH_NATIVE(ch__is_callable_value) { return ch__give_bool(result, ch__is_callable(args[0])); }

CH_NATIVE(ch__function_name) {
    ChStr name = args[0].tag == CH_TAG_CLOSURE ? args[0].as.closure->proto->name : (ChStr){0};
    if (!name.length || name.data[0] == '<') name = CH_STR("closure");
    return ch__give(result, ch_str_value(name.data, name.length));
}

CH_NATIVE(ch__throw_type_text) { return ch_throw_type(vm, "%.*s", CH_STR_ARG(ch__text(args[0]))); }
CH_NATIVE(ch__throw_runtime_text) { return ch_throw_runtime(vm, "%.*s", CH_STR_ARG(ch__text(args[0]))); }

CH_NATIVE(ch__exit) { return ch_throw_exit(vm, (int)(ch__arg_int(args, argc, 0, 0) & 0xff)); }

// ---- assertions ------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__assert) {
    if (ch_is_truthy(args[0])) return CH_OK;
    if (argc > 1 && !ch_is_nil(args[1])) return ch_throw_value(vm, ch_object(ch_display_string(args[1])));
    return ch_throw_text(vm, "Assertion failed");
}

static ChFlow fail(ChVm *vm, ChValue *args, uint32_t argc, bool was_equal) {
    ChValue thrown;
    bool has_message = argc > 2 && !ch_is_nil(args[2]);
    if (has_message) {
        thrown = ch_object(ch_display_string(args[2]));
    } else {
        ChBuffer text = {0};
        if (was_equal) {
            ch_buffer_add_text(&text, "Assertion failed: values should not be equal: ");
        } else {
            ch_buffer_add_text(&text, "Assertion failed: expected ");
            ch_display(args[1], &text);
            ch_buffer_add_text(&text, ", got ");
        }
        ch_display(args[0], &text);
        ch__give_buffer(&thrown, &text);
    }
    if (!was_equal) ch__assertion_failed(vm, thrown, args[1], args[0], !has_message);
    return ch_throw_value(vm, thrown);
}

CH_NATIVE(ch__assert_eq) { return ch_equal(args[0], args[1]) ? CH_OK : fail(vm, args, argc, false); }
CH_NATIVE(ch__assert_ne) { return ch_equal(args[0], args[1]) ? fail(vm, args, argc, true) : CH_OK; }

// ---- error categories ------------------------------------------------------------------------------------------------

static const char *const categories[] = {
    "timeout",    "auth",          "rate_limit",    "overloaded", "server_error", "transient_network",
    "schema_validation", "schema_stream_aborted", "tool_error", "tool_rejected", "egress_blocked", "cancelled",
    "not_found",  "circuit_open",  "budget_exceeded", "generic",
};

static const char *category_named(ChStr name) {
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++)
        if (ch_str_is(name, categories[i])) return categories[i];
    return "generic";
}

static const char *category_of_status(int status) {
    switch (status) {
    case 401:
    case 403: return "auth";
    case 404:
    case 410: return "not_found";
    case 408:
    case 504:
    case 522:
    case 524: return "timeout";
    case 429: return "rate_limit";
    case 503:
    case 529: return "overloaded";
    case 500:
    case 502: return "server_error";
    default: return NULL;
    }
}

static bool has(ChStr text, const char *part) { return ch_str_find(text, ch_str_of(part), 0) >= 0; }

// A three-digit number that stands alone and is an HTTP status decides; else words that servers use.
static const char *category_of_text(ChStr text) {
    for (uint32_t i = 0; i + 3 <= text.length; i++) {
        const char *c = text.data + i;
        bool is_number = c[0] >= '1' && c[0] <= '5' && c[1] >= '0' && c[1] <= '9' && c[2] >= '0' && c[2] <= '9';
        bool begins = i == 0 || c[-1] < '0' || c[-1] > '9';
        bool ends = i + 3 == text.length || c[3] < '0' || c[3] > '9';
        if (!is_number || !begins || !ends) continue;
        const char *found = category_of_status((c[0] - '0') * 100 + (c[1] - '0') * 10 + c[2] - '0');
        if (found) return found;
    }
    static const struct {
        const char *word;
        const char *category;
        bool any_case;
    } words[] = {
        {"cancelled", "cancelled", true},           {"canceled", "cancelled", true},
        {"Deadline exceeded", "timeout", false},    {"context deadline exceeded", "timeout", false},
        {"overloaded_error", "overloaded", false},  {"api_error", "server_error", false},
        {"insufficient_quota", "rate_limit", false}, {"billing_hard_limit_reached", "rate_limit", false},
        {"invalid_api_key", "auth", false},         {"authentication_error", "auth", false},
        {"not_found_error", "not_found", false},    {"model_not_found", "not_found", false},
        {"circuit_open", "circuit_open", false},    {"connection reset", "transient_network", true},
        {"connection refused", "transient_network", true}, {"connection closed", "transient_network", true},
        {"broken pipe", "transient_network", true}, {"dns error", "transient_network", true},
        {"stream error", "transient_network", true}, {"unexpected eof", "transient_network", true},
    };
    ChBuffer lower = {0};
    ch__lower(text, &lower);
    const char *category = "generic";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!has(words[i].any_case ? ch_buffer_view(&lower) : text, words[i].word)) continue;
        category = words[i].category;
        break;
    }
    ch_buffer_release(&lower);
    return category;
}

CH_NATIVE(ch__error_category) {
    if (args[0].tag == CH_TAG_DICT) {
        ChValue category = ch__dict_get(args[0].as.dict, "category");
        if (!ch_is_nil(category)) return ch__give(result, ch_object(ch_display_string(category)));
    }
    const char *category = args[0].tag == CH_TAG_STRING ? category_of_text(ch__text(args[0])) : "generic";
    return ch__give_text(result, category, strlen(category));
}

static ChFlow is_category(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, const char *wanted) {
    ch__error_category(vm, args, argc, result);
    bool is_wanted = ch_str_is(ch__text(*result), wanted);
    ch_release(*result);
    return ch__give_bool(result, is_wanted);
}

CH_NATIVE(ch__is_timeout) { return is_category(vm, args, argc, result, "timeout"); }
CH_NATIVE(ch__is_rate_limited) { return is_category(vm, args, argc, result, "rate_limit"); }

CH_NATIVE(ch__throw_error) {
    ChString *category = argc > 1 ? ch_display_string(args[1]) : ch_string_from("generic");
    const char *known = category_named(ch_string_view(category));
    ch_release(ch_object(category));
    ChDict *error = ch_dict_new();
    ch_dict_put_str(error, "message", ch_object(ch_display_string(args[0])));
    ch_dict_put_str(error, "category", ch_object(ch_string_from(known)));
    return ch_throw_value(vm, ch_object(error));
}
