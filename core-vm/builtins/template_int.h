// Between the files that render templates.
#ifndef CH_BUILTINS_TEMPLATE_INT_H
#define CH_BUILTINS_TEMPLATE_INT_H

#include "builtins/native.h"

// As a template shows a value: nil is nothing.
void ch__template_display(ChValue value, ChBuffer *out);
// Empty things and blank texts are false.
bool ch__template_is_true(ChValue value);
// value | name: args. False: `why` has the text. *result is owned.
bool ch__template_filter(ChStr name, ChValue value, const ChValue *args, uint32_t count, ChValue *result, ChBuffer *why);
// The section as the model that `llm` describes likes it. `names` and `values` are its arguments.
void ch__template_section(ChStr name, ChStr body, const ChStr *names, const ChValue *values, uint32_t count, ChValue llm,
                          ChBuffer *out);

#endif
