// --cpu-profile and --alloc-profile, of `charn run`.
#ifndef CH_CLI_PROFILE_H
#define CH_CLI_PROFILE_H

#include "measure/profile.h"

typedef struct CliProfile {
    const char *files[2];  // by ChProfileKind; NULL: not asked for, "-": a table
    ChProfile *running[2];
} CliProfile;

bool cli_profile_is_option(const char *arg);
// Takes the option at argv[*i]. Answers CLI_OK, or CLI_USAGE (told).
int cli_profile_option(const char *command, int argc, char **argv, int *i, CliProfile *profile);
bool cli_profile_is_wanted(const CliProfile *profile);
// Begins to measure; before the program runs.
void cli_profile_begin(CliProfile *profile, ChVm *vm);
// Ends it and writes the files; tables go to standard error. False: a file cannot be written (told).
bool cli_profile_finish(CliProfile *profile, const char *command);
// After the VM.
void cli_profile_release(CliProfile *profile);

#endif
