// Guarded regions: `deadline` and `mutex` blocks. A region belongs to the task; its token stands in a register, and the
// compiler's handler tables leave it on every way out. What no handler sees (cancel, exit) drops a task's regions.
#include "runtime/sync.h"

#include "base/banned.h"

static ChRegion *add_region(ChTask *task, ChRegion region) {
    if (task->region_count == task->region_capacity) {
        task->region_capacity = task->region_capacity ? task->region_capacity * 2 : 4;
        task->regions = ch_realloc_array(task->regions, task->region_capacity, sizeof *task->regions);
    }
    region.fiber = task->fiber;
    region.frame = task->fiber && task->fiber->top ? (uint32_t)(task->fiber->top - task->fiber->frames) : 0;
    task->regions[task->region_count] = region;
    return &task->regions[task->region_count++];
}

static int64_t next_token(ChVm *vm) { return ++vm->scheduler->next_token; }

ChFlow ch__op_enter(ChVm *vm, ChTask *task, ChValue *ra, ChValue value, uint32_t kind) {
    if (kind == CH_REGION_DEADLINE) {
        int64_t ms = ch__milliseconds(value, CH_DEADLINE_DEFAULT_MS), now = ch__clock_ms(vm);
        int64_t token = next_token(vm);
        add_region(task, (ChRegion){.kind = CH_REGION_DEADLINE,
                                    .token = (uint32_t)token,
                                    .deadline_ms = ms > INT64_MAX - now ? INT64_MAX - 1 : now + ms});
        ch_assign_take(ra, ch_int(token));
        return CH_OK;
    }
    ChSync *sync = ch__sync_find(vm, "mutex", ch__text(value), 1);
    ChValue token = CH_NIL;
    ChFlow flow = sync ? ch__sync_acquire(vm, sync, 1, -1, CH_SYNC_REGION, &token) : CH_THROW;
    if (flow == CH_OK) ch_assign_take(ra, token);
    return flow;
}

int64_t ch__region_of_permit(ChVm *vm, ChTask *task, ChPermit *take_permit) {
    int64_t token = next_token(vm);
    add_region(task, (ChRegion){.kind = CH_REGION_MUTEX, .token = (uint32_t)token, .permit = take_permit});
    return token;
}

static void leave(ChVm *vm, ChTask *task, uint32_t index) {
    ChRegion region = task->regions[index];
    memmove(task->regions + index, task->regions + index + 1,
            (task->region_count - (size_t)index - 1) * sizeof *task->regions);
    task->region_count--;
    if (region.kind != CH_REGION_MUTEX) return;
    ch__permit_release(region.permit);
    ch_release(ch_object(region.permit));
}

void ch__op_leave(ChVm *vm, ChTask *task, ChValue *ra) {
    // Left already when an error or the runtime was faster.
    for (uint32_t i = task->region_count; i-- > 0 && ra->tag == CH_TAG_INT;)
        if (task->regions[i].token == (uint32_t)ra->as.integer) {
            leave(vm, task, i);
            break;
        }
    ch_assign_take(ra, CH_NIL);
}

void ch__regions_drop(ChVm *vm, ChTask *task, uint32_t count) {
    while (task->region_count > count) leave(vm, task, task->region_count - 1);
}

void ch__regions_cut(ChVm *vm, ChTask *task) {
    for (uint32_t i = task->region_count; i-- > 0;) {
        const ChRegion *region = &task->regions[i];
        if (region->fiber == task->fiber && task->fiber->top &&
            region->frame > (uint32_t)(task->fiber->top - task->fiber->frames))
            leave(vm, task, i);
    }
}

int64_t ch__task_deadline(const ChTask *task) {
    int64_t earliest = INT64_MAX;
    for (uint32_t i = 0; i < task->region_count; i++)
        if (task->regions[i].kind == CH_REGION_DEADLINE && task->regions[i].deadline_ms < earliest)
            earliest = task->regions[i].deadline_ms;
    return earliest;
}

ChFlow ch__deadline_check(ChVm *vm, ChTask *task) {
    int64_t deadline = ch__task_deadline(task);
    if (deadline == INT64_MAX || ch__clock_ms(vm) < deadline) return CH_OK;
    // It fires once: what catches the error goes on without it.
    for (uint32_t i = task->region_count; i-- > 0;)
        if (task->regions[i].kind == CH_REGION_DEADLINE && task->regions[i].deadline_ms == deadline)
            leave(vm, task, i);
    return ch_throw_text(vm, "Deadline exceeded");
}
