// charn test: pipelines called test_… or marked @test, each in a process of its own, so that none can disturb another: not by
// what it changes, not by a crash, not by running for ever.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/diagnostic.h"
#include "cli.h"
#include "coverage.h"
#include "diagnose.h"
#include "files.h"
#include "host/host.h"
#include "syntax/syntax.h"
#include "vm/difference.h"
#include "vm/program.h"

#include "base/banned.h"

enum { TIMEOUT_MS_DEFAULT = 30000, JOBS_MAX = 64, OUTPUT_BYTES_MAX = 1 << 20, WATCH_MS = 300 };

typedef enum Outcome { PASSED, FAILED, TIMED_OUT, CRASHED } Outcome;

typedef struct Test {
    ChSource *source; // counted
    char *name;       // owned
    Outcome outcome;
    ChBuffer output, errors; // what it printed
    int64_t started_ms, took_ms;
    pid_t pid;
    int pipes[2];     // to read from; -1 when closed
    int counts;       // a file in memory into which the process saves its coverage; -1: none
    int signal, status;
    bool is_timed_out;
} Test;

typedef CH_ARRAY_OF(Test) Tests;

typedef struct TestOptions {
    const char *filter, *junit;
    int64_t timeout_ms;
    uint32_t jobs;
    ChColorMode color; // of standard output
    CliCoverage coverage;
    bool is_json, is_verbose, is_timed, is_watching;
} TestOptions;

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- discovery --------------------------------------------------------------------------------------------------------

static bool is_test(const ChNode *node) {
    if (node->kind != CH_NODE_PIPELINE) return false;
    if (ch_str_starts_with(node->as.decl.name.text, CH_STR("test_"))) return true;
    for (uint32_t i = 0; i < node->as.decl.attributes.count; i++)
        if (ch_str_is(node->as.decl.attributes.items[i]->as.attribute.name.text, "test")) return true;
    return false;
}

static bool is_wanted(const TestOptions *options, const Test *test) {
    return !options->filter || strstr(test->name, options->filter) ||
           ch_str_find(test->source->path, ch_str_of(options->filter), 0) >= 0;
}

// Adds the tests of a file. False: it cannot be read.
static bool find_tests(const TestOptions *options, const char *path, Tests *tests, uint32_t *files) {
    ChSource *source = cli_read(path);
    if (!source) return false;
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChNodeList items = tree->root->as.file.items;
    uint32_t before = tests->count;
    for (uint32_t i = 0; i < items.count; i++) {
        if (!is_test(items.items[i])) continue;
        Test test = {.source = source, .name = ch_str_detach(items.items[i]->as.decl.name.text), .pipes = {-1, -1}, .counts = -1};
        if (is_wanted(options, &test)) {
            ch_source_ref(source);
            ch_array_push(tests, test);
        } else {
            ch_free(test.name);
        }
    }
    *files += tests->count > before;
    ch_tree_unref(tree);
    ch_source_unref(source);
    return true;
}

// ---- one test ---------------------------------------------------------------------------------------------------------

// In the child: the program with this pipeline as its entry. Answers the exit status.
static int run_here(const TestOptions *options, const Test *test) {
    ChTree *tree = cli_diagnose(test->source, STDERR_FILENO, NULL);
    if (!tree) return CLI_FAILED;
    ch_host *host = ch_host_real();
    ChBuffer why = {0};
    ChVm *vm = ch_vm_new(host, NULL, &why);
    ch_vm_set_pipeline(vm, ch_str_of(test->name));
    // Reports for programs have no colours.
    ch_vm_explain_assertions(vm, options->is_json || options->junit ? CH_COLOR_NEVER : options->color);
    cli_coverage_begin(&options->coverage, vm);
    ChChunk *chunk = ch_program_compile(vm, tree, &why);
    ch_tree_unref(tree);
    ChModule *module = chunk ? ch_program_link(vm, test->source, chunk) : NULL;
    int status = CLI_FAILED;
    if (module) {
        ch_vm_start(vm, module);
        ch_vm_run_to_end(vm);
        status = ch_program_finish(vm);
    }
    cli_write(STDERR_FILENO, &why);
    if (test->counts >= 0) {
        // Its own counts alone: those before it are known to whoever adds them up.
        CliCoverage own = {.counts = ch_coverage_new()};
        cli_coverage_take(&own, vm);
        ch_buffer_clear(&why);
        ch_coverage_save(own.counts, &why);
        cli_write(test->counts, &why);
        cli_coverage_release(&own);
    }
    ch_buffer_release(&why);
    ch_vm_free(vm);
    ch_host_real_free(host);
    return status;
}

