// Dates: moments are seconds since 1970 with nanoseconds, in UTC; a time zone is read from the system's zoneinfo.
// Behind a zone's last listed change (2037 in what systems ship) its last offset holds.
#include "builtins/native.h"

#include <math.h>
#include <stdlib.h>

#include "base/banned.h"

typedef struct Moment {
    int64_t seconds;
    uint32_t nanos;
} Moment;

typedef struct Fields {
    int64_t year;
    int month, day, hour, minute, second; // month and day from 1
    int weekday;                          // from Sunday
    int year_day;                         // from 1
} Fields;

// Years that dates can have; chrono's.
#define YEAR_MAX 262142
#define SECONDS_MAX 8210266876799
#define SECONDS_MIN (-8334601228800)

// ---- the calendar ---------------------------------------------------------------------------------------------------

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

static int64_t days_from_civil(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_leap(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static int days_in_month(int64_t year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static Fields fields_of(int64_t seconds) {
    int64_t days = floor_div(seconds, 86400), left = seconds - days * 86400;
    int64_t shifted = days + 719468, era = floor_div(shifted, 146097), of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100), month = (5 * of_year + 2) / 153;
    Fields f;
    f.day = (int)(of_year - (153 * month + 2) / 5 + 1);
    f.month = (int)(month < 10 ? month + 3 : month - 9);
    f.year = year_of_era + era * 400 + (f.month <= 2);
    f.hour = (int)(left / 3600);
    f.minute = (int)(left / 60 % 60);
    f.second = (int)(left % 60);
    f.weekday = (int)(((days + 4) % 7 + 7) % 7);
    f.year_day = (int)(days - days_from_civil(f.year, 1, 1)) + 1;
    return f;
}

static int64_t seconds_of(const Fields *f) {
    return days_from_civil(f->year, f->month, f->day) * 86400 + f->hour * 3600 + f->minute * 60 + f->second;
}

// ---- time zones ---------------------------------------------------------------------------------------------------------

typedef struct Zone {
    ChBuffer file;            // empty: UTC
    const unsigned char *times, *kinds, *infos, *names;
    uint32_t time_count, info_count, name_bytes;
} Zone;

static int64_t big_endian(const unsigned char *at, uint32_t bytes) {
    int64_t value = bytes && (at[0] & 0x80) ? -1 : 0;
    for (uint32_t i = 0; i < bytes; i++) value = (int64_t)((uint64_t)value << 8 | at[i]);
    return value;
}

static bool zone_layout(Zone *zone) {
    const unsigned char *data = (const unsigned char *)zone->file.data;
    size_t size = zone->file.length, at = 0;
    for (int part = 0; part < 2; part++) { // a part with 32-bit times, then one with 64-bit times
        if (size - at < 44 || memcmp(data + at, "TZif", 4) != 0 || data[at + 4] < '2') return false;
        uint32_t counts[6];
        for (int i = 0; i < 6; i++) counts[i] = (uint32_t)big_endian(data + at + 20 + 4 * i, 4);
        for (int i = 0; i < 6; i++)
            if (counts[i] > 100000) return false;
        uint32_t width = part ? 8 : 4;
        size_t length = (size_t)counts[3] * (width + 1) + counts[4] * 6u + counts[5] + counts[2] * (width + 4u) + counts[1] + counts[0];
        at += 44;
        if (size - at < length) return false;
        if (part) {
            zone->times = data + at;
            zone->kinds = zone->times + (size_t)counts[3] * 8;
            zone->infos = zone->kinds + counts[3];
            zone->names = zone->infos + (size_t)counts[4] * 6;
            zone->time_count = counts[3];
            zone->info_count = counts[4];
            zone->name_bytes = counts[5];
            for (uint32_t i = 0; i < counts[3]; i++)
                if (zone->kinds[i] >= counts[4]) return false;
            for (uint32_t i = 0; i < counts[4]; i++)
                if (zone->infos[i * 6 + 5] >= counts[5]) return false;
        }
        at += length;
    }
    return zone->info_count > 0 && zone->name_bytes > 0 && zone->names[zone->name_bytes - 1] == 0;
}

// False: an error is pending.
static bool zone_open(ChVm *vm, ChValue name, const char *who, Zone *zone) {
    *zone = (Zone){0};
    if (ch_is_nil(name)) return true;
    ChString *text = ch_display_string(name);
    bool ok = text->length > 0 && text->length < 100 && text->data[0] != '/' && !strstr(text->data, "..");
    for (uint32_t i = 0; i < text->length; i++) {
        char c = text->data[i];
        ok = ok && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_+-/", c)) && c;
    }
    if (ok && !ch_str_is(ch_string_view(text), "UTC")) {
        ChBuffer path = {0};
        ch_buffer_printf(&path, "/usr/share/zoneinfo/%s", text->data);
        ok = vm->host->file_read(vm->host->ud, path.data, 1 << 20, &zone->file) == CH_STATUS_OK && zone_layout(zone);
        ch_buffer_release(&path);
    }
    if (!ok) {
        ch_buffer_release(&zone->file);
        ch_throw_text(vm, "%s: unknown timezone '%.*s'", who, CH_STR_ARG(ch_string_view(text)));
    }
    ch_release(ch_object(text));
    return ok;
}

static const unsigned char *zone_info(const Zone *zone, int64_t seconds) {
    uint32_t low = 0, high = zone->time_count; // the first change behind `seconds`
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (big_endian(zone->times + (size_t)middle * 8, 8) <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t kind = 0;
    if (low) {
        kind = zone->kinds[low - 1];
    } else { // before the first change: the first offset that is no summer time
        while (kind + 1 < zone->info_count && zone->infos[kind * 6 + 4]) kind++;
        if (zone->infos[kind * 6 + 4]) kind = 0;
    }
    return zone->infos + (size_t)kind * 6;
}

static int32_t zone_offset(const Zone *zone, int64_t seconds) {
    return zone->file.length ? (int32_t)big_endian(zone_info(zone, seconds), 4) : 0;
}

static const char *zone_name(const Zone *zone, int64_t seconds) {
    return zone->file.length ? (const char *)zone->names + zone_info(zone, seconds)[5] : "UTC";
}

// The moment of a local time; the earlier of two. False: the zone skips that time.
static bool zone_resolve(const Zone *zone, int64_t local, int64_t *seconds) {
    int64_t before = local - zone_offset(zone, local - 86400), after = local - zone_offset(zone, local + 86400);
    int64_t first = before < after ? before : after, second = before < after ? after : before;
    *seconds = first;
    if (first + zone_offset(zone, first) == local) return true;
    *seconds = second;
    return second + zone_offset(zone, second) == local;
}

// ---- arguments ------------------------------------------------------------------------------------------------------------

static bool moment_arg(ChVm *vm, ChValue v, const char *who, Moment *moment) {
    if (v.tag == CH_TAG_DICT) {
        ChValue *found = ch_dict_find_str(v.as.dict, CH_STR("timestamp"));
        if (!found) {
            ch_throw_text(vm, "%s: missing timestamp argument", who);
            return false;
        }
        v = *found;
    }
    if (v.tag == CH_TAG_INT) {
        *moment = (Moment){v.as.integer, 0};
    } else if (v.tag == CH_TAG_FLOAT) {
        double d = v.as.real;
        if (!isfinite(d)) {
            ch_throw_text(vm, "%s: timestamp must be finite", who);
            return false;
        }
        if (fabs(d) > 9e12) {
            ch_throw_text(vm, "%s: timestamp out of range", who);
            return false;
        }
        int64_t micros = (int64_t)round(d * 1e6);
        moment->seconds = floor_div(micros, 1000000);
        moment->nanos = (uint32_t)(micros - moment->seconds * 1000000) * 1000;
    } else {
        ch_throw_text(vm, "%s: expected timestamp number or date dict, got %s", who, ch_type_name(v));
        return false;
    }
    if (moment->seconds >= SECONDS_MIN && moment->seconds <= SECONDS_MAX) return true;
    ch_throw_text(vm, "%s: timestamp out of range", who);
    return false;
}

static ChValue moment_value(Moment moment) {
    if (!moment.nanos) return ch_int(moment.seconds);
    return ch_float((double)moment.seconds + (double)moment.nanos / 1e9);
}

// ---- printing -------------------------------------------------------------------------------------------------------------

static const char *const weekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
                                     "August", "September", "October", "November", "December"};

static void add_offset(ChBuffer *out, int32_t offset, const char *between) {
    int32_t size = offset < 0 ? -offset : offset;
    ch_buffer_printf(out, "%c%02d%s%02d", offset < 0 ? '-' : '+', size / 3600, between, size / 60 % 60);
}

static void add_fraction(ChBuffer *out, uint32_t nanos, int digits) {
    uint32_t divisor = 1;
    for (int i = digits; i < 9; i++) divisor *= 10;
    ch_buffer_printf(out, "%0*u", digits, nanos / divisor);
}

static void add_year(ChBuffer *out, int64_t year) {
    if (year >= 0 && year <= 9999)
        ch_buffer_printf(out, "%04" PRId64, year);
    else
        ch_buffer_printf(out, "%+05" PRId64, year);
}

static void add_seconds_fraction(ChBuffer *out, uint32_t nanos) {
    if (!nanos) return;
    ch_buffer_add_byte(out, '.');
    add_fraction(out, nanos, nanos % 1000000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9);
}

static void add_iso(ChBuffer *out, const Fields *f) {
    add_year(out, f->year);
    ch_buffer_printf(out, "-%02d-%02dT%02d:%02d:%02d", f->month, f->day, f->hour, f->minute, f->second);
}

// ISO week and its year.
static int iso_week(const Fields *f, int64_t *year) {
    int monday_based = (f->weekday + 6) % 7;
    int week = (f->year_day - 1 - monday_based + 10) / 7;
    *year = f->year;
    if (week < 1) {
        (*year)--;
        int days = is_leap(*year) ? 366 : 365;
        return (f->year_day - 1 + days - monday_based + 10) / 7;
    }
    int days = is_leap(f->year) ? 366 : 365;
    if (week == 53 && f->year_day - monday_based + 3 > days) {
        (*year)++;
        return 1;
    }
    return week;
}

typedef struct Shown {
    Moment moment;
    Fields f;
    int32_t offset;
    const char *zone;
} Shown;

static Shown shown_in(const Zone *zone, Moment moment) {
    int32_t offset = zone_offset(zone, moment.seconds);
    return (Shown){moment, fields_of(moment.seconds + offset), offset, zone_name(zone, moment.seconds)};
}

// One %-sign of the form; *at is behind it. False: it is unknown.
static bool add_specifier(ChBuffer *out, ChStr form, uint32_t *at, const Shown *s) {
    const Fields *f = &s->f;
    char pad = '0', c = *at < form.length ? form.data[*at] : 0;
    if (c && strchr("-_0", c)) {
        pad = c == '-' ? 0 : c == '_' ? ' ' : '0';
        c = ++*at < form.length ? form.data[*at] : 0;
    }
    ++*at;
    int number = 0, width = 2;
    char usual = '0';
    int64_t year;
    int hour12 = f->hour % 12 ? f->hour % 12 : 12;
    switch (c) {
    case 'Y': add_year(out, f->year); return true;
    case 'C': number = (int)floor_div(f->year, 100); break;
    case 'y': number = (int)(f->year - floor_div(f->year, 100) * 100); break;
    case 'm': number = f->month; break;
    case 'd': number = f->day; break;
    case 'e': number = f->day, usual = ' '; break;
    case 'H': number = f->hour; break;
    case 'k': number = f->hour, usual = ' '; break;
    case 'I': number = hour12; break;
    case 'l': number = hour12, usual = ' '; break;
    case 'M': number = f->minute; break;
    case 'S': number = f->second; break;
    case 'j': number = f->year_day, width = 3; break;
    case 'u': number = f->weekday ? f->weekday : 7, width = 1; break;
    case 'w': number = f->weekday, width = 1; break;
    case 'U': number = (f->year_day + 6 - f->weekday) / 7; break;
    case 'W': number = (f->year_day + 6 - (f->weekday + 6) % 7) / 7; break;
    case 'V': number = iso_week(f, &year); break;
    case 'G': iso_week(f, &year); add_year(out, year); return true;
    case 'g': iso_week(f, &year); number = (int)(year - floor_div(year, 100) * 100); break;
    case 'B': ch_buffer_add_text(out, months[f->month - 1]); return true;
    case 'b':
    case 'h': ch_buffer_add(out, months[f->month - 1], 3); return true;
    case 'A': ch_buffer_add_text(out, weekdays[f->weekday]); return true;
    case 'a': ch_buffer_add(out, weekdays[f->weekday], 3); return true;
    case 'p': ch_buffer_add_text(out, f->hour < 12 ? "AM" : "PM"); return true;
    case 'P': ch_buffer_add_text(out, f->hour < 12 ? "am" : "pm"); return true;
    case 'F':
        add_year(out, f->year);
        ch_buffer_printf(out, "-%02d-%02d", f->month, f->day);
        return true;
    case 'T':
    case 'X': ch_buffer_printf(out, "%02d:%02d:%02d", f->hour, f->minute, f->second); return true;
    case 'R': ch_buffer_printf(out, "%02d:%02d", f->hour, f->minute); return true;
    case 'r': ch_buffer_printf(out, "%02d:%02d:%02d %s", hour12, f->minute, f->second, f->hour < 12 ? "AM" : "PM"); return true;
    case 'D':
    case 'x': ch_buffer_printf(out, "%02d/%02d/%02d", f->month, f->day, (int)(f->year - floor_div(f->year, 100) * 100)); return true;
    case 'v': ch_buffer_printf(out, "%2d-%.3s-%04" PRId64, f->day, months[f->month - 1], f->year); return true;
    case 'c':
        ch_buffer_printf(out, "%.3s %.3s %2d %02d:%02d:%02d %04" PRId64, weekdays[f->weekday], months[f->month - 1],
                         f->day, f->hour, f->minute, f->second, f->year);
        return true;
    case 's': ch_buffer_printf(out, "%" PRId64, s->moment.seconds); return true;
    case 'f': add_fraction(out, s->moment.nanos, 9); return true;
    case 'Z': ch_buffer_add_text(out, s->zone); return true;
    case 'z': add_offset(out, s->offset, ""); return true;
    case '+':
        add_iso(out, f);
        add_seconds_fraction(out, s->moment.nanos);
        add_offset(out, s->offset, ":");
        return true;
    case 'n': ch_buffer_add_byte(out, '\n'); return true;
    case 't': ch_buffer_add_byte(out, '\t'); return true;
    case '%': ch_buffer_add_byte(out, '%'); return true;
    case ':':
        if (*at >= form.length || form.data[*at] != 'z') return false;
        ++*at;
        add_offset(out, s->offset, ":");
        return true;
    case '3':
    case '6':
    case '9':
        if (*at >= form.length || form.data[*at] != 'f') return false;
        ++*at;
        add_fraction(out, s->moment.nanos, c - '0');
        return true;
    case '.': { // %.f and %.3f: the fraction with its point
        char digit = *at < form.length ? form.data[*at] : 0;
        int digits = digit == '3' || digit == '6' || digit == '9' ? digit - '0' : 0;
        if (digits) digit = ++*at < form.length ? form.data[*at] : 0;
        if (digit != 'f') return false;
        ++*at;
        uint32_t nanos = s->moment.nanos;
        if (!digits && !nanos) return true;
        if (!digits) digits = nanos % 1000000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
        ch_buffer_add_byte(out, '.');
        add_fraction(out, nanos, digits);
        return true;
    }
    default: return false;
    }
    if (pad == '0') pad = usual;
    if (pad == ' ')
        ch_buffer_printf(out, "%*d", width, number);
    else
        ch_buffer_printf(out, "%0*d", pad ? width : 1, number);
    return true;
}

static ChFlow format(ChVm *vm, const char *who, ChStr form, const Shown *s, ChValue *result) {
    ChBuffer out = {0};
    bool ok = true;
    for (uint32_t i = 0; ok && i < form.length;) {
        if (form.data[i] != '%') {
            ch_buffer_add_byte(&out, form.data[i++]);
            continue;
        }
        i++;
        ok = add_specifier(&out, form, &i, s);
    }
    if (ok) return ch__give_buffer_checked(vm, who, result, &out);
    ch_buffer_release(&out);
    return ch_throw_text(vm, "%s: invalid format '%.*s'", who, CH_STR_ARG(form));
}

static void add_iso_zoned(ChBuffer *out, const Shown *s) {
    add_iso(out, &s->f);
    add_seconds_fraction(out, s->moment.nanos);
    add_offset(out, s->offset, ":");
}

static ChDict *parts_of(const Fields *f) {
    ChDict *dict = ch_dict_new();
    ch_dict_put_str(dict, "year", ch_int(f->year));
    ch_dict_put_str(dict, "month", ch_int(f->month));
    ch_dict_put_str(dict, "day", ch_int(f->day));
    ch_dict_put_str(dict, "hour", ch_int(f->hour));
    ch_dict_put_str(dict, "minute", ch_int(f->minute));
    ch_dict_put_str(dict, "second", ch_int(f->second));
    ch_dict_put_str(dict, "weekday", ch_int(f->weekday));
    return dict;
}

static void add_now(ChVm *vm, ChBuffer *out) {
    int64_t ms = ch__now_ms(vm), seconds = floor_div(ms, 1000);
    Fields f = fields_of(seconds);
    add_iso(out, &f);
    ch_buffer_printf(out, ".%03dZ", (int)(ms - seconds * 1000));
}

void ch__iso_now(ChVm *vm, ChBuffer *out) { add_now(vm, out); }

CH_NATIVE(ch__date_iso) {
    ChBuffer out = {0};
    add_now(vm, &out);
    return ch__give_buffer(result, &out);
}

CH_NATIVE(ch__date_now) {
    int64_t ms = ch__now_ms(vm);
    Fields f = fields_of(floor_div(ms, 1000));
    ChDict *dict = parts_of(&f);
    ChValue iso;
    ch__date_iso(vm, args, argc, &iso);
    ch_dict_put_str(dict, "timestamp", ch_float((double)ms / 1000.0));
    ch_dict_put_str(dict, "iso8601", iso);
    return ch__give(result, ch_object(dict));
}

CH_NATIVE(ch__date_format) {
    Moment moment;
    Zone zone;
    if (!moment_arg(vm, args[0], "date_format", &moment)) return CH_THROW;
    if (!zone_open(vm, ch_arg(args, argc, 2), "date_format", &zone)) return CH_THROW;
    ChValue form = ch_arg(args, argc, 1);
    Shown s = shown_in(&zone, moment);
    ChFlow flow = format(vm, "date_format", form.tag == CH_TAG_STRING ? ch__text(form) : CH_STR("%Y-%m-%d %H:%M:%S"), &s, result);
    ch_buffer_release(&zone.file);
    return flow;
}

static ChFlow name_of(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, const char *who, const char *form) {
    Moment moment;
    Zone zone;
    if (!moment_arg(vm, args[0], who, &moment) || !zone_open(vm, ch_arg(args, argc, 1), who, &zone)) return CH_THROW;
    Shown s = shown_in(&zone, moment);
    ChFlow flow = format(vm, who, ch_str_of(form), &s, result);
    ch_buffer_release(&zone.file);
    return flow;
}

CH_NATIVE(ch__weekday_name) { return name_of(vm, args, argc, result, "weekday_name", "%A"); }
CH_NATIVE(ch__month_name) { return name_of(vm, args, argc, result, "month_name", "%B"); }

CH_NATIVE(ch__date_in_zone) {
    Moment moment;
    Zone zone;
    if (!moment_arg(vm, args[0], "date_in_zone", &moment) || !zone_open(vm, args[1], "date_in_zone", &zone)) return CH_THROW;
    Shown s = shown_in(&zone, moment);
    ChDict *dict = parts_of(&s.f);
    ChBuffer iso = {0};
    add_iso_zoned(&iso, &s);
    ch_dict_put_str(dict, "offset_seconds", ch_int(s.offset));
    ch_dict_put_str(dict, "timestamp", moment_value(moment));
    ch_dict_put_str(dict, "iso8601", ch_str_value(iso.data, iso.length));
    ch_dict_put_str(dict, "zone", ch_retain(args[1]));
    ch_buffer_release(&iso);
    ch_buffer_release(&zone.file);
    return ch__give(result, ch_object(dict));
}

CH_NATIVE(ch__date_to_zone) {
    Moment moment;
    Zone zone;
    if (!moment_arg(vm, args[0], "date_to_zone", &moment) || !zone_open(vm, args[1], "date_to_zone", &zone)) return CH_THROW;
    Shown s = shown_in(&zone, moment);
    ChBuffer iso = {0};
    add_iso_zoned(&iso, &s);
    ch_buffer_release(&zone.file);
    return ch__give_buffer(result, &iso);
}

// ---- reading --------------------------------------------------------------------------------------------------------------

static bool digits(ChStr text, uint32_t *at, uint32_t count, int *number) {
    if (text.length - *at < count) return false;
    *number = 0;
    for (uint32_t i = 0; i < count; i++, ++*at) {
        char c = text.data[*at];
        if (c < '0' || c > '9') return false;
        *number = *number * 10 + (c - '0');
    }
    return true;
}

static bool mark(ChStr text, uint32_t *at, const char *any) {
    if (*at >= text.length || !strchr(any, text.data[*at])) return false;
    ++*at;
    return true;
}

// YYYY-MM-DD, with [T ]HH:MM[:SS[.fff]], with Z or an offset behind seconds.
static bool parse_iso(ChStr text, Moment *moment) {
    Fields f = {0};
    uint32_t at = 0;
    int year, offset = 0;
    moment->nanos = 0;
    if (!digits(text, &at, 4, &year) || !mark(text, &at, "-") || !digits(text, &at, 2, &f.month) || !mark(text, &at, "-") ||
        !digits(text, &at, 2, &f.day))
        return false;
    f.year = year;
    if (f.month < 1 || f.month > 12 || f.day < 1 || f.day > days_in_month(f.year, f.month)) return false;
    if (at < text.length) {
        if (!mark(text, &at, "Tt ") || !digits(text, &at, 2, &f.hour) || !mark(text, &at, ":") || !digits(text, &at, 2, &f.minute))
            return false;
        bool has_seconds = mark(text, &at, ":");
        if (has_seconds && !digits(text, &at, 2, &f.second)) return false;
        if (has_seconds && mark(text, &at, ".")) {
            uint32_t scale = 100000000, start = at;
            for (; at < text.length && text.data[at] >= '0' && text.data[at] <= '9'; at++, scale /= 10)
                moment->nanos += (uint32_t)(text.data[at] - '0') * scale;
            if (at == start) return false;
        }
        if (f.hour > 23 || f.minute > 59 || f.second > 59) return false;
        if (has_seconds && !mark(text, &at, "Zz") && at < text.length) {
            int hours, minutes;
            bool is_negative = text.data[at] == '-';
            if (!mark(text, &at, "+-") || !digits(text, &at, 2, &hours) || !mark(text, &at, ":") || !digits(text, &at, 2, &minutes))
                return false;
            offset = (hours * 60 + minutes) * 60 * (is_negative ? -1 : 1);
        }
    }
    moment->seconds = seconds_of(&f) - offset;
    return at == text.length;
}

// Checks ranges with the reference's messages. False: an error is pending.
static bool check_fields(ChVm *vm, int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute, int64_t second) {
    const char *what = month < 1 || month > 12 ? "month" : day < 1 || day > 31 ? "day" : hour < 0 || hour > 23 ? "hour"
                       : minute < 0 || minute > 59 ? "minute" : second < 0 || second > 59 ? "second" : NULL;
    if (what) {
        int64_t value = *what == 'd' ? day : *what == 'h' ? hour : *what == 's' ? second : what[1] == 'o' ? month : minute;
        const char *range = *what == 'd' ? "1-31" : *what == 'h' ? "0-23" : what[1] == 'o' ? "1-12" : "0-59";
        if (what[1] == 'o' && what[2] == 'n' && value < 0) value = 0;
        ch_throw_text(vm, "Invalid %s: %" PRId64 " (must be %s)", what, value, range);
        return false;
    }
    if (year < -YEAR_MAX || year > YEAR_MAX || day > days_in_month(year, (int)month)) {
        ch_throw_text(vm, "Invalid date: %04" PRId64 "-%02" PRId64 "-%02" PRId64, year, month, day);
        return false;
    }
    return true;
}

CH_NATIVE(ch__date_parse) {
    ChStr text = ch__trim(ch__text(args[0]), true, true);
    Moment moment;
    if (parse_iso(text, &moment)) return ch__give(result, moment_value(moment));
    // Numbers with anything between them.
    int64_t numbers[6] = {0};
    int count = 0;
    for (uint32_t i = 0; i < text.length && count < 6;) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            i++;
            continue;
        }
        for (; i < text.length && text.data[i] >= '0' && text.data[i] <= '9'; i++)
            if (numbers[count] < 1000000000) numbers[count] = numbers[count] * 10 + (text.data[i] - '0');
        count++;
    }
    if (count < 3) return ch_throw_text(vm, "Cannot parse date: %.*s", CH_STR_ARG(ch__text(args[0])));
    if (!check_fields(vm, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])) return CH_THROW;
    Fields f = {numbers[0], (int)numbers[1], (int)numbers[2], (int)numbers[3], (int)numbers[4], (int)numbers[5], 0, 0};
    return ch__give_int(result, seconds_of(&f));
}

