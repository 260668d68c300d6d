// Coverage as a table, as lcov and as JSON.
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "measure/coverage_int.h"

#include "base/banned.h"

enum { MISSING_MAX = 20, PATH_WIDTH_MIN = 20 };

// The statements of one line are [from, to); answers how often the line ran: as often as what ran most on it.
static uint64_t line_at(const ChFileCoverage *file, uint32_t from, uint32_t *to) {
    uint64_t count = 0;
    uint32_t i = from;
    for (; i < file->statements.count && file->statements.items[i].at.line == file->statements.items[from].at.line; i++)
        if (file->statements.items[i].count > count) count = file->statements.items[i].count;
    *to = i;
    return count;
}

static ChCoverageTotals totals_of(const ChFileCoverage *file) {
    ChCoverageTotals totals = {0};
    for (uint32_t i = 0, to; i < file->statements.count; i = to) {
        totals.lines_run += line_at(file, i, &to) > 0;
        totals.lines++;
    }
    for (uint32_t i = 0; i < file->branches.count; i++)
        for (int way = 0; way < 2; way++) {
            totals.branches++;
            totals.branches_run += file->branches.items[i].way[way].count > 0;
        }
    return totals;
}

static void add_totals(ChCoverageTotals *to, ChCoverageTotals more) {
    to->lines += more.lines;
    to->lines_run += more.lines_run;
    to->branches += more.branches;
    to->branches_run += more.branches_run;
}

ChCoverageTotals ch_coverage_totals(ChCoverage *coverage) {
    uint32_t count;
    ChFileCoverage **files = ch__coverage_files(coverage, &count);
    ChCoverageTotals totals = {0};
    for (uint32_t i = 0; i < count; i++) add_totals(&totals, totals_of(files[i]));
    ch_free(files);
    return totals;
}

static double percent(uint32_t run, uint32_t all) { return all ? 100.0 * run / all : 100.0; }

// ---- the table --------------------------------------------------------------------------------------------------------

typedef struct Missing {
    ChBuffer *out;
    uint32_t count; // entries
} Missing;

// False: enough is listed.
static bool next_missing(Missing *missing) {
    if (++missing->count > MISSING_MAX) return false;
    if (missing->count > 1) ch_buffer_add_text(missing->out, ", ");
    return true;
}

// Lines that did not run, in ranges that reach over lines without statements.
static void missing_lines(const ChFileCoverage *file, Missing *missing) {
    uint32_t first = 0, last = 0;
    for (uint32_t i = 0, to;; i = to) {
        bool is_end = i >= file->statements.count;
        bool is_run = is_end || line_at(file, i, &to) > 0;
        if (!is_run) {
            last = file->statements.items[i].at.line;
            if (!first) first = last;
        } else if (first) {
            if (next_missing(missing)) {
                if (first == last) ch_buffer_printf(missing->out, "%u", first);
                else ch_buffer_printf(missing->out, "%u-%u", first, last);
            }
            first = 0;
        }
        if (is_end) return;
    }
}

static bool has_run(const ChFileCoverage *file, uint32_t line) {
    uint32_t low = 0, high = file->statements.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (file->statements.items[middle].at.line < line) low = middle + 1;
        else high = middle;
    }
    uint32_t behind;
    return low == file->statements.count || file->statements.items[low].at.line != line || line_at(file, low, &behind) > 0;
}

