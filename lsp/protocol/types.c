/* Type hierarchy: from a type to the interfaces that it fulfils, and back. */
#include "features/relations.h"
#include "protocol/place.h"
#include "protocol/search.h"

void ch_lsp_type_hierarchy_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "typeHierarchyProvider", true);
}

/* Answers with the items of what `relate` finds in the file that declares the target; NULL: the target itself. */
static void answer(ChServer *server, ChSearch *search, void (*relate)(const ChAnalysis *, uint32_t, ChRelated *))
{
    ChBuffer *out = &search->request->result;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < search->files.count; i++) {
        const ChFoundFile *found = &search->files.items[i];
        if (ch_analysis_symbol(found->analysis, found->symbol)->module)
            continue;
        const ChSource *source = ch_analysis_tree(found->analysis)->source;
        ChPlaceFile file;
        ch_place_file_init(&file, server, source);
        ChRelated related = {0};
        if (relate)
            relate(found->analysis, found->symbol, &related);
        else
            ch_array_push(&related, found->symbol);
        for (uint32_t j = 0; j < related.count; j++) {
            ch_buffer_add_text(out, j ? "," : "");
            ch_place_add_item(out, &file, source, ch_analysis_symbol(found->analysis, related.items[j]));
        }
        ch_array_release(&related);
        ch_place_file_release(&file);
        break;
    }
    ch_buffer_add_byte(out, ']');
}

static void answer_prepare(ChServer *server, ChSearch *search)
{
    answer(server, search, NULL);
}

static void answer_supertypes(ChServer *server, ChSearch *search)
{
    answer(server, search, ch_supertypes_of);
}

static void answer_subtypes(ChServer *server, ChSearch *search)
{
    answer(server, search, ch_subtypes_of);
}

void ch_lsp_prepare_type_hierarchy(ChServer *server, ChRequest *request)
{
    uint32_t offset = 0;
    ChTarget target;
    if (ch_place_offset(server, request, &offset) && ch_target_at(request->snapshot, offset, &target) &&
        ch_is_related_kind(target.kind))
        ch_search_start(server, request, &target, target.name, answer_prepare);
}

void ch_lsp_supertypes(ChServer *server, ChRequest *request)
{
    ch_search_start_item(server, request, answer_supertypes);
}

void ch_lsp_subtypes(ChServer *server, ChRequest *request)
{
    ch_search_start_item(server, request, answer_subtypes);
}