static bool component(ChVm *vm, const ChDict *dict, const char *key, int64_t usual, bool may_lack, int64_t *number) {
    ChValue *found = ch_dict_find_str(dict, ch_str_of(key));
    *number = usual;
    if (!found && may_lack) return true;
    if (!found) {
        ch_throw_text(vm, "date_from_components: missing %s", key);
        return false;
    }
    if (found->tag == CH_TAG_INT) {
        *number = found->as.integer;
        return true;
    }
    if (found->tag == CH_TAG_FLOAT && found->as.real == trunc(found->as.real) && fabs(found->as.real) < 1e15) {
        *number = (int64_t)found->as.real;
        return true;
    }
    ch_throw_text(vm, "date_from_components: %s must be an integer, got %s", key, ch_type_name(*found));
    return false;
}

CH_NATIVE(ch__date_from_components) {
    const ChDict *dict = args[0].as.dict;
    int64_t year, month, day, hour, minute, second, seconds;
    Zone zone;
    if (!zone_open(vm, ch_arg(args, argc, 1), "date_from_components", &zone)) return CH_THROW;
    bool ok = component(vm, dict, "year", 0, false, &year) && component(vm, dict, "month", 0, false, &month) &&
              component(vm, dict, "day", 0, false, &day) && component(vm, dict, "hour", 0, true, &hour) &&
              component(vm, dict, "minute", 0, true, &minute) && component(vm, dict, "second", 0, true, &second) &&
              check_fields(vm, year, month, day, hour, minute, second);
    if (ok) {
        Fields f = {year, (int)month, (int)day, (int)hour, (int)minute, (int)second, 0, 0};
        ok = zone_resolve(&zone, seconds_of(&f), &seconds);
        if (!ok) ch_throw_text(vm, "date_from_components: local time does not exist in that timezone");
    }
    ch_buffer_release(&zone.file);
    return ok ? ch__give_int(result, seconds) : CH_THROW;
}

