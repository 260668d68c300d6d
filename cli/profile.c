// See profile.h.
#include "profile.h"

#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "files.h"
#include "host/host.h"

#include "base/banned.h"

static const char *const options[2] = {[CH_PROFILE_CPU] = "--cpu-profile", [CH_PROFILE_MEMORY] = "--alloc-profile"};

// How a file is written, by its ending.
static const struct {
    const char *ending;
    void (*write)(ChProfile *profile, ChBuffer *out);
    bool is_cpu_only;
} formats[] = {
    {".json", ch_profile_speedscope, false},
    {".svg", ch_profile_flame_graph, false},
    {".cpuprofile", ch_profile_cpuprofile, true},
};
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

static size_t format_of(const char *file, int kind) {
    size_t i = 0;
    while (i < FORMAT_COUNT && (!ch_str_ends_with(ch_str_of(file), ch_str_of(formats[i].ending)) ||
                                (formats[i].is_cpu_only && kind != CH_PROFILE_CPU)))
        i++;
    return i;
}

static bool is_table(const char *file) { return strcmp(file, "-") == 0; }

bool cli_profile_is_option(const char *arg) { return cli_is_option(arg, options[0]) || cli_is_option(arg, options[1]); }

int cli_profile_option(const char *command, int argc, char **argv, int *i, CliProfile *profile) {
    int kind = cli_is_option(argv[*i], options[CH_PROFILE_CPU]) ? CH_PROFILE_CPU : CH_PROFILE_MEMORY;
    const char *file = cli_option_value(argc, argv, i, options[kind]);
    if (!file || !*file) return cli_usage_error(command, "%s needs a file", options[kind]);
    if (!is_table(file) && format_of(file, kind) == FORMAT_COUNT)
        return cli_usage_error(command, "%s: the file's name must end in %s, or be - for a table", options[kind],
                               kind == CH_PROFILE_CPU ? ".json, .svg or .cpuprofile" : ".json or .svg");
    profile->files[kind] = file;
    return CLI_OK;
}

bool cli_profile_is_wanted(const CliProfile *profile) { return profile->files[0] || profile->files[1]; }

void cli_profile_begin(CliProfile *profile, ChVm *vm) {
    ChBuffer folder = {0};
    vm->host->folder(vm->host->ud, &folder);
    for (int kind = 0; kind < 2; kind++)
        if (profile->files[kind]) profile->running[kind] = ch_profile_start(vm, (ChProfileKind)kind, ch_buffer_view(&folder));
    ch_buffer_release(&folder);
}

bool cli_profile_finish(CliProfile *profile, const char *command) {
    bool is_written = true;
    for (int kind = 0; kind < 2; kind++)
        if (profile->running[kind]) ch_profile_stop(profile->running[kind]);
    for (int kind = 0; kind < 2; kind++) {
        if (!profile->running[kind]) continue;
        const char *file = profile->files[kind];
        ChBuffer text = {0};
        if (is_table(file)) {
            ch_profile_table(profile->running[kind], ch_color_mode_of(STDERR_FILENO), &text);
            cli_write(STDERR_FILENO, &text);
        } else {
            formats[format_of(file, kind)].write(profile->running[kind], &text);
            is_written &= cli_write_file(command, file, &text);
        }
        ch_buffer_release(&text);
    }
    return is_written;
}

void cli_profile_release(CliProfile *profile) {
    for (int kind = 0; kind < 2; kind++) ch_profile_free(profile->running[kind]);
}
