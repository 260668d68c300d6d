// A thread waits for the signals, which are blocked everywhere else: so nothing runs in a signal handler, and no state
// is global.
#include "signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/alloc.h"
#include "runtime/interrupt.h"

#include "base/banned.h"

struct CliSignals {
    ChVm *vm;
    CliSignalsKind kind;
    atomic_int count;
    pthread_t thread;
    sigset_t wanted, before;
};

static void say(const char *text, size_t length) {
    // Nothing can be done when nobody hears it.
    if (write(STDERR_FILENO, text, length) < 0) return;
}

static void *listen_for_signals(void *ud) {
    CliSignals *signals = ud;
    static const char asked[] = "charn: asked to end; once more ends it at once\n";
    for (;;) {
        int number;
        if (sigwait(&signals->wanted, &number) != 0 || number == SIGUSR2) return NULL;
        int count = atomic_fetch_add(&signals->count, 1);
        if (signals->kind == CLI_SIGNALS_SESSION) {
            ch_vm_interrupt(signals->vm, count > 0 ? CH_INTERRUPT_YIELD : CH_INTERRUPT_CANCEL);
            continue;
        }
        if (count > 0) _exit(CLI_INTERRUPTED);
        say(asked, sizeof asked - 1);
        ch_vm_signal(signals->vm, number == SIGTERM ? CH_SIGNAL_TERM : number == SIGHUP ? CH_SIGNAL_HUP : CH_SIGNAL_INT);
    }
}

int cli_signals_count(CliSignals *signals) { return signals ? atomic_load(&signals->count) : 0; }

CliSignals *cli_signals_start(ChVm *vm, CliSignalsKind kind) {
    CliSignals *signals = ch_alloc_zero(1, sizeof *signals);
    signals->vm = vm;
    signals->kind = kind;
    sigemptyset(&signals->wanted);
    sigaddset(&signals->wanted, SIGINT);
    if (kind == CLI_SIGNALS_PROGRAM) {
        sigaddset(&signals->wanted, SIGTERM);
        sigaddset(&signals->wanted, SIGHUP);
    }
    sigaddset(&signals->wanted, SIGUSR2); // sent by cli_signals_stop
    pthread_sigmask(SIG_BLOCK, &signals->wanted, &signals->before);
    if (pthread_create(&signals->thread, NULL, listen_for_signals, signals) == 0) return signals;
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
    ch_free(signals);
    return NULL;
}

void cli_signals_stop(CliSignals *signals) {
    if (!signals) return;
    pthread_kill(signals->thread, SIGUSR2);
    pthread_join(signals->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
    ch_free(signals);
}