// What the process has saved is added to what the others have. One that was killed has saved nothing.
static void take_counts(const TestOptions *options, Test *test) {
    if (test->counts < 0) return;
    ChBuffer text = {0};
    char bytes[16384];
    ssize_t count = lseek(test->counts, 0, SEEK_SET) == 0 ? 1 : -1;
    while (count > 0 && (count = read(test->counts, bytes, sizeof bytes)) > 0) ch_buffer_add(&text, bytes, (size_t)count);
    ch_coverage_load(options->coverage.counts, ch_buffer_view(&text));
    ch_buffer_release(&text);
    close(test->counts);
    test->counts = -1;
}

static void start(const TestOptions *options, Test *test) {
    int out[2], errors[2];
    if (options->coverage.counts) test->counts = memfd_create("coverage", MFD_CLOEXEC);
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0 || fflush(NULL) != 0 || (test->pid = fork()) < 0) {
        fprintf(stderr, "charn test: cannot start a process: %s\n", strerror(errno));
        exit(CLI_FAILED);
    }
    if (test->pid == 0) {
        int nothing = open("/dev/null", O_RDONLY);
        setpgid(0, 0); // what it starts ends with it
        dup2(nothing, STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(errors[1], STDERR_FILENO);
        int status = run_here(options, test);
        fflush(NULL);
        _exit(status);
    }
    close(out[1]);
    close(errors[1]);
    setpgid(test->pid, test->pid); // whoever comes first
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(errors[0], F_SETFL, O_NONBLOCK);
    test->pipes[0] = out[0];
    test->pipes[1] = errors[0];
    test->started_ms = now_ms();
}

static void end(const TestOptions *options, Test *test) {
    int status = 0;
    kill(-test->pid, SIGKILL); // what it left running
    waitpid(test->pid, &status, 0);
    test->took_ms = now_ms() - test->started_ms;
    test->pid = 0;
    test->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    test->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    take_counts(options, test);
    test->outcome = test->is_timed_out ? TIMED_OUT : test->signal ? CRASHED : WEXITSTATUS(status) == 0 ? PASSED : FAILED;
}

// Takes what came through one of its pipes; closes it at its end.
static void take_output(Test *test, int which) {
    char bytes[16384];
    ssize_t count = read(test->pipes[which], bytes, sizeof bytes);
    ChBuffer *to = which == 0 ? &test->output : &test->errors;
    if (count > 0 && to->length < OUTPUT_BYTES_MAX) ch_buffer_add(to, bytes, (size_t)count);
    if (count > 0 || (count < 0 && errno == EINTR)) return;
    close(test->pipes[which]);
    test->pipes[which] = -1;
}

// Has the process itself ended? Its pipes may be held open by what it started.
static bool has_exited(const Test *test) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)test->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == test->pid;
}

// ---- report -----------------------------------------------------------------------------------------------------------

static const char *color(const TestOptions *options, const char *code) { return options->color == CH_COLOR_ALWAYS ? code : ""; }

static void indent(ChStr text) {
    while (text.length > 0) {
        int64_t end = ch_str_find(text, CH_STR("\n"), 0);
        uint32_t length = end < 0 ? text.length : (uint32_t)end;
        printf(length ? "        %.*s\n" : "\n", (int)length, text.data);
        uint32_t taken = end < 0 ? length : length + 1;
        text = ch_str_slice(text.data + taken, text.length - taken);
    }
}

static void explain(const TestOptions *options, const Test *test) {
    if (test->outcome == TIMED_OUT) printf("        timed out after %lld ms\n", (long long)options->timeout_ms);
    if (test->outcome == CRASHED) printf("        ended by signal %d\n", test->signal);
    if (test->outcome == FAILED && test->errors.length == 0) printf("        ended with exit code %d\n", test->status);
    indent(ch_str_trim(ch_buffer_view(&test->errors)));
    if (test->output.length) {
        printf("        printed:\n");
        indent(ch_str_trim(ch_buffer_view(&test->output)));
    }
}

