/* Rules about declarations and their names. */
#include "lint/lint_int.h"

#include "base/banned.h"

static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static char lower(char c) { return is_upper(c) ? (char)(c - 'A' + 'a') : c; }

static bool is_snake_case(ChStr name)
{
    for (uint32_t i = 0; i < name.length; i++)
        if (!is_lower(name.data[i]) && name.data[i] != '_' && !(i && is_digit(name.data[i])))
            return false;
    return true;
}

static bool is_pascal_case(ChStr name)
{
    for (uint32_t i = 0; i < name.length; i++)
        if (!(is_upper(name.data[i]) || (i && (is_lower(name.data[i]) || is_digit(name.data[i])))))
            return false;
    return true;
}

static void add_snake_case(ChStr name, ChBuffer *out)
{
    for (uint32_t i = 0; i < name.length; i++) {
        if (is_upper(name.data[i]) && i)
            ch_buffer_add_byte(out, '_');
        if (is_upper(name.data[i]) || is_lower(name.data[i]) || is_digit(name.data[i]) || name.data[i] == '_')
            ch_buffer_add_byte(out, lower(name.data[i]));
    }
}

static void add_pascal_case(ChStr name, ChBuffer *out)
{
    bool begins = true;
    for (uint32_t i = 0; i < name.length; i++) {
        char c = lower(name.data[i]);
        if (!is_lower(c) && !is_digit(c)) {
            begins = true;
            continue;
        }
        ch_buffer_add_byte(out, begins && is_lower(c) ? (char)(c - 'a' + 'A') : c);
        begins = false;
    }
}

void ch__lint_naming(ChLinter *linter, const ChNode *node)
{
    bool is_function = node->kind == CH_NODE_FN || node->kind == CH_NODE_TOOL;
    ChName name = node->as.decl.name;
    if (!name.text.length || (is_function ? is_snake_case(name.text) : is_pascal_case(name.text)))
        return;
    ChBuffer better = {0};
    if (is_function)
        add_snake_case(name.text, &better);
    else
        add_pascal_case(name.text, &better);
    const char *style = is_function ? "snake_case" : "PascalCase";
    ChDiagnostic *diagnostic =
        ch__lint_report(linter, CH_LINT_NAMING, name.range, "%s `%.*s` should use %s",
                        is_function ? "function" : ch_node_title(node->kind), CH_STR_ARG(name.text), style);
    ch__lint_help(linter, diagnostic, "rename `%.*s` to %s (for example `%.*s`)", CH_STR_ARG(name.text), style,
                  (int)better.length, better.data);
    ch_buffer_release(&better);
}

void ch__lint_pipeline_type(ChLinter *linter, const ChNode *node)
{
    static const char *const entries[] = {"default", "main", "auto", "test", NULL};
    ChName name = node->as.decl.name;
    if (!(node->flags & CH_FLAG_PUB) || node->as.pipeline.return_type || ch__lint_is_listed(name.text, entries) ||
        ch_str_starts_with(name.text, CH_STR("test_")))
        return;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_PIPELINE_TYPE, name.range,
                                  "public pipeline `%.*s` has no declared return type; explicit return types will be "
                                  "required in a future release",
                                  CH_STR_ARG(name.text)),
                  "declare a return type: `pub pipeline %.*s(...) -> TypeExpr { ... }`", CH_STR_ARG(name.text));
}

void ch__lint_missing_doc(ChLinter *linter, const ChNode *node)
{
    if (!(node->flags & CH_FLAG_PUB) || node->as.decl.doc.length)
        return;
    ChName name = node->as.decl.name;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_MISSING_DOC, name.range,
                                  "public function `%.*s` is missing a `/** */` doc comment", CH_STR_ARG(name.text)),
                  "add a `/** ... */` HarnDoc block directly above `pub fn %.*s`", CH_STR_ARG(name.text));
}

