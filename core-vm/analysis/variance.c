/* `in` and `out` on type parameters: an `out` parameter may only stand where values
 * come out, an `in` parameter only where they go in. */
#include "analysis/analysis_int.h"

typedef enum Polarity { POLARITY_OUT, POLARITY_IN, POLARITY_BOTH } Polarity;

typedef struct Check {
    ChAnalysis *analysis;
    const ChTypeParam *params;
    uint32_t param_count;
    const char *kind;
    ChStr name;
    ChRange range;
} Check;

static Polarity compose(Polarity outer, ChVariance inner)
{
    if (outer == POLARITY_BOTH || inner == CH_VARIANCE_NONE)
        return POLARITY_BOTH;
    if (inner == CH_VARIANCE_OUT)
        return outer;
    return outer == POLARITY_OUT ? POLARITY_IN : POLARITY_OUT;
}

static void check_param(const Check *check, const ChType *type, Polarity polarity)
{
    static const char *const positions[] = {"covariant", "contravariant", "invariant"};
    for (uint32_t i = 0; i < check->param_count; i++) {
        const ChTypeParam *param = &check->params[i];
        if (param->type != type || param->variance == CH_VARIANCE_NONE)
            continue;
        bool is_out = param->variance == CH_VARIANCE_OUT;
        if (polarity == (is_out ? POLARITY_OUT : POLARITY_IN))
            return;
        ch_diagnostic_add(&check->analysis->diagnostics, CH_SEVERITY_ERROR, "HARN-TYP-012",
                          check->range,
                          "type parameter '%.*s' is declared '%s' (%s) but appears in a %s "
                          "position in %s '%.*s'",
                          CH_STR_ARG(param->name), is_out ? "out" : "in",
                          is_out ? "covariant" : "contravariant", positions[polarity], check->kind,
                          CH_STR_ARG(check->name));
    }
}

static void walk(const Check *check, const ChType *type, Polarity polarity)
{
    if (!type)
        return;
    switch (type->kind) {
    case CH_TYPE_PARAM: check_param(check, type, polarity); break;
    case CH_TYPE_LIST:
    case CH_TYPE_DICT:
    case CH_TYPE_OWNED:
        for (uint32_t i = 0; i < type->count; i++)
            walk(check, type->items[i], POLARITY_BOTH);
        break;
    case CH_TYPE_SHAPE:
        for (uint32_t i = 0; i < type->count; i++)
            walk(check, type->fields[i].type, polarity);
        break;
    case CH_TYPE_FN:
        for (uint32_t i = 0; i < type->count; i++)
            walk(check, type->items[i],
                 i + 1 < type->count ? compose(polarity, CH_VARIANCE_IN) : polarity);
        break;
    case CH_TYPE_APPLIED:
        for (uint32_t i = 0; i < type->count; i++) {
            bool is_declared = type->decl && type->decl->kind != CH_TYPE_DECL_ALIAS &&
                               i < type->decl->param_count;
            walk(check, type->items[i],
                 compose(polarity,
                         is_declared ? type->decl->params[i].variance : CH_VARIANCE_NONE));
        }
        break;
    default:
        for (uint32_t i = 0; i < type->count; i++)
            walk(check, type->items[i], polarity);
        break;
    }
}

static void walk_signature(const Check *check, const ChSignature *signature)
{
    for (uint32_t i = 0; i < signature->param_count; i++)
        walk(check, signature->params[i].type, POLARITY_IN);
    walk(check, signature->result, POLARITY_OUT);
}

void ch__variance_check(ChAnalysis *analysis, const ChSymbol *symbol)
{
    const ChTypeDecl *decl = symbol->decl;
    Check check = {.analysis = analysis, .name = symbol->name, .range = symbol->range};
    if (decl) {
        check.params = decl->params;
        check.param_count = decl->param_count;
    } else if (symbol->signature) {
        check.params = symbol->signature->type_params;
        check.param_count = symbol->signature->type_param_count;
    }
    bool is_marked = false;
    for (uint32_t i = 0; i < check.param_count; i++)
        is_marked |= check.params[i].variance != CH_VARIANCE_NONE;
    if (!is_marked)
        return;
    if (!decl) {
        check.kind = "function";
        walk_signature(&check, symbol->signature);
        return;
    }
    switch (decl->kind) {
    case CH_TYPE_DECL_ALIAS:
        check.kind = "type alias";
        walk(&check, decl->body, POLARITY_OUT);
        break;
    case CH_TYPE_DECL_STRUCT: /* fields can be assigned to */
        check.kind = "struct";
        for (uint32_t i = 0; i < decl->field_count; i++)
            walk(&check, decl->fields[i].type, POLARITY_BOTH);
        break;
    case CH_TYPE_DECL_ENUM:
        check.kind = "enum";
        for (uint32_t i = 0; i < decl->variant_count; i++)
            for (uint32_t f = 0; f < decl->variants[i].field_count; f++)
                walk(&check, decl->variants[i].fields[f].type, POLARITY_OUT);
        break;
    case CH_TYPE_DECL_INTERFACE:
        check.kind = "interface";
        for (uint32_t i = 0; i < decl->method_count; i++)
            walk_signature(&check, decl->methods[i]);
        break;
    }
}
