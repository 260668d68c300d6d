// charn explain: what a code means.
#include <stdio.h>
#include <string.h>

#include "analysis/analysis.h"
#include "cli.h"
#include "lint/lint.h"

#include "base/banned.h"

// Codes of the analysis and of the parser, then those of the rules.
static void list_all(void) {
    for (uint32_t i = 0; ch_code_at(i); i++) printf("%-12s %s\n", ch_code_at(i), ch_code_explain(ch_str_of(ch_code_at(i))));
    for (ChLintRule rule = 0; rule < CH_LINT_RULE_COUNT; rule++)
        printf("%-12s %s\n", ch_lint_rule(rule)->code, ch_lint_rule(rule)->doc);
}

static bool explain(const char *code) {
    const char *text = ch_code_explain(ch_str_of(code));
    if (text) printf("%s: %s\n", code, text);
    for (ChLintRule rule = 0; !text && rule < CH_LINT_RULE_COUNT; rule++) {
        const ChLintRuleInfo *info = ch_lint_rule(rule);
        if (strcmp(code, info->code) != 0 && strcmp(code, info->name) != 0) continue;
        printf("%s (%s, rule of charn lint): %s\n", info->code, info->name, info->doc);
        return true;
    }
    return text != NULL;
}

int cli_explain(int argc, char **argv) {
    bool lists = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) lists = true;
        else if (argv[i][0] == '-') return cli_unknown_option("explain", argv[i]);
    }
    if (lists && argc > 2) return cli_usage_error("explain", "--list stands alone");
    if (lists) list_all();
    else if (argc < 2) return cli_usage_error("explain", "no code given");
    for (int i = 1; i < argc && !lists; i++) {
        if (explain(argv[i])) continue;
        fprintf(stderr, "charn explain: there is no code '%s' (see charn explain --list)\n", argv[i]);
        return CLI_FAILED;
    }
    return CLI_OK;
}
