/* The translation of the generated parser's numbers: see ChCst. */
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "syntax/lower_int.h"

#include "base/banned.h"

const TSLanguage *tree_sitter_harn(void);

static const char *const SYMBOLS[] = {
    [CST_TOKEN] = "",
#define CH_CST(name, symbol, reducer) [CST_##name] = symbol,
#include "syntax/cst.def"
#undef CH_CST
};

static const char *const FIELDS[] = {
    [FIELD_NONE] = "",
#define CH_CST_FIELD(name, text) [FIELD_##name] = text,
#include "syntax/cst.def"
#undef CH_CST_FIELD
};

_Static_assert(CST_COUNT <= 256 && FIELD_COUNT <= 256, "they are kept in bytes");

/* Index by name of `names[1]` on. */
static void index_names(ChMap *map, const char *const *names, unsigned count) {
    for (unsigned i = 1; i < count; i++) ch_map_set_number(map, ch_str_of(names[i]), i);
}

/* A keyword token and a named node may share their name (`struct`): only the few
 * tokens that the table lists on purpose are taken from the anonymous ones. */
static bool takes_token(uint8_t cst) {
    switch (cst) {
    case CST_KEYWORD_PUB:
    case CST_KEYWORD_GEN:
    case CST_KEYWORD_EXCLUSIVE:
    case CST_OPTIONAL_DOT:
    case CST_OPTIONAL_BRACKET: return true;
    default: return false;
    }
}

static ChCst shared;

static void make_shared(void) {
    ChCst *cst = &shared;
    const TSLanguage *language = tree_sitter_harn();
    uint32_t symbol_count = ts_language_symbol_count(language);
    uint32_t field_count = ts_language_field_count(language);
    *cst = (ChCst){language, ch_alloc_zero(symbol_count, 1), ch_alloc_zero(field_count + 1, 1), symbol_count};
    ChMap symbols = {0}, fields = {0};
    index_names(&symbols, SYMBOLS, CST_COUNT);
    index_names(&fields, FIELDS, FIELD_COUNT);
    for (uint32_t i = 0; i < symbol_count; i++) {
        TSSymbolType type = ts_language_symbol_type(language, (TSSymbol)i);
        ChStr name = ch_str_of(ts_language_symbol_name(language, (TSSymbol)i));
        uint8_t found = (uint8_t)ch_map_get_number(&symbols, name, CST_TOKEN);
        if (type == TSSymbolTypeRegular ? !takes_token(found) : takes_token(found)) cst->symbols[i] = found;
    }
    for (uint32_t i = 1; i <= field_count; i++)
        cst->fields[i] = (uint8_t)ch_map_get_number(
            &fields, ch_str_of(ts_language_field_name_for_id(language, (TSFieldId)i)), FIELD_NONE);
    ch_map_release(&symbols);
    ch_map_release(&fields);
}

const ChCst *ch__cst(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_shared);
    return &shared;
}

int ch__cst_of(const ChCst *cst, TSSymbol symbol) {
    return symbol < cst->symbol_count ? cst->symbols[symbol] : CST_ERROR;
}