// ---- durations ----------------------------------------------------------------------------------------------------------------

static ChFlow give_ms(ChValue *result, int64_t ms) {
    return ch__give(result, ms % 1000 == 0 ? ch_int(ms / 1000) : ch_float((double)ms / 1000.0));
}

static int64_t ms_of(Moment moment) { return moment.seconds * 1000 + moment.nanos / 1000000; }

CH_NATIVE(ch__date_add) {
    Moment moment;
    int64_t ms;
    if (!moment_arg(vm, args[0], "date_add", &moment)) return CH_THROW;
    if (__builtin_add_overflow(ms_of(moment), args[1].as.integer, &ms)) return ch_throw_text(vm, "date_add: timestamp overflow");
    return give_ms(result, ms);
}

CH_NATIVE(ch__date_diff) {
    Moment a, b;
    if (!moment_arg(vm, args[0], "date_diff", &a) || !moment_arg(vm, args[1], "date_diff", &b)) return CH_THROW;
    return ch__give(result, ch_duration(ms_of(a) - ms_of(b)));
}

static ChFlow duration(ChVm *vm, ChValue v, int64_t unit, const char *who, ChValue *result) {
    int64_t ms;
    if (v.tag == CH_TAG_INT) {
        if (__builtin_mul_overflow(v.as.integer, unit, &ms)) return ch_throw_text(vm, "%s: duration overflow", who);
    } else {
        double exact = v.as.real * (double)unit;
        if (!isfinite(v.as.real)) return ch_throw_text(vm, "%s: expected number, got float", who);
        if (exact < -9223372036854775808.0 || exact >= 9223372036854775808.0)
            return ch_throw_text(vm, "%s: duration overflow", who);
        ms = (int64_t)round(exact);
    }
    return ch__give(result, ch_duration(ms));
}

