// Commands that the host runs for host_call; the rest of it is Harn, in the prelude.
#include "builtins/exchange.h"
#include "builtins/native.h"

#include "base/banned.h"

#define CH_ARGUMENTS_MAX 65536

// Texts for an exec: owned, NULL-terminated.
typedef struct Words {
    CH_ARRAY_OF(const char *) list;
} Words;

static void release_words(Words *words) {
    for (uint32_t i = 0; i < words->list.count; i++) ch_free((void *)words->list.items[i]);
    ch_array_release(&words->list);
}

// False: a NUL is inside, which no program can be given.
static bool add_word(Words *words, ChBuffer *take_text) {
    bool is_good = !memchr(take_text->data ? take_text->data : "", 0, take_text->length);
    if (!take_text->data) ch_buffer_add_text(take_text, "");
    ch_array_push(&words->list, ch_buffer_detach(take_text));
    return is_good;
}

static bool read_arguments(const ChList *argv, Words *words) {
    for (uint32_t i = 0; i < argv->count; i++) {
        ChBuffer text = {0};
        ch_display(argv->items[i], &text);
        if (!add_word(words, &text)) return false;
    }
    return true;
}

static bool read_environment(ChDict *env, Words *words) {
    ChString *name;
    ChValue value;
    for (uint32_t at = 0; ch_dict_next(env, &at, &name, &value);) {
        ChBuffer text = {0};
        ch_buffer_printf(&text, "%.*s=", CH_STR_ARG(ch_string_view(name)));
        ch_display(value, &text);
        if (!add_word(words, &text)) return false;
    }
    return true;
}

static ChFlow give_result(ChVm *vm, const ChHostRunResult *ran, ChValue *result) {
    ChDict *dict = ch_dict_new();
    *result = ch_object(dict);
    ChValue text = CH_NIL;
    ChFlow flow = ch__give_lossy(vm, "host_call", &text, ch_buffer_view(&ran->output));
    ch_dict_put_str(dict, "stdout", text);
    text = CH_NIL;
    if (flow == CH_OK) flow = ch__give_lossy(vm, "host_call", &text, ch_buffer_view(&ran->errors));
    ch_dict_put_str(dict, "stderr", text);
    ch_dict_put_str(dict, "exit_code", ch_int(ran->timed_out ? -1 : ran->exit_code));
    ch_dict_put_str(dict, "timed_out", ch_bool(ran->timed_out));
    ch_dict_put_str(dict, "pid", ch_int(ran->process_id));
    return flow;
}

CH_NATIVE(ch__child_begin) {
    Words argv = {{0}};
    ChBuffer why = {0};
    if (!args[0].as.list->count || args[0].as.list->count > CH_ARGUMENTS_MAX || !read_arguments(args[0].as.list, &argv))
        ch_buffer_add_text(&why, "bad arguments");
    ch_array_push(&argv.list, NULL);
    ChHostRun run = {.argv = argv.list.items};
    if (!why.length) *result = ch__exchange_child(vm, &run, &why);
    release_words(&argv);
    if (why.length) *result = ch_str_value(why.data, why.length);
    ch_buffer_release(&why);
    return CH_OK;
}

CH_NATIVE(ch__process_run) {
    ChDict *options = args[1].as.dict;
    ChValue env = ch__dict_get(options, "env"), cwd = ch__dict_get(options, "cwd"), input = ch__dict_get(options, "input");
    ChValue timeout = ch__dict_get(options, "timeout_ms");
    Words argv = {{0}}, variables = {{0}};
    ChFlow flow = CH_OK;
    if (!args[0].as.list->count || args[0].as.list->count > CH_ARGUMENTS_MAX)
        flow = ch_throw_runtime(vm, "host_call process.exec: bad number of arguments");
    else if (!read_arguments(args[0].as.list, &argv) || (env.tag == CH_TAG_DICT && !read_environment(env.as.dict, &variables)))
        flow = ch_throw_runtime(vm, "host_call process.exec: nul byte found in provided data");
    if (flow == CH_OK) {
        ch_array_push(&argv.list, NULL);
        ch_array_push(&variables.list, NULL);
        ChHostRun run = {
            .argv = argv.list.items,
            .folder = cwd.tag == CH_TAG_STRING && cwd.as.string->length ? cwd.as.string->data : NULL,
            .env = env.tag == CH_TAG_DICT ? variables.list.items : NULL,
            .input = input.tag == CH_TAG_STRING ? ch__text(input) : (ChStr){"", 0},
            .timeout_ms = timeout.tag == CH_TAG_INT && timeout.as.integer > 0 ? timeout.as.integer : 0,
        };
        ChHostRunResult ran;
        ChStatus status = vm->host->run(vm->host->ud, &run, &ran);
        if (status == CH_STATUS_OK) {
            flow = give_result(vm, &ran, result);
            ch_buffer_release(&ran.output);
            ch_buffer_release(&ran.errors);
        } else {
            flow = ch_throw_runtime(vm, "host_call process.exec: %s", ch__file_reason(status));
        }
    }
    release_words(&argv);
    release_words(&variables);
    return flow;
}

