/* charn run: check, then run to the end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli.h"
#include "host/host.h"
#include "vm/program.h"

typedef struct Options {
    const char *file, *code;
    bool is_checked;
    ChVmOptions vm;
    char **arguments;
    int argument_count;
} Options;

/* CLI_OK, or the exit code of wrong usage. */
static int read_options(int argc, char **argv, Options *out) {
    *out = (Options){.is_checked = true};
    for (int i = 0; i < argc; i++) {
        const char *argument = argv[i];
        if (strcmp(argument, "--") == 0) {
            out->arguments = argv + i + 1;
            out->argument_count = argc - i - 1;
            break;
        }
        if (strcmp(argument, "-e") == 0) {
            if (++i == argc) return cli_usage("run", "-e needs the code");
            out->code = argv[i];
        } else if (strcmp(argument, "--no-check") == 0) {
            out->is_checked = false;
        } else if (strcmp(argument, "--max-frames") == 0) {
            char *end = NULL;
            unsigned long frames = ++i < argc ? strtoul(argv[i], &end, 10) : 0;
            if (!end || *end != '\0' || frames == 0 || frames > UINT32_MAX) {
                return cli_usage("run", "--max-frames needs a positive number");
            }
            out->vm.frames_max = (uint32_t)frames;
        } else if (cli_is_option(argument)) {
            return cli_usage("run", "unknown option `%s`", argument);
        } else if (out->file) {
            return cli_usage("run", "more than one file: put the program's own arguments behind `--`");
        } else {
            out->file = argument;
        }
    }
    if (!out->file == !out->code) return cli_usage("run", "one program is needed: a file, `-`, or -e CODE");
    return CLI_OK;
}

static int run(ChSource *source, const Options *options) {
    ch_host *host = ch_host_real();
    ChBuffer why = {0};
    int code = CLI_FAILED;
    ChVm *vm = ch_vm_new(host, &options->vm, &why);
    ChModule *module = vm ? ch_program_load_source(vm, source, &why) : NULL;
    if (module) {
        ChStr *arguments = ch_alloc_zero((size_t)options->argument_count + 1, sizeof *arguments);
        for (int i = 0; i < options->argument_count; i++) arguments[i] = ch_str_of(options->arguments[i]);
        vm->argv = arguments;
        vm->argc = (uint32_t)options->argument_count;
        ch_vm_start(vm, module);
        ch_vm_run_to_end(vm);
        code = ch_program_finish(vm);
        vm->argv = NULL;
        ch_free(arguments);
    } else {
        fwrite(why.data, 1, why.length, stderr);
    }
    ch_buffer_release(&why);
    if (vm) ch_vm_free(vm);
    ch_host_real_free(host);
    return code;
}

int cli_run(int argc, char **argv) {
    Options options;
    int usage = read_options(argc, argv, &options);
    if (usage != CLI_OK) return usage;
    ChSourceError error = {0};
    ChSource *source = options.code ? ch_source_new(CH_STR("<eval>"), ch_str_of(options.code), &error)
                                    : cli_read(options.file);
    if (!source) {
        if (error.message.length > 0) fprintf(stderr, "error: %s\n", error.message.data);
        ch_source_error_release(&error);
        return CLI_FAILED;
    }
    unsigned warnings = 0;
    int code = CLI_FAILED;
    if (!options.is_checked || cli_check_source(source, CLI_CHECK_HUMAN, &warnings) == 0) code = run(source, &options);
    ch_source_unref(source);
    return code;
}
