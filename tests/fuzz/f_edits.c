/* Fuzz target: two texts, the second parsed incrementally from the first. What is found wrong with it may not depend on
 * the first one. The input's first two bytes say where the texts part. */
#include <stdint.h>
#include <stdlib.h>

#include "syntax/syntax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ChTree *parse(const uint8_t *data, size_t size, const ChTree *old) {
    ChSource *source = ch_source_new_lossy(CH_STR("fuzz.harn"), ch_str_slice((const char *)data, size));
    if (!source) return NULL;
    ChSyntaxOptions options = {.old = old};
    ChTree *tree = ch_syntax_parse(source, &options);
    ch_source_unref(source);
    return tree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    size_t cut = (size_t)(data[0] | data[1] << 8);
    data += 2;
    size -= 2;
    if (cut > size) cut = size;
    ChTree *first = parse(data, cut, NULL);
    ChTree *edited = parse(data + cut, size - cut, first);
    ChTree *fresh = parse(data + cut, size - cut, NULL);
    if (edited && fresh && edited->diagnostics.count != fresh->diagnostics.count) abort();
    ch_tree_unref(first);
    ch_tree_unref(edited);
    ch_tree_unref(fresh);
    return 0;
}
