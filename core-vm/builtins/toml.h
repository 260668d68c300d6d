// TOML for those that have no machine: manifests.
#ifndef CH_BUILTINS_TOML_H
#define CH_BUILTINS_TOML_H

#include "base/str.h"
#include "vm/value.h"

// Reads a text into a dict (owned by the caller). False: *problem says where and why, *result is nil.
bool ch_toml_read(ChStr text, ChValue *result, ChBuffer *problem);

#endif