// A way to a line that is listed as not run need not be listed as well.
static void missing_branches(const ChFileCoverage *file, Missing *missing) {
    for (uint32_t i = 0; i < file->branches.count; i++) {
        const ChBranchCount *branch = &file->branches.items[i];
        bool went[2] = {branch->way[0].count > 0, branch->way[1].count > 0};
        if (went[0] == went[1]) continue; // both, or its line did not run
        ChPlace to = branch->way[went[0] ? 1 : 0].to;
        if (!has_run(file, to.line) || !next_missing(missing)) continue;
        if (!to.line) ch_buffer_printf(missing->out, "%u->exit", branch->at.line);
        else if (to.line == branch->at.line && to.column == branch->at.column)
            ch_buffer_printf(missing->out, "%u:%u", to.line, to.column); // a part of one expression
        else if (to.line != branch->at.line) ch_buffer_printf(missing->out, "%u->%u", branch->at.line, to.line);
        else ch_buffer_printf(missing->out, "%u:%u->%u:%u", branch->at.line, branch->at.column, to.line, to.column);
    }
}

static void add_share(uint32_t run, uint32_t all, ChColorMode color, ChBuffer *out) {
    double share = percent(run, all);
    char counts[32];
    snprintf(counts, sizeof counts, "(%u/%u)", run, all);
    const char *paint = share >= 90 ? "\033[32m" : share >= 60 ? "\033[33m" : "\033[31m";
    bool is_painted = color == CH_COLOR_ALWAYS;
    ch_buffer_printf(out, "  %s%5.1f %%%s %-11s", is_painted ? paint : "", share, is_painted ? "\033[0m" : "", counts);
}

static void add_row(ChStr name, size_t width, ChCoverageTotals totals, const ChFileCoverage *file, ChColorMode color,
                    ChBuffer *out) {
    ch_buffer_add_str(out, name);
    size_t runes = ch_utf8_count(name.data, name.length);
    if (runes < width) ch_buffer_add_repeat(out, ' ', width - runes);
    add_share(totals.lines_run, totals.lines, color, out);
    add_share(totals.branches_run, totals.branches, color, out);
    if (file) {
        Missing missing = {.out = out};
        ch_buffer_add_text(out, "  ");
        missing_lines(file, &missing);
        missing_branches(file, &missing);
        if (missing.count > MISSING_MAX) ch_buffer_printf(out, " \xE2\x80\xA6 %u more", missing.count - MISSING_MAX);
    }
    while (out->data[out->length - 1] == ' ') out->length--;
    ch_buffer_add_byte(out, '\n');
}

void ch_coverage_table(ChCoverage *coverage, ChColorMode color, ChBuffer *out) {
    uint32_t count;
    ChFileCoverage **files = ch__coverage_files(coverage, &count);
    size_t width = PATH_WIDTH_MIN;
    for (uint32_t i = 0; i < count; i++) {
        size_t runes = ch_utf8_count(files[i]->path.data, files[i]->path.length);
        if (runes > width) width = runes;
    }
    ch_buffer_add_text(out, "coverage");
    ch_buffer_add_repeat(out, ' ', width - 8);
    ch_buffer_printf(out, "  %-19s  %-19s  not run\n", "lines", "branches");
    ChCoverageTotals sum = {0};
    for (uint32_t i = 0; i < count; i++) {
        ChCoverageTotals totals = totals_of(files[i]);
        add_totals(&sum, totals);
        add_row(files[i]->path, width, totals, files[i], color, out);
    }
    add_row(CH_STR("total"), width, sum, NULL, color, out);
    ch_free(files);
}

// ---- lcov -------------------------------------------------------------------------------------------------------------

// Names are what FNDA refers to: of several functions with one name, all but the first carry their place.
static void add_name(const ChFileCoverage *file, uint32_t index, ChBuffer *out) {
    const ChFunctionCount *function = &file->functions.items[index];
    ch_buffer_add_str(out, function->name);
    for (uint32_t i = 0; i < index; i++) {
        if (!ch_str_equal(file->functions.items[i].name, function->name)) continue;
        ch_buffer_printf(out, "@%u:%u", function->at.line, function->at.column);
        return;
    }
}

