// Numbers: arithmetic functions, statistics of lists, random numbers (xoshiro256**, seeded by splitmix64).
#include "builtins/native.h"

#include <math.h>
#include <stdlib.h>

#include "base/banned.h"

static ChFlow give_float(ChValue *result, double d) { return ch__give(result, ch_float(d)); }

CH_NATIVE(ch__pi) { return give_float(result, 3.14159265358979323846); }
CH_NATIVE(ch__e) { return give_float(result, 2.71828182845904523536); }

CH_NATIVE(ch__abs) {
    if (args[0].tag == CH_TAG_FLOAT) return give_float(result, fabs(args[0].as.real));
    int64_t i = args[0].as.integer;
    return i == INT64_MIN ? give_float(result, 9223372036854775808.0) : ch__give_int(result, i < 0 ? -i : i);
}

static ChFlow extreme(ChValue *args, uint32_t argc, ChValue *result, bool want_greater) {
    double x, y;
    if (argc < 2 || !ch__number(args[0], &x) || !ch__number(args[1], &y)) return CH_OK;
    if (args[0].tag == CH_TAG_INT && args[1].tag == CH_TAG_INT)
        return ch__give(result, (args[0].as.integer < args[1].as.integer) == want_greater ? args[1] : args[0]);
    return give_float(result, want_greater ? fmax(x, y) : fmin(x, y));
}

CH_NATIVE(ch__min) { return extreme(args, argc, result, false); }
CH_NATIVE(ch__max) { return extreme(args, argc, result, true); }

static ChFlow rounded(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, double (*fn)(double)) {
    ChValue v = ch_arg(args, argc, 0);
    if (v.tag == CH_TAG_INT) return ch__give(result, v);
    if (v.tag != CH_TAG_FLOAT) return CH_OK;
    double d = fn(v.as.real);
    if (!isfinite(d)) return ch_throw_runtime(vm, "cannot convert non-finite float to int");
    if (d < -9223372036854775808.0 || d >= 9223372036854775808.0)
        return ch_throw_runtime(vm, "float is outside the representable int range");
    return ch__give_int(result, (int64_t)d);
}

CH_NATIVE(ch__floor) { return rounded(vm, args, argc, result, floor); }
CH_NATIVE(ch__ceil) { return rounded(vm, args, argc, result, ceil); }
CH_NATIVE(ch__round) { return rounded(vm, args, argc, result, round); }

static ChFlow unary(ChValue *args, uint32_t argc, ChValue *result, double (*fn)(double)) {
    double d;
    return ch__number(ch_arg(args, argc, 0), &d) ? give_float(result, fn(d)) : CH_OK;
}

CH_NATIVE(ch__sqrt) { return unary(args, argc, result, sqrt); }
CH_NATIVE(ch__sin) { return unary(args, argc, result, sin); }
CH_NATIVE(ch__cos) { return unary(args, argc, result, cos); }
CH_NATIVE(ch__tan) { return unary(args, argc, result, tan); }
CH_NATIVE(ch__asin) { return unary(args, argc, result, asin); }
CH_NATIVE(ch__acos) { return unary(args, argc, result, acos); }
CH_NATIVE(ch__atan) { return unary(args, argc, result, atan); }
CH_NATIVE(ch__log2) { return unary(args, argc, result, log2); }
CH_NATIVE(ch__log10) { return unary(args, argc, result, log10); }
CH_NATIVE(ch__ln) { return unary(args, argc, result, log); }
CH_NATIVE(ch__exp) { return unary(args, argc, result, exp); }

CH_NATIVE(ch__atan2) {
    double y = 0, x = 0;
    ch__number(args[0], &y);
    ch__number(args[1], &x);
    return give_float(result, atan2(y, x));
}

// False when the exact power does not fit.
static bool int_power(int64_t base, int64_t exponent, int64_t *power) {
    int64_t product = 1;
    while (exponent) {
        if ((exponent & 1) && __builtin_mul_overflow(product, base, &product)) return false;
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base)) return false;
    }
    *power = product;
    return true;
}

CH_NATIVE(ch__pow) {
    double base, exponent;
    if (argc < 2 || !ch__number(args[0], &base) || !ch__number(args[1], &exponent)) return CH_OK;
    int64_t power;
    bool are_ints = args[0].tag == CH_TAG_INT && args[1].tag == CH_TAG_INT;
    if (are_ints && args[1].as.integer >= 0 && args[1].as.integer <= UINT32_MAX &&
        int_power(args[0].as.integer, args[1].as.integer, &power))
        return ch__give_int(result, power);
    return give_float(result, pow(base, exponent));
}

