// For unit tests of the machine: a VM whose output is caught, and programs given as text.
#ifndef CH_UNIT_VM_BENCH_H
#define CH_UNIT_VM_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"
#include "vm/program.h"
#include "vm/vm.h"

typedef struct Bench {
    ch_host *real;
    ch_host host;
    ChVm *vm;
    ChBuffer output; // both streams
} Bench;

static inline void bench_write(void *ud, ChHostStream stream, const char *data, size_t length) {
    (void)stream;
    ch_buffer_add(&((Bench *)ud)->output, data, length);
}

// The real host's functions expect its own `ud`; only those that programs here use are passed on.
static inline int64_t bench_clock(void *ud) { return ((Bench *)ud)->real->monotonic_ms(((Bench *)ud)->real->ud); }
static inline int64_t bench_clock_ns(void *ud) { return ((Bench *)ud)->real->monotonic_ns(((Bench *)ud)->real->ud); }
static inline void bench_poll(void *ud, int64_t ms) { ((Bench *)ud)->real->poll(((Bench *)ud)->real->ud, ms); }
static inline void bench_wake(void *ud) { ((Bench *)ud)->real->wake(((Bench *)ud)->real->ud); }
static inline bool bench_folder(void *ud, ChBuffer *path) {
    return ((Bench *)ud)->real->folder(((Bench *)ud)->real->ud, path);
}

static inline void bench_open(Bench *bench, const ChVmOptions *options) {
    *bench = (Bench){.real = ch_host_real()};
    bench->host = *bench->real;
    bench->host.ud = bench;
    bench->host.write = bench_write;
    bench->host.monotonic_ms = bench->host.now_ms = bench_clock;
    bench->host.monotonic_ns = bench_clock_ns;
    bench->host.poll = bench_poll;
    bench->host.wake = bench_wake;
    bench->host.folder = bench_folder;
    ChBuffer why = {0};
    bench->vm = ch_vm_new(&bench->host, options, &why);
    ch_buffer_release(&why);
}

static inline void bench_close(Bench *bench) {
    ch_vm_free(bench->vm);
    ch_host_real_free(bench->real);
    ch_buffer_release(&bench->output);
}

static inline ChModule *bench_load(Bench *bench, const char *text) {
    ChSource *source = ch_source_new(CH_STR("test.harn"), ch_str_of(text), NULL);
    ChBuffer why = {0};
    ChModule *module = ch_program_load_source(bench->vm, source, &why);
    if (!module) fail_msg("%s", why.data);
    ch_buffer_release(&why);
    ch_source_unref(source);
    return module;
}

static inline void bench_expect(Bench *bench, const char *output) {
    ch_buffer_add_byte(&bench->output, 0);
    assert_string_equal(bench->output.data, output);
    ch_buffer_clear(&bench->output);
}

// Runs the program to its end and compares what it printed; answers the exit code.
static inline int bench_run(Bench *bench, const char *text, const char *output) {
    ch_vm_start(bench->vm, bench_load(bench, text));
    ch_vm_run_to_end(bench->vm);
    int code = ch_program_finish(bench->vm);
    bench_expect(bench, output);
    return code;
}

#endif
