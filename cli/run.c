// charn run: check, then run. Output is the program's own; diagnostics and uncaught errors go to standard error.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/diagnostic.h"
#include "builtins/builtins.h"
#include "cache.h"
#include "cli.h"
#include "coverage.h"
#include "diagnose.h"
#include "host/host.h"
#include "profile.h"
#include "runtime/evlog.h"
#include "runtime/trace.h"
#include "signals.h"
#include "syntax/syntax.h"
#include "vm/program.h"

#include "base/banned.h"

typedef struct RunOptions {
    const char *path, *code;
    const char *deny, *allow; // names with commas between; NULL: not given
    const char *profile_json, *trace_out, *otlp_out;
    const char *llm_mock, *llm_record; // files of answers of models: to answer from, to write to
    CliCoverage coverage;
    CliProfile profile;
    uint32_t frames_max;
    uint32_t schedule_seed;
    bool is_schedule_seeded, is_schedule_traced;
    bool is_checked, is_cached, is_profiled, is_traced;
    int program_argc;
    char **program_argv;
} RunOptions;

static bool parse_number(const char *text, uint32_t *number) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || end == text || text[0] == '-' || value == 0 || value > UINT32_MAX) return false;
    *number = (uint32_t)value;
    return true;
}

static bool env_is_on(const char *name) {
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

static int parse_options(int argc, char **argv, RunOptions *options) {
    *options = (RunOptions){.is_checked = true, .is_cached = true, .is_profiled = env_is_on("HARN_PROFILE"), .is_traced = env_is_on("HARN_TRACE"),
                            .profile_json = getenv("HARN_PROFILE_JSON")};
    if (options->profile_json && !*options->profile_json) options->profile_json = NULL;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--") == 0) {
            options->program_argc = argc - i - 1;
            options->program_argv = argv + i + 1;
            break;
        }
        if (strcmp(arg, "-e") == 0) {
            if (!(options->code = cli_option_value(argc, argv, &i, "-e")))
                return cli_usage_error("run", "-e needs the code to run");
        } else if (strncmp(arg, "--schedule-seed", 15) == 0 && (arg[15] == 0 || arg[15] == '=')) {
            const char *value = cli_option_value(argc, argv, &i, "--schedule-seed");
            if (!value || !parse_number(value, &options->schedule_seed))
                return cli_usage_error("run", "--schedule-seed needs a number above 0");
            options->is_schedule_seeded = true;
        } else if (strcmp(arg, "--schedule-trace") == 0) {
            options->is_schedule_traced = true;
        } else if (strncmp(arg, "--max-frames", 12) == 0 && (arg[12] == 0 || arg[12] == '=')) {
            const char *value = cli_option_value(argc, argv, &i, "--max-frames");
            if (!value || !parse_number(value, &options->frames_max))
                return cli_usage_error("run", "--max-frames needs a number above 0");
        } else if (cli_coverage_is_option(arg)) {
            int status = cli_coverage_option("run", argc, argv, &i, &options->coverage);
            if (status != CLI_OK) return status;
        } else if (cli_profile_is_option(arg)) {
            int status = cli_profile_option("run", argc, argv, &i, &options->profile);
            if (status != CLI_OK) return status;
        } else if (strcmp(arg, "--no-check") == 0)
            options->is_checked = false;
        else if (strcmp(arg, "--no-cache") == 0)
            options->is_cached = false;
        else if (strcmp(arg, "--profile") == 0)
            options->is_profiled = true;
        else if (strcmp(arg, "--trace") == 0)
            options->is_traced = true;
        else if (cli_is_option(arg, "--deny") || cli_is_option(arg, "--allow")) {
            const char *name = arg[2] == 'd' ? "--deny" : "--allow";
            const char **names = arg[2] == 'd' ? &options->deny : &options->allow;
            if (!(*names = cli_option_value(argc, argv, &i, name))) return cli_usage_error("run", "%s needs names of builtins", name);
            if (options->deny && options->allow) return cli_usage_error("run", "--allow cannot be used with --deny");
        }
        else if (cli_is_option(arg, "--profile-json") || cli_is_option(arg, "--trace-out") || cli_is_option(arg, "--otlp-out")) {
            const char **place = arg[2] == 'p' ? &options->profile_json : arg[2] == 't' ? &options->trace_out : &options->otlp_out;
            const char *name = arg[2] == 'p' ? "--profile-json" : arg[2] == 't' ? "--trace-out" : "--otlp-out";
            if (!(*place = cli_option_value(argc, argv, &i, name))) return cli_usage_error("run", "%s needs a file", name);
        }
        else if (cli_is_option(arg, "--llm-mock-record")) {
            if (!(options->llm_record = cli_option_value(argc, argv, &i, "--llm-mock-record"))) return cli_usage_error("run", "--llm-mock-record needs a file");
        } else if (cli_is_option(arg, "--llm-mock")) {
            if (!(options->llm_mock = cli_option_value(argc, argv, &i, "--llm-mock"))) return cli_usage_error("run", "--llm-mock needs a file");
            if (access(options->llm_mock, R_OK) != 0) return cli_usage_error("run", "--llm-mock: %s cannot be read", options->llm_mock);
        }
        else if (arg[0] == '-' && arg[1])
            return cli_unknown_option("run", arg);
        else if (options->path || options->code) {
            // Without a `--` the rest belongs to the program all the same.
            options->program_argc = argc - i;
            options->program_argv = argv + i;
            break;
        } else
            options->path = arg;
    }
    if (cli_coverage_is_wanted(&options->coverage) && cli_profile_is_wanted(&options->profile))
        return cli_usage_error("run", "coverage and profiles need runs of their own");
    if (!options->path && !options->code) return cli_usage_error("run", "no program given");
    return CLI_OK;
}