CH_NATIVE(ch__sign) {
    ChValue v = ch_arg(args, argc, 0);
    if (v.tag == CH_TAG_INT) return ch__give_int(result, v.as.integer < 0 ? -1 : v.as.integer > 0);
    if (v.tag != CH_TAG_FLOAT) return CH_OK;
    if (isnan(v.as.real)) return give_float(result, (double)NAN);
    return ch__give_int(result, v.as.real < 0 ? -1 : v.as.real > 0);
}

CH_NATIVE(ch__is_nan) { return ch__give_bool(result, args[0].tag == CH_TAG_FLOAT && isnan(args[0].as.real)); }
CH_NATIVE(ch__is_infinite) { return ch__give_bool(result, args[0].tag == CH_TAG_FLOAT && isinf(args[0].as.real)); }

// ---- statistics ------------------------------------------------------------------------------------------------------

typedef struct Numbers {
    double *items;
    uint32_t count;
} Numbers;

static bool numbers_arg(ChVm *vm, ChValue *args, uint32_t argc, const char *who, bool may_be_empty, Numbers *numbers) {
    numbers->items = NULL;
    if (!ch__arg_is(args, argc, 0, CH_TAG_LIST)) {
        ch_throw_type(vm, "%s: items must be a list", who);
        return false;
    }
    ChList *list = args[0].as.list;
    if (!list->count && !may_be_empty) {
        ch_throw_runtime(vm, "%s: items must not be empty", who);
        return false;
    }
    numbers->count = list->count;
    numbers->items = ch_realloc_array(NULL, (size_t)list->count + 1, sizeof *numbers->items);
    for (uint32_t i = 0; i < list->count; i++) {
        if (ch__number(list->items[i], &numbers->items[i])) continue;
        ch_free(numbers->items);
        ch_throw_type(vm, "%s must be numeric", who);
        return false;
    }
    return true;
}

static double sum(const Numbers *numbers) {
    double total = 0;
    for (uint32_t i = 0; i < numbers->count; i++) total += numbers->items[i];
    return total;
}

// Total order: -NaN, -inf ... inf, NaN.
static int compare_numbers(const void *a, const void *b) {
    int64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    x ^= (int64_t)((uint64_t)(x >> 63) >> 1);
    y ^= (int64_t)((uint64_t)(y >> 63) >> 1);
    return x < y ? -1 : x > y;
}

CH_NATIVE(ch__mean) {
    Numbers numbers;
    if (!numbers_arg(vm, args, argc, "mean", true, &numbers)) return CH_THROW;
    double mean = numbers.count ? sum(&numbers) / numbers.count : 0.0;
    ch_free(numbers.items);
    return give_float(result, mean);
}

CH_NATIVE(ch__median) {
    Numbers numbers;
    if (!numbers_arg(vm, args, argc, "median", false, &numbers)) return CH_THROW;
    qsort(numbers.items, numbers.count, sizeof *numbers.items, compare_numbers);
    uint32_t middle = numbers.count / 2;
    double median = numbers.items[middle];
    if (numbers.count % 2 == 0) median = (numbers.items[middle - 1] + median) / 2;
    ch_free(numbers.items);
    return give_float(result, median);
}

CH_NATIVE(ch__percentile) {
    Numbers numbers;
    double p;
    if (!numbers_arg(vm, args, argc, "percentile", false, &numbers)) return CH_THROW;
    bool is_number = ch__number(ch_arg(args, argc, 1), &p);
    if (!is_number || !(p >= 0 && p <= 100)) {
        ch_free(numbers.items);
        return is_number ? ch_throw_runtime(vm, "percentile must be between 0 and 100")
                         : ch_throw_type(vm, "percentile must be numeric");
    }
    qsort(numbers.items, numbers.count, sizeof *numbers.items, compare_numbers);
    double place = (numbers.count - 1.0) * (p / 100);
    uint32_t low = (uint32_t)floor(place), high = (uint32_t)ceil(place);
    double value = numbers.items[low];
    if (low != high) value += (1.0 + place - floor(1.0 + place)) * (numbers.items[high] - value);
    ch_free(numbers.items);
    return give_float(result, value);
}

static bool variance(ChVm *vm, ChValue *args, uint32_t argc, const char *who, double *value) {
    Numbers numbers;
    if (!numbers_arg(vm, args, argc, who, false, &numbers)) return false;
    bool is_sample = ch_is_truthy(ch_arg(args, argc, 1));
    if (is_sample && numbers.count < 2) {
        ch_free(numbers.items);
        ch_throw_runtime(vm, "sample variance requires at least 2 values");
        return false;
    }
    double mean = sum(&numbers) / numbers.count, total = 0;
    for (uint32_t i = 0; i < numbers.count; i++) {
        double delta = numbers.items[i] - mean;
        total += delta * delta;
    }
    *value = total / (is_sample ? numbers.count - 1 : numbers.count);
    ch_free(numbers.items);
    return true;
}

