// charn lint: what could be written better, and --fix, which writes it so.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/report.h"
#include "base/map.h"
#include "builtins/std.h"
#include "cli.h"
#include "files.h"
#include "lint/lint.h"
#include "syntax/syntax.h"
#include "lint_config.h"

#include "base/banned.h"

enum { FIX_ROUNDS_MAX = 20 };

typedef struct Lint {
    bool is_json, fixes, requires_header;
    ChMap imported; // names that a file imports from another
    uint32_t errors, warnings, fixed, files;
    bool has_failed;
} Lint;

// One state of a file's text: what check and the rules say about it.
typedef struct Round {
    ChReport report;
    ChDiagnosticList found; // of the rules
    uint32_t errors;        // of the check
} Round;

static bool is_imported(void *data, ChStr name) { return ch_map_find(data, name) != NULL; }

static void round_make(ChSource *source, const ChLintOptions *options, Round *round) {
    ch_report_make(source, CH_REPORT_CHECK, ch_std_source, &round->report);
    round->errors = round->report.list.error_count;
    ch_diagnostics_init(&round->found, &round->report.arena);
    if (round->report.analysis) ch_lint(round->report.analysis, options, &round->found);
}

static void round_release(Round *round) {
    ch_diagnostics_release(&round->found);
    ch_report_release(&round->report);
}

// ---- mending ----

typedef struct Choice {
    const bool *dropped;
} Choice;

static bool is_chosen(void *data, uint32_t index) { return !((Choice *)data)->dropped[index]; }

typedef struct Only {
    uint32_t first, end;
    const bool *dropped;
} Only;

static bool is_in_part(void *data, uint32_t index) {
    const Only *only = data;
    return index >= only->first && index < only->end && !only->dropped[index];
}

static bool makes_worse(ChSource *source, const ChLintOptions *options, const Round *before, Only only) {
    ChBuffer text = {0};
    uint32_t applied = ch_lint_fix(source, &before->found, is_in_part, &only, &text);
    bool is_worse = false;
    if (applied) {
        ChSource *changed = ch_source_new(source->path, ch_buffer_view(&text), NULL);
        Round after;
        round_make(changed, options, &after);
        is_worse = after.errors > before->errors;
        round_release(&after);
        ch_source_unref(changed);
    }
    ch_buffer_release(&text);
    return is_worse;
}

// Drop the mends that give the text errors that it did not have, found by halving.
static void drop_bad(ChSource *source, const ChLintOptions *options, const Round *before, bool *dropped) {
    CH_ARRAY_OF(Only) parts = {0};
    ch_array_push(&parts, (Only){0, before->found.count, dropped});
    while (parts.count) {
        Only part = ch_array_pop(&parts);
        if (part.first >= part.end || !makes_worse(source, options, before, part)) continue;
        if (part.end - part.first == 1) {
            dropped[part.first] = true;
            continue;
        }
        uint32_t middle = part.first + (part.end - part.first) / 2;
        ch_array_push(&parts, (Only){part.first, middle, dropped});
        ch_array_push(&parts, (Only){middle, part.end, dropped});
    }
    ch_array_release(&parts);
}

// Mend until nothing is left to mend. Answers the text in its last state.
static ChSource *fix_text(ChSource *source, const ChLintOptions *options, uint32_t *fixed) {
    for (int i = 0; i < FIX_ROUNDS_MAX; i++) {
        Round before;
        round_make(source, options, &before);
        bool *dropped = ch_alloc_zero(before.found.count + 1u, sizeof *dropped);
        drop_bad(source, options, &before, dropped);
        ChBuffer text = {0};
        uint32_t applied = ch_lint_fix(source, &before.found, is_chosen, &(Choice){dropped}, &text);
        ch_free(dropped);
        round_release(&before);
        ChSource *next = applied ? ch_source_new(source->path, ch_buffer_view(&text), NULL) : NULL;
        ch_buffer_release(&text);
        if (!next || ch_str_equal(next->text, source->text)) {
            ch_source_unref(next);
            break;
        }
        *fixed += applied;
        ch_source_unref(source);
        source = next;
    }
    return source;
}

// ---- a file ----

static void print(const Lint *lint, const Round *round, const ChSource *source) {
    // Of a file with errors, those come first: `undefined-function` says the same as the check.
    ChBuffer text = {0};
    for (int part = 0; part < 2; part++) {
        const ChDiagnosticList *list = part ? &round->found : &round->report.list;
        for (uint32_t i = 0; i < list->count; i++) {
            if (!part && (round->report.analysis || list->items[i]->severity != CH_SEVERITY_ERROR)) continue;
            if (lint->is_json) {
                ch_diagnostic_render_json(list->items[i], source, &text);
                ch_buffer_add_byte(&text, '\n');
            } else
                ch_diagnostic_render(list->items[i], source, ch_color_mode_of(STDERR_FILENO), &text);
        }
        if (list->dropped && !lint->is_json) ch_buffer_printf(&text, "... and %u more\n", list->dropped);
    }
    cli_write(lint->is_json ? STDOUT_FILENO : STDERR_FILENO, &text);
    ch_buffer_release(&text);
}