CH_NATIVE(ch__duration_ms) { return duration(vm, args[0], 1, "duration_ms", result); }
CH_NATIVE(ch__duration_seconds) { return duration(vm, args[0], 1000, "duration_seconds", result); }
CH_NATIVE(ch__duration_minutes) { return duration(vm, args[0], 60000, "duration_minutes", result); }
CH_NATIVE(ch__duration_hours) { return duration(vm, args[0], 3600000, "duration_hours", result); }
CH_NATIVE(ch__duration_days) { return duration(vm, args[0], 86400000, "duration_days", result); }

CH_NATIVE(ch__duration_to_seconds) { return ch__give_int(result, args[0].as.integer / 1000); }

CH_NATIVE(ch__duration_to_human) {
    static const struct {
        const char *label;
        uint64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    int64_t ms = args[0].as.integer;
    uint64_t left = ms < 0 ? 0u - (uint64_t)ms : (uint64_t)ms;
    if (!left) return ch__give_text(result, "0s", 2);
    ChBuffer out = {0};
    int shown = 0;
    if (ms < 0) ch_buffer_add_byte(&out, '-');
    for (size_t i = 0; i < sizeof units / sizeof units[0] && shown < 3; i++) {
        if (left < units[i].ms) continue;
        ch_buffer_printf(&out, "%s%" PRIu64 "%s", shown++ ? " " : "", left / units[i].ms, units[i].label);
        left %= units[i].ms;
    }
    return ch__give_buffer(result, &out);
}
