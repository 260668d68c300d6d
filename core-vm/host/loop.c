// The loop of the real host: libuv's, with a timer that bounds a poll and a handle by which other threads end it. It is
// made when somebody first waits: most programs never do, and an empty program should not pay for it. A wake that
// comes earlier stays in a flag.
#include <uv.h>

#include "base/alloc.h"
#include "host/host_int.h"

#include "base/banned.h"

struct ChHostLoop {
    uv_loop_t loop;
    uv_timer_t bound;
    uv_async_t waker;
};

static void on_bound(uv_timer_t *timer) {}
static void on_wake(uv_async_t *waker) {}

struct uv_loop_s *ch__host_loop(RealHost *real) {
    ChHostLoop *loop = atomic_load(&real->loop);
    if (loop) return &loop->loop;
    loop = ch_alloc_zero(1, sizeof *loop);
    uv_loop_init(&loop->loop);
    uv_timer_init(&loop->loop, &loop->bound);
    uv_async_init(&loop->loop, &loop->waker, on_wake);
    atomic_store(&real->loop, loop);
    return &loop->loop;
}

void ch__host_poll(void *ud, int64_t ms) {
    RealHost *real = ud;
    uv_loop_t *loop = ch__host_loop(real);
    if (atomic_exchange(&real->is_woken, false) || ms == 0) {
        uv_run(loop, UV_RUN_NOWAIT);
        return;
    }
    uv_timer_t *bound = &atomic_load(&real->loop)->bound;
    // The loop's clock is of its last turn.
    uv_update_time(loop);
    if (ms > 0) uv_timer_start(bound, on_bound, (uint64_t)ms, 0);
    uv_run(loop, UV_RUN_ONCE);
    uv_timer_stop(bound);
    atomic_store(&real->is_woken, false);
}

void ch__host_wake(void *ud) {
    RealHost *real = ud;
    atomic_store(&real->is_woken, true);
    ChHostLoop *loop = atomic_load(&real->loop);
    if (loop) uv_async_send(&loop->waker);
}

void ch__host_loop_free(RealHost *real) {
    ChHostLoop *loop = atomic_load(&real->loop);
    if (!loop) return;
    uv_close((uv_handle_t *)&loop->bound, NULL);
    uv_close((uv_handle_t *)&loop->waker, NULL);
    uv_run(&loop->loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop->loop);
    ch_free(loop);
}