static void lint_file(Lint *lint, const char *path) {
    CliLintConfig config;
    bool is_good = cli_lint_config_read(path, &config);
    ChSource *source = is_good ? cli_read(path) : NULL;
    if (!source) {
        lint->has_failed = true;
        cli_lint_config_release(&config);
        return;
    }
    config.options.require_file_header |= lint->requires_header;
    config.options.is_imported_elsewhere = is_imported;
    config.options.data = &lint->imported;
    uint32_t fixed = 0;
    bool is_stdin = strcmp(path, "-") == 0;
    if (lint->fixes) source = fix_text(source, &config.options, &fixed);
    if (fixed && !is_stdin) {
        ChBuffer text = {0};
        ch_buffer_add_str(&text, source->text);
        if (!cli_replace_file(path, &text)) lint->has_failed = true, fixed = 0;
        ch_buffer_release(&text);
    }
    if (lint->fixes && is_stdin) {
        ChBuffer text = {0};
        ch_buffer_add_str(&text, source->text);
        cli_write(STDOUT_FILENO, &text);
        ch_buffer_release(&text);
    } else if (fixed && !lint->is_json)
        printf("%s: applied %u fix(es)\n", path, fixed);
    fflush(stdout);
    Round round;
    round_make(source, &config.options, &round);
    print(lint, &round, source);
    uint32_t errors = round.found.error_count + (round.report.analysis ? 0 : round.errors);
    if (!lint->is_json && !is_stdin && !round.found.count && !errors && !fixed) printf("%s: no issues found\n", path);
    lint->files++;
    lint->fixed += fixed;
    lint->errors += errors;
    lint->warnings += round.found.warning_count;
    round_release(&round);
    ch_source_unref(source);
    cli_lint_config_release(&config);
}

// ---- the command ----

static void note_imports(Lint *lint, const char *path) {
    ChSource *source = strcmp(path, "-") == 0 ? NULL : ch_source_read(ch_str_of(path), NULL);
    if (!source) return;
    ChTree *tree = ch_syntax_parse(source, NULL);
    const ChNodeList *items = &tree->root->as.file.items;
    for (uint32_t i = 0; i < items->count; i++)
        for (uint32_t n = 0; items->items[i]->kind == CH_NODE_IMPORT && n < items->items[i]->as.import.names.count; n++) {
            bool is_new;
            ChMapEntry *entry = ch_map_enter(&lint->imported, items->items[i]->as.import.names.items[n]->as.name.name.text, &is_new);
            if (is_new) entry->key = ch_str_of(ch_str_detach(entry->key));
        }
    ch_tree_unref(tree);
    ch_source_unref(source);
}

static void release_imports(Lint *lint) {
    for (uint32_t i = 0; i < lint->imported.count; i++) ch_free((char *)(uintptr_t)lint->imported.entries[i].key.data);
    ch_map_release(&lint->imported);
}

static int list_rules(void) {
    for (ChLintRule rule = 0; rule < CH_LINT_RULE_COUNT; rule++) {
        const ChLintRuleInfo *info = ch_lint_rule(rule);
        printf("%-30s %-12s %-8s %s\n", info->name, info->code, ch_severity_name(info->severity), info->doc);
    }
    return CLI_OK;
}

int cli_lint(int argc, char **argv) {
    Lint lint = {0};
    CliFiles files = {0};
    int status = -1;
    bool options_end = false;
    for (int i = 1; i < argc && status < 0; i++) {
        if (options_end || argv[i][0] != '-' || !argv[i][1]) {
            if (cli_is_root(argv[i])) status = cli_usage_error("lint", "%s is the whole machine, not a project", argv[i]);
            else cli_files_add(&files, argv[i]);
        } else if (strcmp(argv[i], "--") == 0)
            options_end = true;
        else if (strcmp(argv[i], "--rules") == 0)
            status = list_rules();
        else if (strcmp(argv[i], "--fix") == 0)
            lint.fixes = true;
        else if (strcmp(argv[i], "--json") == 0)
            lint.is_json = true;
        else if (strcmp(argv[i], "--require-file-header") == 0)
            lint.requires_header = true;
        else
            status = cli_unknown_option("lint", argv[i]);
    }
    if (status < 0 && !files.count) status = cli_usage_error("lint", "no file given");
    if (status < 0) {
        for (uint32_t i = 0; i < files.count; i++) note_imports(&lint, files.items[i]);
        for (uint32_t i = 0; i < files.count; i++) lint_file(&lint, files.items[i]);
        if (lint.is_json)
            printf("{\"files\":%u,\"errors\":%u,\"warnings\":%u,\"fixed\":%u}\n", lint.files, lint.errors, lint.warnings, lint.fixed);
        release_imports(&lint);
        status = lint.errors || lint.has_failed ? CLI_FAILED : CLI_OK;
    }
    cli_files_release(&files);
    return status;
}
