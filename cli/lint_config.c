// See lint_config.h.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/source.h"
#include "builtins/toml.h"
#include "lint_config.h"

#include "base/banned.h"

enum { FOLDERS_UP_MAX = 16 };

// The first harn.toml upwards, in `found`.
static bool find_manifest(const char *path, char *found, size_t size) {
    char folder[PATH_MAX];
    if (!realpath(strcmp(path, "-") == 0 ? "." : path, folder)) return false;
    struct stat info;
    bool is_folder = stat(folder, &info) == 0 && S_ISDIR(info.st_mode);
    for (int i = 0; i < FOLDERS_UP_MAX; i++) {
        char *slash = strrchr(folder, '/');
        if (!is_folder && slash) *slash = 0;
        is_folder = false;
        if (!slash) return false;
        if (snprintf(found, size, "%s/harn.toml", folder) >= (int)size) return false;
        if (stat(found, &info) == 0 && S_ISREG(info.st_mode)) return true;
        if (snprintf(found, size, "%s/.git", folder) >= (int)size || stat(found, &info) == 0) return false;
    }
    return false;
}

static ChValue *entry(const ChDict *table, const char *name, const char *other_name) {
    ChValue *value = ch_dict_find_str(table, ch_str_of(name));
    return value ? value : ch_dict_find_str(table, ch_str_of(other_name));
}

static bool complain(const char *manifest, const char *what) {
    fprintf(stderr, "error: %s: [lint] %s\n", manifest, what);
    return false;
}

static bool read_disabled(const char *manifest, const ChValue *list, ChLintOptions *options) {
    if (!list) return true;
    if (list->tag != CH_TAG_LIST) return complain(manifest, "disabled is a list of rules");
    for (uint32_t i = 0; i < list->as.list->count; i++) {
        ChValue name = list->as.list->items[i];
        if (name.tag != CH_TAG_STRING) return complain(manifest, "disabled is a list of rules");
        ChLintRule rule = ch_lint_rule_find(ch_string_view(name.as.string));
        if (rule == CH_LINT_RULE_COUNT)
            fprintf(stderr, "warning: %s: [lint] there is no rule '%s' to disable\n", manifest, name.as.string->data);
        else
            options->disabled[rule] = true;
    }
    return true;
}

static bool read_table(const char *manifest, const ChDict *table, CliLintConfig *config) {
    if (!read_disabled(manifest, ch_dict_find_str(table, CH_STR("disabled")), &config->options)) return false;
    ChValue *header = entry(table, "require_file_header", "require-file-header");
    if (header && header->tag != CH_TAG_BOOL) return complain(manifest, "require_file_header is true or false");
    config->options.require_file_header = header && header->as.boolean;
    ChValue *most = entry(table, "complexity_threshold", "complexity-threshold");
    if (most && (most->tag != CH_TAG_INT || most->as.integer < 1 || most->as.integer > UINT32_MAX))
        return complain(manifest, "complexity_threshold is a number from 1");
    if (most) config->options.complexity_max = (uint32_t)most->as.integer;
    ChValue *calls = entry(table, "persona_step_allowlist", "persona-step-allowlist");
    if (calls && calls->tag != CH_TAG_LIST) return complain(manifest, "persona_step_allowlist is a list of functions");
    for (uint32_t i = 0; calls && i < calls->as.list->count; i++)
        if (calls->as.list->items[i].tag == CH_TAG_STRING)
            ch_array_push(&config->persona_calls, ch_string_view(calls->as.list->items[i].as.string));
    config->options.persona_calls = config->persona_calls.items;
    config->options.persona_call_count = config->persona_calls.count;
    return true;
}

bool cli_lint_config_read(const char *path, CliLintConfig *config) {
    *config = (CliLintConfig){0};
    char manifest[PATH_MAX + 16];
    if (!find_manifest(path, manifest, sizeof manifest)) return true;
    ChSourceError error = {0};
    ChSource *source = ch_source_read(ch_str_of(manifest), &error);
    if (!source) {
        fprintf(stderr, "error: %.*s\n", (int)error.message.length, error.message.data);
        ch_source_error_release(&error);
        return false;
    }
    ChBuffer problem = {0};
    ChValue root;
    bool ok = ch_toml_read(source->text, &root, &problem);
    ch_source_unref(source);
    if (!ok) {
        fprintf(stderr, "error: failed to parse %s: %.*s", manifest, (int)problem.length, problem.data);
        ch_buffer_release(&problem);
        return false;
    }
    config->manifest = root.as.dict;
    ChValue *table = ch_dict_find_str(config->manifest, CH_STR("lint"));
    if (table && table->tag != CH_TAG_DICT) return complain(manifest, "is a table");
    return !table || read_table(manifest, table->as.dict, config);
}

void cli_lint_config_release(CliLintConfig *config) {
    ch_array_release(&config->persona_calls);
    if (config->manifest) ch_release(ch_object(config->manifest));
}
