/* Attributes: known names on fitting declarations. */
#include "analysis/check_int.h"

enum { FN = 1, TOOL = 2, PIPELINE = 4, OTHER = 8, ANY = FN | TOOL | PIPELINE | OTHER };

static const struct {
    const char *name;
    int targets;
} attributes[] = {
#define CH_ATTRIBUTE(name, targets, doc) {#name, targets},
#include "analysis/attributes.def"
#undef CH_ATTRIBUTE
};

static int target_of(const ChNode *decl)
{
    switch (decl->kind) {
    case CH_NODE_FN: return FN;
    case CH_NODE_TOOL: return TOOL;
    case CH_NODE_PIPELINE: return PIPELINE;
    default: return OTHER;
    }
}

static const char *targets_text(int targets)
{
    return targets == FN                ? "function"
           : targets == PIPELINE        ? "pipeline"
           : targets == (FN | PIPELINE) ? "function or pipeline"
                                        : "function, tool, or pipeline";
}

void ch__check_attributes(ChChecker *checker, const ChNode *decl)
{
    ChDiagnosticList *list = &checker->analysis->diagnostics;
    for (uint32_t i = 0; i < decl->as.decl.attributes.count; i++) {
        const ChNode *attribute = decl->as.decl.attributes.items[i];
        ChStr name = attribute->as.attribute.name.text;
        if (name.length == 0)
            continue;
        size_t at = 0, count = sizeof attributes / sizeof *attributes;
        ChNearest nearest;
        ch__nearest_init(&nearest, name, 2);
        while (at < count && !ch_str_is(name, attributes[at].name))
            ch__nearest_offer(&nearest, ch_str_of(attributes[at++].name));
        if (at == count) {
            ChDiagnostic *diagnostic =
                ch_diagnostic_add(list, CH_SEVERITY_WARNING, "HARN-NAM-003",
                                  ch_node_range(attribute), "unknown attribute `@%.*s`",
                                  CH_STR_ARG(name));
            if (nearest.best.length > 0) {
                ch_diagnostic_help(list, diagnostic, "did you mean `@%.*s`?",
                                   CH_STR_ARG(nearest.best));
                ch__fix_name(list, diagnostic, attribute->as.attribute.name.range, nearest.best);
            }
        } else if (!(attributes[at].targets & target_of(decl))) {
            ch_diagnostic_add(list, CH_SEVERITY_WARNING, "HARN-NAM-011", ch_node_range(attribute),
                              "`@%.*s` only applies to %s declarations", CH_STR_ARG(name),
                              targets_text(attributes[at].targets));
        }
        ch__check_attribute_args(checker, attribute);
    }
    ch__check_flow_attributes(checker, &decl->as.decl.attributes);
}