static bool allows_complexity(const ChNode *node)
{
    for (uint32_t i = 0; i < node->as.decl.attributes.count; i++) {
        const ChNode *attribute = node->as.decl.attributes.items[i];
        if (!ch_str_is(attribute->as.attribute.name.text, "complexity"))
            continue;
        for (uint32_t a = 0; a < attribute->as.attribute.args.count; a++) {
            const ChNode *arg = attribute->as.attribute.args.items[a];
            if (arg->kind == CH_NODE_IDENTIFIER && ch_str_is(arg->as.name.name.text, "allow"))
                return true;
        }
    }
    return false;
}

void ch__lint_complexity(ChLinter *linter, const ChNode *node)
{
    uint32_t found = ch_array_last(&linter->complexities);
    uint32_t most = linter->options->complexity_max ? linter->options->complexity_max : CH_LINT_COMPLEXITY_DEFAULT;
    if (found <= most || allows_complexity(node))
        return;
    ChName name = node->as.decl.name;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_COMPLEXITY, name.range,
                                  "function `%.*s` has cyclomatic complexity %u (> %u)", CH_STR_ARG(name.text), found,
                                  most),
                  "split `%.*s` into smaller helpers, or mark it `@complexity(allow)` if the branching is intrinsic; "
                  "threshold configurable via `[lint].complexity_threshold` in `harn.toml`",
                  CH_STR_ARG(name.text));
}

/* ---- unused names ---- */

static bool is_used(const ChMap *uses, ChStr name)
{
    return !name.length || name.data[0] == '_' || ch_map_find(uses, name) != NULL;
}

void ch__lint_unused_variables(ChLinter *linter)
{
    for (uint32_t i = 0; i < linter->variables.count; i++) {
        const ChLintName *variable = &linter->variables.items[i];
        ChStr name = variable->name.text;
        if (is_used(&linter->references, name))
            continue;
        if (!variable->is_simple) {
            ch__lint_help(linter,
                          ch__lint_report(linter, CH_LINT_UNUSED_PATTERN, variable->name.range,
                                          "pattern binding `%.*s` is never used", CH_STR_ARG(name)),
                          "rename the binding with an underscore prefix or remove it from the pattern");
            continue;
        }
        ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_UNUSED_VARIABLE, variable->name.range,
                                                   "variable `%.*s` is declared but never used", CH_STR_ARG(name));
        ch__lint_help(linter, diagnostic, "prefix with underscore: `_%.*s`", CH_STR_ARG(name));
        if (variable->node->kind == CH_NODE_LET || variable->node->kind == CH_NODE_VAR)
            ch__lint_edit(linter, diagnostic, "prefix the name with `_`", variable->name.range, "_%.*s", CH_STR_ARG(name));
    }
}

void ch__lint_unused_parameters(ChLinter *linter)
{
    for (uint32_t i = 0; i < linter->parameters.count; i++) {
        ChName name = linter->parameters.items[i].name;
        if (!is_used(&linter->references, name.text))
            ch__lint_help(linter,
                          ch__lint_report(linter, CH_LINT_UNUSED_PARAMETER, name.range,
                                          "parameter `%.*s` is declared but never used", CH_STR_ARG(name.text)),
                          "prefix with underscore: `_%.*s`", CH_STR_ARG(name.text));
    }
}

void ch__lint_never_reassigned(ChLinter *linter)
{
    for (uint32_t i = 0; i < linter->variables.count; i++) {
        const ChLintName *variable = &linter->variables.items[i];
        if (!variable->is_mutable || ch_map_find(&linter->assignments, variable->name.text))
            continue;
        ChDiagnostic *diagnostic =
            ch__lint_report(linter, CH_LINT_NEVER_REASSIGNED, variable->name.range,
                            "variable `%.*s` is declared as `var` but never reassigned", CH_STR_ARG(variable->name.text));
        ch__lint_help(linter, diagnostic, "use `let` instead of `var`");
        uint32_t start = variable->node->start;
        if (variable->node->kind == CH_NODE_VAR && variable->is_simple &&
            ch_str_is(ch_source_text(linter->source, (ChRange){start, start + 3}), "var"))
            ch__lint_edit(linter, diagnostic, "declare it with `let`", (ChRange){start, start + 3}, "let");
    }
}

