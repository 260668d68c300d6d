// Breakpoints are patched opcodes; this table holds what stood there. A function whose frames are to keep their
// arguments has its first instruction patched in the same way. Open addressing by the address of the
// instruction, a power of two with at most half of it used, and no tombstones: a deletion closes the gap.
#include "base/alloc.h"
#include "vm/vm_int.h"

#include "base/banned.h"

enum { CAPACITY_MIN = 16 };

static uint32_t home(const ChVm *vm, const ChInstr *at) {
    uint64_t hash = ((uint64_t)(uintptr_t)at / sizeof *at) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(hash >> 32) & (vm->break_capacity - 1);
}

// The site of `at`, or the free one where it belongs.
static ChBreakpointSite *probe(const ChVm *vm, const ChInstr *at) {
    uint32_t i = home(vm, at);
    while (vm->breaks[i].at && vm->breaks[i].at != at) i = (i + 1) & (vm->break_capacity - 1);
    return &vm->breaks[i];
}

ChBreakpointSite *ch__break_find(const ChVm *vm, const ChInstr *at) {
    if (vm->break_count == 0) return NULL;
    ChBreakpointSite *site = probe(vm, at);
    return site->at ? site : NULL;
}

static void grow(ChVm *vm) {
    ChBreakpointSite *old = vm->breaks;
    uint32_t old_capacity = vm->break_capacity;
    vm->break_capacity = old_capacity ? old_capacity * 2 : CAPACITY_MIN;
    vm->breaks = ch_alloc_zero(vm->break_capacity, sizeof *vm->breaks);
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i].at) *probe(vm, old[i].at) = old[i];
    ch_free(old);
}

static ChBreakpointSite *enter(ChVm *vm, ChInstr *at) {
    if (vm->break_count >= vm->break_capacity / 2) grow(vm);
    ChBreakpointSite *site = probe(vm, at);
    if (!site->at) {
        *site = (ChBreakpointSite){.at = at, .original = at->op};
        vm->break_count++;
        at->op = CH_OP_BREAK;
    }
    return site;
}

static void leave(ChVm *vm, ChBreakpointSite *site) {
    if (site->count || site->keeps) return;
    site->at->op = site->original;
    vm->break_count--;
    // Whoever was pushed past this place moves up, so that no probe ends too early.
    uint32_t mask = vm->break_capacity - 1, gap = (uint32_t)(site - vm->breaks);
    for (uint32_t i = (gap + 1) & mask; vm->breaks[i].at; i = (i + 1) & mask) {
        if (((i - home(vm, vm->breaks[i].at)) & mask) < ((i - gap) & mask)) continue;
        vm->breaks[gap] = vm->breaks[i];
        gap = i;
    }
    vm->breaks[gap] = (ChBreakpointSite){0};
}

void ch_vm_break_set(ChVm *vm, const ChProto *proto, uint32_t pc) { enter(vm, &proto->code[pc])->count++; }

void ch_vm_break_clear(ChVm *vm, const ChProto *proto, uint32_t pc) {
    ChBreakpointSite *site = ch__break_find(vm, &proto->code[pc]);
    if (!site || !site->count) return;
    site->count--;
    leave(vm, site);
}

void ch_vm_keep_set(ChVm *vm, const ChProto *proto) { enter(vm, proto->code)->keeps++; }

void ch_vm_keep_clear(ChVm *vm, const ChProto *proto) {
    ChBreakpointSite *site = ch__break_find(vm, proto->code);
    if (!site || !site->keeps) return;
    site->keeps--;
    leave(vm, site);
}

ChInstr ch_vm_instruction(const ChVm *vm, const ChProto *proto, uint32_t pc) {
    ChInstr instr = proto->code[pc];
    if (instr.op == CH_OP_BREAK) {
        const ChBreakpointSite *site = ch__break_find(vm, &proto->code[pc]);
        if (site) instr.op = site->original;
    }
    return instr;
}
