// Looking up the embedded sources of std/….
#include "builtins/std.h"

#include "base/banned.h"

bool ch_std_source(ChStr name, ChStr *text) {
    for (const ChEmbedded *module = ch_std_modules; module->name; module++) {
        if (!ch_str_is(name, module->name)) continue;
        *text = ch_str_slice(module->text, *module->length);
        return true;
    }
    return false;
}