void ch__lint_unused_functions(ChLinter *linter)
{
    for (uint32_t i = 0; i < linter->functions.count; i++) {
        const ChLintName *function = &linter->functions.items[i];
        ChStr name = function->name.text;
        const ChLintOptions *options = linter->options;
        if ((function->node->flags & CH_FLAG_PUB) || ch_str_is(name, "main") ||
            is_used(&linter->function_references, name) ||
            (options->is_imported_elsewhere && options->is_imported_elsewhere(options->data, name)))
            continue;
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_UNUSED_FUNCTION, function->name.range,
                                      "function `%.*s` is declared but never used", CH_STR_ARG(name)),
                      "remove the function or prefix with underscore: `_%.*s`", CH_STR_ARG(name));
    }
}

void ch__lint_unused_types(ChLinter *linter)
{
    for (uint32_t i = 0; i < linter->types.count; i++) {
        const ChLintName *type = &linter->types.items[i];
        const char *kind = ch_node_title(type->node->kind);
        ChStr name = type->name.text;
        const ChLintOptions *options = linter->options;
        if (is_used(&linter->type_references, name) || (type->node->flags & CH_FLAG_PUB) ||
            (options->is_imported_elsewhere && options->is_imported_elsewhere(options->data, name)))
            continue;
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_UNUSED_TYPE, type->name.range,
                                      "%s `%.*s` is declared but never referenced", kind, CH_STR_ARG(name)),
                      "remove the unused %s or reference `%.*s` from a signature or constructor", kind, CH_STR_ARG(name));
    }
}

/* The range of a name in an import's list with the comma and the spaces that go with it. */
static ChRange listed_name(const ChLinter *linter, const ChNode *import, uint32_t index)
{
    const ChNodeList *names = &import->as.import.names;
    ChRange range = ch_node_range(names->items[index]);
    if (index + 1 < names->count)
        range.end = names->items[index + 1]->start;
    else if (index)
        range.start = names->items[index - 1]->end;
    return range;
}

void ch__lint_unused_imports(ChLinter *linter)
{
    for (uint32_t i = 0; i < linter->imports.count; i++) {
        const ChNode *import = linter->imports.items[i];
        const ChNodeList *names = &import->as.import.names;
        uint32_t unused = 0;
        for (uint32_t n = 0; n < names->count; n++) {
            unused += !is_used(&linter->references, names->items[n]->as.name.name.text) &&
                      !ch_map_find(&linter->type_references, names->items[n]->as.name.name.text);
        }
        for (uint32_t n = 0; unused && !(import->flags & CH_FLAG_PUB) && n < names->count; n++) {
            ChName name = names->items[n]->as.name.name;
            if (is_used(&linter->references, name.text) || ch_map_find(&linter->type_references, name.text))
                continue;
            ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_UNUSED_IMPORT, name.range,
                                                       "imported name `%.*s` is never used", CH_STR_ARG(name.text));
            ch__lint_help(linter, diagnostic, "remove `%.*s` from the import", CH_STR_ARG(name.text));
            ChRange range = unused == names->count ? ch_node_range(import) : listed_name(linter, import, n);
            if (unused == names->count && range.end < linter->source->text.length &&
                linter->source->text.data[range.end] == '\n')
                range.end++;
            if (!ch__lint_has_comment(linter, range.start, range.end))
                ch__lint_edit(linter, diagnostic, "remove the import", range, "%s", "");
        }
    }
}

/* What the check says about names that are called and not there. */
void ch__lint_undefined_functions(ChLinter *linter)
{
    const ChDiagnosticList *found = ch_analysis_diagnostics(linter->analysis);
    for (uint32_t i = 0; i < found->count; i++) {
        const ChDiagnostic *from = found->items[i];
        if (!ch_str_is(from->code, "HARN-NAM-002"))
            continue;
        ChStr name = ch_source_text(linter->source, from->range);
        ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_UNDEFINED, from->range,
                                                   "function `%.*s` is not defined", CH_STR_ARG(name));
        if (from->help.length)
            ch__lint_help(linter, diagnostic, "%.*s", CH_STR_ARG(from->help));
        else
            ch__lint_help(linter, diagnostic, "check the spelling or import `%.*s`", CH_STR_ARG(name));
    }
}
