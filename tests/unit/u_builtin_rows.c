// Every row of the builtins' tables has what its readers need, and no name stands there twice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builtins/builtins.h"

static void every_row_has_text_and_function(void **state) {
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        const ChBuiltinRow *row = &ch_builtin_rows[i];
        if (!row->doc || !row->doc[0]) fail_msg("%s has no doc", row->name);
        if (row->doc[strlen(row->doc) - 1] != '.') fail_msg("the doc of %s is no sentence: %s", row->name, row->doc);
        if (row->type != CH_ROW_CONSTANT && (row->signature[0] != '(' || !strstr(row->signature, ") -> ")))
            fail_msg("the signature of %s is none: %s", row->name, row->signature);
        // That the example shows what it says is for tests/examples. No program can call a private builtin.
        if (ch_builtin_is_private(ch_str_of(row->name))) {
            if (row->example[0]) fail_msg("%s is private and has an example", row->name);
        } else if (!strstr(row->example, "  // => ") && !strstr(row->example, "  // prints") && !strstr(row->example, "  // exits"))
            fail_msg("the example of %s says of no line what it shows", row->name);
        if (row->is_prelude != (ch_builtin_functions[i] == NULL)) fail_msg("%s: native or prelude?", row->name);
        assert_int_equal(row->name_length, strlen(row->name));
    }
}

static void names_are_found_and_stand_once(void **state) {
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        const ChBuiltinRow *row = &ch_builtin_rows[i];
        ChStr name = {row->name, row->name_length};
        int32_t found = row->type < 0 ? ch_builtin_find(name) : ch_method_find(row->type, name);
        if (found != (int32_t)i) fail_msg("%s stands twice, in rows %d and %u", row->name, found, i);
    }
    assert_int_equal(ch_builtin_find(CH_STR("no_such_builtin")), -1);
    assert_int_equal(ch_method_find(CH_TAG_LIST, CH_STR("uppercase")), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_text_and_function),
        cmocka_unit_test(names_are_found_and_stand_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
