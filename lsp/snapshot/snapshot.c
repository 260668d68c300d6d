/* See snapshot.h. */
#include "snapshot/snapshot.h"

#include "base/alloc.h"

ChSnapshot *ch_snapshot_ref(ChSnapshot *snapshot)
{
    __atomic_add_fetch(&snapshot->ref_count, 1, __ATOMIC_RELAXED);
    return snapshot;
}

void ch_snapshot_unref(ChSnapshot *snapshot)
{
    if (!snapshot || __atomic_sub_fetch(&snapshot->ref_count, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    ch_analysis_unref(snapshot->analysis);
    ch_tree_unref(snapshot->tree);
    ch_source_unref(snapshot->source);
    ch_lines_release(&snapshot->lines);
    for (uint32_t i = 0; i < snapshot->import_count; i++)
        ch_free(snapshot->imports[i]);
    ch_free(snapshot->imports);
    ch_free(snapshot);
}
