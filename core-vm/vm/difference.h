// What an uncaught failure of assert_eq shows besides its text: where the two values differ.
#ifndef CH_VM_DIFFERENCE_H
#define CH_VM_DIFFERENCE_H

#include "base/diagnostic.h"
#include "vm/vm.h"

// The values of the assertion that failed last. All are counted.
typedef struct ChAssertion {
    ChValue error;         // what was thrown: tells whether an error is this one
    ChValue expected, got; // nil before one has failed
    bool has_values;       // the text of the error shows the values already
    ChColorMode color;
} ChAssertion;

// From now on assertions that fail are remembered, and ch_vm_format_error explains the last one. What programs see of an
// error stays as it is.
void ch_vm_explain_assertions(ChVm *vm, ChColorMode color);

// An assertion fails with `error`; the values are borrowed. Nothing happens unless explaining is on.
void ch__assertion_failed(ChVm *vm, ChValue error, ChValue expected, ChValue got, bool has_values);
// The remembered assertion when `error` comes from it, else NULL.
const ChAssertion *ch__assertion_of(const ChVm *vm, const ChError *error);
void ch__assertion_free(ChVm *vm);

// Appends where the values of the assertion differ, each line indented by two: a unified diff of texts with several lines,
// `PATH: expected X, got Y` for parts of lists, dicts and structs. Nothing when the error's text says it all. How much is
// shown is bounded.
void ch__assertion_explain(const ChAssertion *assertion, ChBuffer *out);

#endif
