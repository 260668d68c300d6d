// The rows of core-vm/builtins/*.def without their functions, so that the checker, completion, hover and the manual
// can read them without the machine.
#include "builtins/builtins.h"

#include <string.h>

#include "base/banned.h"

const ChBuiltinRow ch_builtin_rows[] = {
#define CH_BUILTIN(name, signature, function, effects, doc, example) {name, CH_ROW_FUNCTION, signature, effects, doc, example, false, sizeof(name) - 1},
#define CH_BUILTIN_PRELUDE(name, signature, effects, doc, example) {name, CH_ROW_FUNCTION, signature, effects, doc, example, true, sizeof(name) - 1},
#define CH_CONSTANT(name, type, function, doc, example) \
    {name, CH_ROW_CONSTANT, type, CH_EFFECT_PURE, doc, example, false, sizeof(name) - 1},
#define CH_CONSTANT_PRELUDE(name, type, doc, example) \
    {name, CH_ROW_CONSTANT, type, CH_EFFECT_PURE, doc, example, true, sizeof(name) - 1},
#define CH_METHOD(type, name, signature, function, effects, doc, example) \
    {name, CH_TAG_##type, signature, effects, doc, example, false, sizeof(name) - 1},
#define CH_METHOD_PRELUDE(type, name, signature, effects, doc, example) \
    {name, CH_TAG_##type, signature, effects, doc, example, true, sizeof(name) - 1},
#include "builtins/all.def"
#undef CH_BUILTIN
#undef CH_BUILTIN_PRELUDE
#undef CH_CONSTANT
#undef CH_CONSTANT_PRELUDE
#undef CH_METHOD
#undef CH_METHOD_PRELUDE
};

const uint32_t ch_builtin_count = sizeof ch_builtin_rows / sizeof ch_builtin_rows[0];

// Each row adds 1 to the count of the family that began last; the first family of the list is none.
static const ChBuiltinFamily families[] = {
    {NULL, NULL, 0
#undef CH_FAMILY
#define CH_FAMILY(name, title) }, {#name, title, 0
#define CH_BUILTIN(name, signature, function, effects, doc, example) + 1
#define CH_BUILTIN_PRELUDE(name, signature, effects, doc, example) + 1
#define CH_CONSTANT(name, type, function, doc, example) + 1
#define CH_CONSTANT_PRELUDE(name, type, doc, example) + 1
#define CH_METHOD(type, name, signature, function, effects, doc, example) + 1
#define CH_METHOD_PRELUDE(type, name, signature, effects, doc, example) + 1
#include "builtins/all.def"
#undef CH_BUILTIN
#undef CH_BUILTIN_PRELUDE
#undef CH_CONSTANT
#undef CH_CONSTANT_PRELUDE
#undef CH_METHOD
#undef CH_METHOD_PRELUDE
    },
};

const ChBuiltinFamily *ch_builtin_family(uint32_t index) {
    return index + 1 < sizeof families / sizeof *families ? &families[index + 1] : NULL;
}

static int32_t find(int type, ChStr name) {
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        const ChBuiltinRow *row = &ch_builtin_rows[i];
        if (row->name_length != name.length || memcmp(row->name, name.data, name.length) != 0) continue;
        if (row->type == type || (type == CH_ROW_FUNCTION && row->type == CH_ROW_CONSTANT)) return (int32_t)i;
    }
    return -1;
}

int32_t ch_builtin_find(ChStr name) { return find(CH_ROW_FUNCTION, name); }
int32_t ch_method_find(int type, ChStr name) { return find(type, name); }
