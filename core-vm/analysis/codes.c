/* The codes of diagnostics and what they mean. */
#include "analysis/analysis.h"

static const struct {
    const char *code, *text;
} codes[] = {
#define CH_CODE(code, text) {code, text},
#include "analysis/codes.def"
#undef CH_CODE
};

const char *ch_code_explain(ChStr code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (ch_str_is(code, codes[i].code))
            return codes[i].text;
    return NULL;
}

const char *ch_code_at(uint32_t index)
{
    return index < sizeof codes / sizeof *codes ? codes[index].code : NULL;
}