CH_NATIVE(ch__variance) {
    double value;
    return variance(vm, args, argc, "variance", &value) ? give_float(result, value) : CH_THROW;
}

CH_NATIVE(ch__stddev) {
    double value;
    return variance(vm, args, argc, "stddev", &value) ? give_float(result, sqrt(value)) : CH_THROW;
}

// ---- random numbers -----------------------------------------------------------------------------------------------------

static uint64_t rotate(uint64_t x, int k) { return x << k | x >> (64 - k); }

static uint64_t random_next(uint64_t s[4]) {
    uint64_t out = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return out;
}

typedef struct Rng {
    ChHandle handle;
    uint64_t state[4];
} Rng;

static void rng_display(void *self, ChBuffer *out) { ch_buffer_add_text(out, "<rng>"); }

static const ChHandleClass rng_class = {"rng", NULL, NULL, rng_display};

CH_NATIVE(ch__rng_seed) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_INT)) return ch_throw_type(vm, "rng_seed(seed): seed must be an integer");
    Rng *rng = ch_object_alloc(CH_TAG_RNG, sizeof *rng);
    rng->handle.class = &rng_class;
    uint64_t seed = (uint64_t)args[0].as.integer;
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        rng->state[i] = z ^ z >> 31;
    }
    return ch__give(result, ch_object(rng));
}

static uint64_t *program_random(ChVm *vm) {
    ChBuiltinState *state = ch__builtin_state(vm);
    if (!state->is_random_seeded) {
        vm->host->random(vm->host->ud, state->random, sizeof state->random);
        state->random[0] |= 1;
        state->is_random_seeded = true;
    }
    return state->random;
}

uint64_t ch__random_word(ChVm *vm) { return random_next(program_random(vm)); }

// The generator given as the first argument, or the program's; *first is the argument behind it.
static uint64_t *random_arg(ChVm *vm, ChValue *args, uint32_t argc, uint32_t *first) {
    *first = ch__arg_is(args, argc, 0, CH_TAG_RNG) ? 1 : 0;
    return *first ? ((Rng *)args[0].as.object)->state : program_random(vm);
}

// Below `limit`, every number as likely; 0 stands for 2^64.
static uint64_t random_below(uint64_t state[4], uint64_t limit) {
    if (limit == 0) return random_next(state);
    uint64_t refused = (0 - limit) % limit;
    for (;;) {
        uint64_t word = random_next(state);
        if (word >= refused) return word % limit;
    }
}

CH_NATIVE(ch__random) {
    uint32_t first;
    uint64_t *state = random_arg(vm, args, argc, &first);
    return give_float(result, (double)(random_next(state) >> 11) * 0x1p-53);
}

CH_NATIVE(ch__random_int) {
    uint32_t first;
    uint64_t *state = random_arg(vm, args, argc, &first);
    if (argc < first + 2) return CH_OK;
    if (args[first].tag != CH_TAG_INT) return ch_throw_type(vm, "random_int: min must be an integer");
    if (args[first + 1].tag != CH_TAG_INT) return ch_throw_type(vm, "random_int: max must be an integer");
    int64_t min = args[first].as.integer, max = args[first + 1].as.integer;
    if (min > max) return CH_OK;
    return ch__give_int(result, (int64_t)((uint64_t)min + random_below(state, (uint64_t)max - (uint64_t)min + 1)));
}

CH_NATIVE(ch__random_choice) {
    uint32_t first;
    uint64_t *state = random_arg(vm, args, argc, &first);
    if (!ch__arg_is(args, argc, first, CH_TAG_LIST) || !args[first].as.list->count) return CH_OK;
    ChList *list = args[first].as.list;
    return ch__give(result, ch_retain(list->items[random_below(state, list->count)]));
}

CH_NATIVE(ch__random_shuffle) {
    uint32_t first;
    uint64_t *state = random_arg(vm, args, argc, &first);
    if (!ch__arg_is(args, argc, first, CH_TAG_LIST)) return CH_OK;
    ChList *list = ch_list_unshare(&args[first]);
    for (uint32_t i = list->count; i > 1; i--) {
        uint32_t other = (uint32_t)random_below(state, i);
        ChValue kept = list->items[i - 1];
        list->items[i - 1] = list->items[other];
        list->items[other] = kept;
    }
    return ch__give(result, ch_take(&args[first]));
}
