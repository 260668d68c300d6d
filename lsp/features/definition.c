/* See definition.h. */
#include "features/definition.h"

#include "analysis/module.h"
#include "base/path.h"

bool ch_definition_at(const ChSnapshot *snapshot, uint32_t offset, ChDefinition *definition)
{
    if (!snapshot->analysis)
        return false;
    ChOccurrence at = ch_analysis_at(snapshot->analysis, offset);
    const ChModuleFacts *module = NULL;
    ChRange range = {0};
    if (at.kind == CH_OCCURRENCE_SYMBOL)
        range = ch_analysis_definition(snapshot->analysis, at.symbol, &module);
    else if (at.kind == CH_OCCURRENCE_IMPORT_PATH && at.module)
        module = at.module;
    else
        return false;
    if (module && !ch_path_is_absolute(module->key))
        return false;
    *definition = (ChDefinition){module ? module->source : NULL, range};
    return true;
}
