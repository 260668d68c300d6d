/* Which call the cursor stands in, and at which of its arguments. */
#ifndef CH_LSP_FEATURES_SIGNATURE_H
#define CH_LSP_FEATURES_SIGNATURE_H

#include "snapshot/snapshot.h"

enum { CH_SIGNATURE_PARAMS_MAX = 64 };

typedef struct ChSignatureHelp {
    ChBuffer label;                          /* owned: "fn area(width: int, height: int) -> int" */
    ChRange params[CH_SIGNATURE_PARAMS_MAX]; /* in bytes of the label */
    uint32_t param_count;
    uint32_t active;                         /* which argument the cursor is in; may be beyond the last parameter */
    bool has_rest;                           /* the last parameter takes all that follow */
    ChStr doc;                               /* borrowed from the snapshot */
} ChSignatureHelp;

/* False when the cursor is in no call of something whose parameters are known; then nothing is owned. */
bool ch_signature_help_at(const ChSnapshot *snapshot, uint32_t offset, ChSignatureHelp *help);

/* Cuts "fn f(a: int, b: {x: int} = 1) -> T" into the ranges of its parameters. */
uint32_t ch_signature_split(ChStr label, ChRange *params, uint32_t max);

#endif