static void lcov_functions(const ChFileCoverage *file, ChBuffer *out) {
    uint32_t called = 0;
    for (uint32_t i = 0; i < file->functions.count; i++) {
        ch_buffer_printf(out, "FN:%u,", file->functions.items[i].at.line);
        add_name(file, i, out);
        ch_buffer_add_byte(out, '\n');
    }
    for (uint32_t i = 0; i < file->functions.count; i++) {
        ch_buffer_printf(out, "FNDA:%" PRIu64 ",", file->functions.items[i].count);
        add_name(file, i, out);
        ch_buffer_add_byte(out, '\n');
        called += file->functions.items[i].count > 0;
    }
    ch_buffer_printf(out, "FNF:%u\nFNH:%u\n", file->functions.count, called);
}

// The blocks of a line are its branches in order of their columns.
static void lcov_branches(const ChFileCoverage *file, ChBuffer *out) {
    uint32_t block = 0;
    for (uint32_t i = 0; i < file->branches.count; i++) {
        const ChBranchCount *branch = &file->branches.items[i];
        block = i > 0 && file->branches.items[i - 1].at.line == branch->at.line ? block + 1 : 0;
        bool is_run = branch->way[0].count || branch->way[1].count;
        for (int way = 0; way < 2; way++) {
            ch_buffer_printf(out, "BRDA:%u,%u,%d,", branch->at.line, block, way);
            if (is_run) ch_buffer_printf(out, "%" PRIu64 "\n", branch->way[way].count);
            else ch_buffer_add_text(out, "-\n");
        }
    }
}

void ch_coverage_lcov(ChCoverage *coverage, ChBuffer *out) {
    uint32_t count;
    ChFileCoverage **files = ch__coverage_files(coverage, &count);
    for (uint32_t f = 0; f < count; f++) {
        const ChFileCoverage *file = files[f];
        ChCoverageTotals totals = totals_of(file);
        ch_buffer_printf(out, "TN:\nSF:%.*s\n", CH_STR_ARG(file->path));
        lcov_functions(file, out);
        lcov_branches(file, out);
        ch_buffer_printf(out, "BRF:%u\nBRH:%u\n", totals.branches, totals.branches_run);
        for (uint32_t i = 0, to; i < file->statements.count; i = to) {
            uint64_t ran = line_at(file, i, &to);
            ch_buffer_printf(out, "DA:%u,%" PRIu64 "\n", file->statements.items[i].at.line, ran);
        }
        ch_buffer_printf(out, "LF:%u\nLH:%u\nend_of_record\n", totals.lines, totals.lines_run);
    }
    ch_free(files);
}

// ---- JSON -------------------------------------------------------------------------------------------------------------

static void json_totals(ChCoverageTotals totals, ChBuffer *out) {
    ch_buffer_printf(out, "\"lines\":%u,\"lines_run\":%u,\"branches\":%u,\"branches_run\":%u", totals.lines, totals.lines_run,
                     totals.branches, totals.branches_run);
}

void ch_coverage_json(ChCoverage *coverage, ChBuffer *out) {
    uint32_t count;
    ChFileCoverage **files = ch__coverage_files(coverage, &count);
    ch_buffer_add_byte(out, '{');
    json_totals(ch_coverage_totals(coverage), out);
    ch_buffer_add_text(out, ",\"files\":[");
    for (uint32_t f = 0; f < count; f++) {
        ch_buffer_add_text(out, f ? ",{\"file\":" : "{\"file\":");
        ch_buffer_add_json(out, files[f]->path);
        ch_buffer_add_byte(out, ',');
        json_totals(totals_of(files[f]), out);
        ch_buffer_add_text(out, ",\"lines_not_run\":[");
        bool is_first = true;
        for (uint32_t i = 0, to; i < files[f]->statements.count; i = to) {
            if (line_at(files[f], i, &to) > 0) continue;
            ch_buffer_printf(out, is_first ? "%u" : ",%u", files[f]->statements.items[i].at.line);
            is_first = false;
        }
        ch_buffer_add_text(out, "]}");
    }
    ch_buffer_add_text(out, "]}");
    ch_free(files);
}