// Spans are recorded when somebody wants to see them afterwards.
static void begin_trace(ChVm *vm, const RunOptions *options) {
    const char *service = getenv("HARN_OTEL_SERVICE_NAME");
    bool is_wanted = options->is_profiled || options->is_traced || options->profile_json || options->trace_out || options->otlp_out;
    if (is_wanted) ch_trace_enable(vm, true);
    if (options->trace_out) ch_trace_to_chrome(vm, options->trace_out);
    if (options->otlp_out) ch_trace_to_otlp_file(vm, options->otlp_out, service && *service ? service : "harn-orchestrator");
}

static void end_trace(ChVm *vm, const RunOptions *options, bool is_success) {
    ChBuffer text = {0};
    if (options->is_traced && is_success) ch_trace_models(vm, &text);
    if (options->is_profiled) ch_profile_render(vm, &text);
    cli_write(STDERR_FILENO, &text);
    ch_buffer_clear(&text);
    if (options->profile_json) {
        ch_profile_json(vm, &text);
        if (vm->host->file_write(vm->host->ud, options->profile_json, text.data, text.length, false) != CH_STATUS_OK)
            fprintf(stderr, "warning: the profile cannot be written to %s\n", options->profile_json);
    }
    ch_buffer_release(&text);
    ch_trace_sinks_close(vm);
}

// The event log lies beside the program; code from elsewhere has it in the working folder.
static void log_beside(ChVm *vm, const char *path) {
    ChBuffer log = {0};
    const char *slash = path ? strrchr(path, '/') : NULL;
    ch_buffer_printf(&log, "%.*s.harn/events.sqlite", slash ? (int)(slash - path + 1) : 0, path ? path : "");
    ch_vm_event_log_at(vm, log.data);
    ch_buffer_release(&log);
}

static int run_source(ChSource *source, RunOptions *options) {
    ChChunk *chunk = options->is_cached ? cli_cache_find(source) : NULL;
    bool is_kept = false;
    ChTree *tree = NULL;
    if (!chunk && !(tree = options->is_checked ? cli_diagnose(source, STDERR_FILENO, &is_kept) : ch_syntax_parse(source, NULL)))
        return CLI_FAILED;
    ch_host *host = ch_host_real();
    ChBuffer why = {0};
    ChVmOptions vm_options = {.frames_max = options->frames_max};
    ChVm *vm = ch_vm_new(host, &vm_options, &why);
    int status = CLI_FAILED;
    ChStr *arguments = ch_alloc_zero((size_t)options->program_argc + 1, sizeof *arguments);
    for (int i = 0; i < options->program_argc; i++) arguments[i] = ch_str_of(options->program_argv[i]);
    if (options->deny) ch_builtin_policy(vm, CH_POLICY_DENY, ch_str_of(options->deny));
    if (options->allow) ch_builtin_policy(vm, CH_POLICY_ALLOW, ch_str_of(options->allow));
    ch_vm_set_arguments(vm, arguments, (uint32_t)options->program_argc);
    log_beside(vm, options->path);
    cli_coverage_start(&options->coverage);
    if (options->llm_mock) ch_builtin_memory_put(vm, "llm_fixture_path", options->llm_mock);
    if (options->llm_record) ch_builtin_memory_put(vm, "llm_record_path", options->llm_record);
    cli_coverage_begin(&options->coverage, vm);
    if (!chunk && (chunk = ch_program_compile(vm, tree, &why)) && is_kept && options->is_cached) cli_cache_keep(source, chunk);
    ch_tree_unref(tree);
    ChModule *module = chunk ? ch_program_link(vm, source, chunk) : NULL;
    if (module) {
        CliSignals *signals = cli_signals_start(vm, CLI_SIGNALS_PROGRAM);
        begin_trace(vm, options);
        if (options->is_schedule_seeded) ch_vm_schedule(vm, options->schedule_seed, options->is_schedule_traced);
        ch_vm_start(vm, module);
        cli_profile_begin(&options->profile, vm);
        ch_vm_run_to_end(vm);
        cli_signals_stop(signals);
        status = ch_program_finish(vm);
        end_trace(vm, options, status == CLI_OK);
        if (!cli_profile_finish(&options->profile, "run") && status == CLI_OK) status = CLI_FAILED;
        cli_coverage_take(&options->coverage, vm);
        cli_coverage_complete(&options->coverage);
        if (!cli_coverage_finish(&options->coverage, "run", true, STDERR_FILENO) && status == CLI_OK) status = CLI_FAILED;
        // Asked to end, and it did not end by its own decision.
        if (status != CLI_OK && ch_vm_is_cancelled(vm)) status = CLI_INTERRUPTED;
    } else
        cli_write(STDERR_FILENO, &why);
    ch_vm_free(vm);
    cli_profile_release(&options->profile);
    cli_coverage_release(&options->coverage);
    ch_host_real_free(host);
    ch_free(arguments);
    ch_buffer_release(&why);
    return status;
}

int cli_run(int argc, char **argv) {
    RunOptions options;
    int status = parse_options(argc, argv, &options);
    if (status != CLI_OK) return status;
    ChSource *source;
    if (options.code) {
        ChSourceError error = {0};
        source = ch_source_new(CH_STR("<code>"), ch_str_of(options.code), &error);
        if (!source) fprintf(stderr, "error: %.*s\n", (int)error.message.length, error.message.data);
        ch_source_error_release(&error);
    } else
        source = cli_read(options.path);
    if (!source) return CLI_FAILED;
    status = run_source(source, &options);
    ch_source_unref(source);
    return status;
}
