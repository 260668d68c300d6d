// Counting instructions, for coverage: the counted loop calls ch__count before each one. Which way a conditional jump went
// on is seen at the next instruction of the same fiber; a generator in between runs on a fiber of its own.
#include "base/alloc.h"
#include "base/path.h"
#include "vm/vm_int.h"

#include "base/banned.h"

void ch_vm_count(ChVm *vm) { vm->is_counting = true; }

bool ch_op_is_branch(ChOp op) {
    switch (op) {
    case CH_OP_FOR_PREP:
    case CH_OP_FOR_LOOP:
    case CH_OP_ITER_NEXT:
    case CH_OP_TEST_LIST:
    case CH_OP_TEST_DICT:
    case CH_OP_TEST_VARIANT: return true;
    default: return op >= CH_OP_JT && op <= CH_OP_JNEK;
    }
}

static const ChInstr *target(const ChInstr *jump) {
    const ChOpInfo *info = &ch_op_info[jump->op];
    return jump + 1 + info->words + (info->c == 'J' ? (int16_t)jump->c : ch_instr_bc(*jump));
}

uint32_t ch_jump_target(const ChProto *proto, uint32_t pc) { return (uint32_t)(target(&proto->code[pc]) - proto->code); }

void ch__count(ChFiber *fiber, const ChFrame *frame, const ChInstr *pc) {
    const ChProto *proto = frame->closure->proto;
    ChWordCount *counts = proto->linked->counts;
    const ChInstr *jump = fiber->jump;
    fiber->jump = NULL;
    if (!counts) return;
    // An error that the jump threw leads elsewhere.
    if (jump && jump >= proto->code && jump < proto->code + proto->code_count) {
        if (pc == jump + 1 + ch_op_info[jump->op].words) counts[jump - proto->code].fell++;
        else if (pc == target(jump)) counts[jump - proto->code].jumped++;
    }
    counts[pc - proto->code].begun++;
    if (ch_op_is_branch((ChOp)pc->op)) fiber->jump = pc;
}

ChWordCount *ch__counts_new(const ChVm *vm, const ChModule *module, const ChProto *proto) {
    if (!vm->is_counting || !ch_path_is_absolute(module->path)) return NULL;
    return ch_alloc_zero(proto->code_count, sizeof(ChWordCount));
}
