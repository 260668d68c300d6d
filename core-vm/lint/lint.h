/* What could be written better, though it runs: the rules of Harn's linter. Tree and analysis in, diagnostics with
 * fixes out; no I/O. rules.def lists the rules. */
#ifndef CH_LINT_LINT_H
#define CH_LINT_LINT_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "base/diagnostic.h"

typedef enum ChLintRule {
#define CH_LINT_RULE(id, name, code, severity, doc) CH_LINT_##id,
#include "lint/rules.def"
#undef CH_LINT_RULE
    CH_LINT_RULE_COUNT
} ChLintRule;

#define CH_LINT_COMPLEXITY_DEFAULT 25u

typedef struct ChLintOptions {
    bool disabled[CH_LINT_RULE_COUNT];
    bool require_file_header;
    uint32_t complexity_max;       /* 0: CH_LINT_COMPLEXITY_DEFAULT */
    const ChStr *persona_calls;    /* functions that a @persona may call though they are no @step; borrowed */
    uint32_t persona_call_count;
    /* Names that other files import from this one: not unused. NULL: none known. */
    bool (*is_imported_elsewhere)(void *data, ChStr name);
    void *data;
} ChLintOptions;

typedef struct ChLintRuleInfo {
    const char *name, *code, *doc;
    ChSeverity severity;
} ChLintRuleInfo;
const ChLintRuleInfo *ch_lint_rule(ChLintRule rule);

/* The rule of a name, also of an older name, or CH_LINT_RULE_COUNT. */
ChLintRule ch_lint_rule_find(ChStr name);

/* Append what the rules find in a tree without syntax errors, in order of place. The label of each diagnostic is
 * `lint[RULE]`. `options` may be NULL. */
void ch_lint(const ChAnalysis *analysis, const ChLintOptions *options, ChDiagnosticList *out);

/* The text with the first fix of each diagnostic for which `is_wanted` (NULL: all) says so; of fixes that overlap the
 * first one counts. Answers how many were applied. */
uint32_t ch_lint_fix(const ChSource *source, const ChDiagnosticList *diagnostics,
                     bool (*is_wanted)(void *data, uint32_t index), void *data, ChBuffer *out);

#endif