static void report(const TestOptions *options, const Test *test) {
    bool is_good = test->outcome == PASSED;
    if (options->is_json) {
        ChBuffer line = {0};
        static const char *const words[] = {"passed", "failed", "timed_out", "crashed"};
        ch_buffer_printf(&line, "{\"test\":");
        ch_buffer_add_json(&line, ch_str_of(test->name));
        ch_buffer_add_text(&line, ",\"file\":");
        ch_buffer_add_json(&line, test->source->path);
        ch_buffer_printf(&line, ",\"outcome\":\"%s\",\"duration_ms\":%lld,\"error\":", words[test->outcome], (long long)test->took_ms);
        ch_buffer_add_json(&line, ch_str_trim(ch_buffer_view(&test->errors)));
        ch_buffer_add_text(&line, ",\"output\":");
        ch_buffer_add_json(&line, ch_buffer_view(&test->output));
        printf("%.*s}\n", (int)line.length, line.data);
        ch_buffer_release(&line);
    } else {
        printf("  %s%s%s  %s [%.*s] (%lld ms)\n", color(options, is_good ? "\033[32m" : "\033[31m"), is_good ? "PASS" : "FAIL", color(options, "\033[0m"),
               test->name, CH_STR_ARG(test->source->path), (long long)test->took_ms);
        if (!is_good || options->is_verbose) explain(options, test);
    }
    fflush(stdout);
}

static void add_xml(ChBuffer *out, ChStr text) {
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '<') ch_buffer_add_text(out, "&lt;");
        else if (c == '>') ch_buffer_add_text(out, "&gt;");
        else if (c == '&') ch_buffer_add_text(out, "&amp;");
        else if (c == '"') ch_buffer_add_text(out, "&quot;");
        else if (c >= 0x20 || c == '\n' || c == '\t') ch_buffer_add_byte(out, (char)c);
        else ch_buffer_add_text(out, "\xEF\xBF\xBD"); // XML has no way to write it
    }
}

static bool write_junit(const TestOptions *options, const Tests *tests, uint32_t failed, int64_t took_ms) {
    ChBuffer out = {0};
    ch_buffer_printf(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%u\" failures=\"%u\" time=\"%.3f\">\n"
                           "  <testsuite name=\"charn\" tests=\"%u\" failures=\"%u\" time=\"%.3f\">\n",
                     tests->count, failed, (double)took_ms / 1000, tests->count, failed, (double)took_ms / 1000);
    for (uint32_t i = 0; i < tests->count; i++) {
        const Test *test = &tests->items[i];
        ch_buffer_add_text(&out, "    <testcase classname=\"");
        add_xml(&out, test->source->path);
        ch_buffer_add_text(&out, "\" name=\"");
        add_xml(&out, ch_str_of(test->name));
        ch_buffer_printf(&out, "\" time=\"%.3f\"", (double)test->took_ms / 1000);
        if (test->outcome == PASSED) {
            ch_buffer_add_text(&out, "/>\n");
            continue;
        }
        ch_buffer_add_text(&out, ">\n      <failure message=\"");
        ChStr errors = ch_str_trim(ch_buffer_view(&test->errors));
        int64_t end = ch_str_find(errors, CH_STR("\n"), 0);
        if (test->outcome == TIMED_OUT) ch_buffer_printf(&out, "timed out after %lld ms", (long long)options->timeout_ms);
        else if (!errors.length) ch_buffer_printf(&out, "ended with exit code %d", test->status);
        else add_xml(&out, end < 0 ? errors : ch_str_slice(errors.data, (size_t)end));
        ch_buffer_add_text(&out, "\">");
        add_xml(&out, errors);
        ch_buffer_add_text(&out, "</failure>\n    </testcase>\n");
    }
    ch_buffer_add_text(&out, "  </testsuite>\n</testsuites>\n");
    bool is_good = cli_write_file("test", options->junit, &out);
    ch_buffer_release(&out);
    return is_good;
}

// ---- all tests --------------------------------------------------------------------------------------------------------

