// [lint] of the nearest harn.toml.
#ifndef CH_CLI_LINT_CONFIG_H
#define CH_CLI_LINT_CONFIG_H

#include "base/array.h"
#include "lint/lint.h"

typedef struct CliLintConfig {
    ChLintOptions options;
    CH_ARRAY_OF(ChStr) persona_calls; // into `text`
    struct ChDict *manifest;          // what the texts borrow from; may be NULL
} CliLintConfig;

// The configuration for a file: of the first harn.toml in its folder or one above it, up to a folder with .git. False: it
// cannot be understood, which was said.
bool cli_lint_config_read(const char *path, CliLintConfig *config);
void cli_lint_config_release(CliLintConfig *config);

#endif
