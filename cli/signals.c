// A thread waits for the signals, which are blocked everywhere else: so nothing runs in a signal handler, and no state
// is global.
#include "signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"

#include "base/banned.h"

struct CliSignals {
    ChVm *vm;
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
    for (int count = 0;; count++) {
        int number;
        if (sigwait(&signals->wanted, &number) != 0 || number == SIGUSR2) return NULL;
        if (count > 0) _exit(CLI_INTERRUPTED);
        say(asked, sizeof asked - 1);
        ch_vm_interrupt(signals->vm, CH_INTERRUPT_CANCEL);
    }
}

CliSignals *cli_signals_start(ChVm *vm) {
    CliSignals *signals = ch_alloc_zero(1, sizeof *signals);
    signals->vm = vm;
    sigemptyset(&signals->wanted);
    sigaddset(&signals->wanted, SIGINT);
    sigaddset(&signals->wanted, SIGTERM);
    sigaddset(&signals->wanted, SIGHUP);
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