// Runs tests side by side and reports each as it ends, in the order of the files.
static void run_all(const TestOptions *options, Tests *tests) {
    uint32_t next = 0, running = 0, told = 0;
    while (told < tests->count) {
        for (; next < tests->count && running < options->jobs; next++, running++) start(options, &tests->items[next]);
        struct pollfd polls[2 * JOBS_MAX];
        uint32_t who[2 * JOBS_MAX];
        nfds_t count = 0;
        for (uint32_t i = told; i < next; i++) {
            for (int which = 0; which < 2; which++) {
                if (tests->items[i].pipes[which] < 0) continue;
                who[count] = i * 2 + (uint32_t)which;
                polls[count++] = (struct pollfd){.fd = tests->items[i].pipes[which], .events = POLLIN};
            }
        }
        poll(polls, count, 20);
        for (nfds_t p = 0; p < count; p++)
            if (polls[p].revents) take_output(&tests->items[who[p] / 2], (int)(who[p] % 2));
        for (uint32_t i = told; i < next; i++) {
            Test *test = &tests->items[i];
            if (!test->pid) continue;
            test->is_timed_out = now_ms() - test->started_ms > options->timeout_ms;
            bool is_silent = test->pipes[0] < 0 && test->pipes[1] < 0;
            if (!test->is_timed_out && !is_silent && !has_exited(test)) continue;
            end(options, test);
            running--;
            for (int which = 0; which < 2; which++)
                while (test->pipes[which] >= 0) take_output(test, which);
        }
        for (; told < next && !tests->items[told].pid; told++) report(options, &tests->items[told]);
    }
}

static void release(Tests *tests) {
    for (uint32_t i = 0; i < tests->count; i++) {
        ch_source_unref(tests->items[i].source);
        ch_free(tests->items[i].name);
        ch_buffer_release(&tests->items[i].output);
        ch_buffer_release(&tests->items[i].errors);
    }
    ch_array_release(tests);
}

static int run_once(TestOptions *options, const CliFiles *list) {
    Tests tests = {0};
    uint32_t files = 0, failed = 0;
    cli_coverage_start(&options->coverage);
    bool can_read = true;
    for (uint32_t i = 0; i < list->count; i++) can_read &= find_tests(options, list->items[i], &tests, &files);
    if (tests.count == 0 && !options->is_json) printf("No test pipelines found\n");
    else if (!options->is_json)
        printf("Running %u test%s from %u file%s...\n\n", tests.count, tests.count == 1 ? "" : "s", files, files == 1 ? "" : "s");
    int64_t started = now_ms();
    run_all(options, &tests);
    int64_t took = now_ms() - started;
    cli_coverage_complete(&options->coverage);
    for (uint32_t i = 0; i < tests.count; i++) failed += tests.items[i].outcome != PASSED;
    if (options->is_json) {
        printf("{\"passed\":%u,\"failed\":%u,\"total\":%u,\"duration_ms\":%lld", tests.count - failed, failed, tests.count, (long long)took);
        if (options->coverage.has_table) {
            ChBuffer coverage = {0};
            ch_coverage_json(options->coverage.counts, &coverage);
            printf(",\"coverage\":%.*s", (int)coverage.length, coverage.data);
            ch_buffer_release(&coverage);
        }
        printf("}\n");
    } else if (tests.count > 0) {
        printf("\n%s%u passed", color(options, failed ? "\033[31m" : "\033[32m"), tests.count - failed);
        if (failed) printf(", %u failed", failed);
        printf(", %u total (%lld ms)%s\n", tests.count, (long long)took, color(options, "\033[0m"));
    }
    if (options->is_timed && !options->is_json && tests.count > 0) {
        int64_t sum = 0, longest = 0;
        for (uint32_t i = 0; i < tests.count; i++) {
            sum += tests.items[i].took_ms;
            if (tests.items[i].took_ms > longest) longest = tests.items[i].took_ms;
        }
        printf("average %lld ms, longest %lld ms\n", (long long)(sum / tests.count), (long long)longest);
    }
    bool is_written = !options->junit || write_junit(options, &tests, failed, took);
    fflush(stdout);
    is_written &= cli_coverage_finish(&options->coverage, "test", !options->is_json, STDOUT_FILENO);
    release(&tests);
    return failed == 0 && can_read && is_written ? CLI_OK : CLI_FAILED;
}

