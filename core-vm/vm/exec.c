// The interpreter's loop, compiled three times from exec_loop.h: the fast one, the one that counts instructions (for
// budgets, for exactly one instruction, for single-stepping and for coverage), and the one that profilers look into. All run
// the same code in the same order.
//
// Rules for writing an instruction:
//  1. `pc` points at the running instruction until NEXT(words); operands are read through it before it moves.
//  2. SAVE() before anything that may throw, call or look at frames: it stores where the frame is. A frame's pc is
//     the word behind the instruction it is at, so that position tables and handlers look up pc - 1.
//  3. Whatever may push a frame, grow the stack or switch fibers ends in `goto reload`; `base`, `frame`, `fiber` and
//     `constants` are stale until then. Natives cannot do any of these.
//  4. A register may only be overwritten through SET_* or ch_assign_take, which release what was there.
//  5. Values above a frame's live registers are never heap values. So what leaves a window clears its slot.
//  6. Backward jumps and calls end in the fuel check; nothing else looks at interrupts.
//  7. Only what is hot stands here. Mixed types, methods, errors are in ops_*.c; they answer a ChFlow.
//  8. An instruction's inline cache holds numbers (shape ids, slots), never pointers: nothing in it needs freeing.
#include <string.h>

#include "vm/vm_int.h"

#include "base/banned.h"

#define CH_EXEC_NAME ch__exec_fast
#define CH_EXEC_COUNTED 0
#define CH_EXEC_SAMPLED 0
#include "vm/exec_loop.h"
#undef CH_EXEC_NAME
#undef CH_EXEC_COUNTED
#undef CH_EXEC_SAMPLED

// Every frame's pc says at each instruction where the frame is (SAVE), so that whoever looks at any time, as an allocation
// does, sees the line; and a sample that was asked for is taken between two instructions.
#define CH_EXEC_NAME ch__exec_sampled
#define CH_EXEC_COUNTED 0
#define CH_EXEC_SAMPLED 1
#include "vm/exec_loop.h"
#undef CH_EXEC_NAME
#undef CH_EXEC_COUNTED
#undef CH_EXEC_SAMPLED

#define CH_EXEC_NAME ch__exec_counted
#define CH_EXEC_COUNTED 1
#define CH_EXEC_SAMPLED 0
#include "vm/exec_loop.h"
