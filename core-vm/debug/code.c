// Code as a debugger shows it: addresses that stand for instructions, disassembly, breakpoints on instructions.
//
// An address holds the number of the module in the VM, of the function in the module, and of the word in the function. It
// means the same as long as the program lives, because modules are never unloaded.
#include "debug/debug_int.h"

enum { PC_BITS = 24, FUNCTION_BITS = 20 };

uint64_t ch__address_of(const ChDebugger *debugger, const ChModule *module, const ChProto *proto, uint32_t pc) {
    for (uint32_t i = 0; i < debugger->vm->module_count; i++) {
        if (debugger->vm->modules[i] != module || proto->chunk != module->chunk) continue;
        return ((uint64_t)(i + 1) << (PC_BITS + FUNCTION_BITS)) | ((uint64_t)proto->index << PC_BITS) | pc;
    }
    return 0;
}

const ChProto *ch__address_find(const ChDebugger *debugger, uint64_t address, ChModule **module, uint32_t *pc) {
    uint64_t number = address >> (PC_BITS + FUNCTION_BITS);
    uint32_t function = (uint32_t)(address >> PC_BITS) & ((1u << FUNCTION_BITS) - 1);
    *pc = (uint32_t)address & ((1u << PC_BITS) - 1);
    if (number == 0 || number > debugger->vm->module_count) return NULL;
    *module = debugger->vm->modules[number - 1];
    if (function >= (*module)->chunk->proto_count) return NULL;
    const ChProto *proto = (*module)->chunk->protos[function];
    return *pc < proto->code_count ? proto : NULL;
}

typedef CH_ARRAY_OF(uint32_t) Starts;

// Where instructions begin: each is followed by the words of its inline data.
static void find_starts(ChDebugger *debugger, const ChProto *proto, Starts *starts) {
    for (uint32_t pc = 0; pc < proto->code_count;) {
        ch_array_push(starts, pc);
        pc += 1 + ch_op_info[ch_vm_instruction(debugger->vm, proto, pc).op].words;
    }
}

bool ch_debugger_disassemble(ChDebugger *debugger, uint64_t address, int64_t offset, uint32_t count, ChInstructionView *out) {
    ChModule *module;
    uint32_t pc;
    const ChProto *proto = ch__address_find(debugger, address, &module, &pc);
    if (!proto) return false;
    Starts starts = {0};
    find_starts(debugger, proto, &starts);
    int64_t at = 0;
    while (at + 1 < starts.count && starts.items[at + 1] <= pc) at++;
    at += offset;
    for (uint32_t i = 0; i < count; i++, at++) {
        out[i] = (ChInstructionView){.is_valid = at >= 0 && at < starts.count};
        if (!out[i].is_valid) continue;
        uint32_t start = starts.items[at];
        const ChLineEntry *line = ch_proto_line(proto, start);
        out[i].address = ch__address_of(debugger, module, proto, start);
        ch_disassemble_instruction(proto, ch_vm_instruction(debugger->vm, proto, start), start, &out[i].text);
        if (!ch__proto_is_runtime(proto, module)) out[i].path = module->path;
        out[i].line = line ? line->line : 0;
    }
    ch_array_release(&starts);
    return true;
}