// The newest change below the arguments, as a number that differs when anything was changed, added or removed.
static uint64_t state_of(const CliFiles *list) {
    uint64_t state = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        struct stat info;
        if (stat(list->items[i], &info) == 0)
            state = state * 31 + (uint64_t)info.st_mtim.tv_sec * 1000000007u + (uint64_t)info.st_mtim.tv_nsec + (uint64_t)info.st_size;
    }
    return state;
}

static void list_files(int argc, char **argv, CliFiles *list) {
    bool has_target = false;
    for (int i = 1; i < argc; i++) {
        if (!argv[i]) continue;
        cli_files_add(list, argv[i]);
        has_target = true;
    }
    if (!has_target) cli_files_add(list, ".");
}

static _Noreturn void watch(TestOptions *options, int argc, char **argv) {
    uint64_t last = 0;
    for (;;) {
        CliFiles list = {0};
        list_files(argc, argv, &list);
        uint64_t state = state_of(&list);
        if (state != last) {
            run_once(options, &list);
            printf("\nwaiting for changes; Ctrl-C ends\n");
            fflush(stdout);
        }
        last = state;
        cli_files_release(&list);
        poll(NULL, 0, WATCH_MS);
    }
}

// Takes the options out of argv (they become NULL).
static int parse_options(int argc, char **argv, TestOptions *options) {
    for (int i = 1; i < argc; i++) {
        int first = i;
        const char *arg = argv[i], *value = NULL;
        if (arg[0] != '-' || !arg[1]) continue;
        if (cli_is_option(arg, "--filter")) {
            if (!(options->filter = cli_option_value(argc, argv, &i, "--filter"))) return cli_usage_error("test", "--filter needs a text");
        } else if (cli_is_option(arg, "--junit")) {
            if (!(options->junit = cli_option_value(argc, argv, &i, "--junit"))) return cli_usage_error("test", "--junit needs a file");
        } else if (cli_is_option(arg, "--timeout") || cli_is_option(arg, "--jobs")) {
            bool is_timeout = arg[2] == 't';
            char *rest = NULL;
            value = cli_option_value(argc, argv, &i, is_timeout ? "--timeout" : "--jobs");
            long long number = value ? strtoll(value, &rest, 10) : 0;
            if (!value || rest == value || *rest || number < 1 || number > (is_timeout ? 86400000LL : JOBS_MAX))
                return cli_usage_error("test", is_timeout ? "--timeout needs milliseconds, 1 to 86400000" : "--jobs needs a number, 1 to 64");
            if (is_timeout) options->timeout_ms = number;
            else options->jobs = (uint32_t)number;
        } else if (strcmp(arg, "--parallel") == 0) {
            long cores = sysconf(_SC_NPROCESSORS_ONLN);
            options->jobs = cores < 1 ? 1 : cores > JOBS_MAX ? JOBS_MAX : (uint32_t)cores;
        } else if (cli_coverage_is_option(arg)) {
            int status = cli_coverage_option("test", argc, argv, &i, &options->coverage);
            if (status != CLI_OK) return status;
        } else if (strcmp(arg, "--json") == 0) {
            options->is_json = true;
        } else if (strcmp(arg, "--watch") == 0) {
            options->is_watching = true;
        } else if (strcmp(arg, "--timing") == 0) {
            options->is_timed = true;
        } else if (strcmp(arg, "--verbose") == 0 || strcmp(arg, "-v") == 0) {
            options->is_verbose = true;
        } else {
            return cli_unknown_option("test", arg);
        }
        for (int taken = first; taken <= i; taken++) argv[taken] = NULL;
    }
    return CLI_OK;
}

int cli_test(int argc, char **argv) {
    TestOptions options = {.timeout_ms = TIMEOUT_MS_DEFAULT, .jobs = 1, .color = ch_color_mode_of(STDOUT_FILENO)};
    int status = parse_options(argc, argv, &options);
    if (status != CLI_OK) return status;
    if (options.is_watching) watch(&options, argc, argv);
    CliFiles list = {0};
    list_files(argc, argv, &list);
    status = run_once(&options, &list);
    cli_files_release(&list);
    cli_coverage_release(&options.coverage);
    return status;
}
