// What programs see of the event log. It is opened at its first use: where HARN_EVENT_LOG_BACKEND and
// HARN_EVENT_LOG_SQLITE_PATH say, or where the host has said; without either in memory.
#include "builtins/native.h"
#include "host/evlog.h"
#include "runtime/evlog.h"

#include "base/banned.h"

static bool env(ChVm *vm, const char *name, ChBuffer *value) {
    return vm->host->env_get(vm->host->ud, name, value) && value->length;
}

static ChEventLog *log_of(ChVm *vm) {
    if (vm->event_log) return vm->event_log;
    ChBuffer backend = {0}, path = {0}, why = {0};
    bool is_memory = env(vm, "HARN_EVENT_LOG_BACKEND", &backend) && ch_str_is(ch_buffer_view(&backend), "memory");
    if (!env(vm, "HARN_EVENT_LOG_SQLITE_PATH", &path) && vm->event_log_path) ch_buffer_add_text(&path, vm->event_log_path);
    if (is_memory || !path.length)
        vm->event_log = ch_evlog_open(CH_EVLOG_MEMORY, NULL, &why);
    else
        vm->event_log = ch_evlog_open(CH_EVLOG_SQLITE, path.data, &why);
    if (why.length) {
        ch_buffer_add_byte(&why, '\n');
        vm->host->write(vm->host->ud, CH_HOST_STDERR, "warning: ", 9);
        vm->host->write(vm->host->ud, CH_HOST_STDERR, why.data, why.length);
    }
    ch_buffer_release(&backend);
    ch_buffer_release(&path);
    ch_buffer_release(&why);
    return vm->event_log;
}

void ch_vm_event_log_at(ChVm *vm, const char *path) {
    ch_free(vm->event_log_path);
    vm->event_log_path = path ? ch_str_detach(ch_str_of(path)) : NULL;
}

ChEventLog *ch_vm_event_log(ChVm *vm) { return log_of(vm); }

void ch__event_log_free(ChVm *vm) {
    ch_evlog_close(vm->event_log);
    ch_free(vm->event_log_path);
}

void ch_vm_event_append(ChVm *vm, ChStr topic, ChStr kind, ChValue payload, ChValue headers, int64_t *id, ChBuffer *why) {
    ChBuffer body = {0}, head = {0};
    ch_evlog_topic_check(topic, why);
    if (!why->length) {
        ch__json_print(payload, 0, &body);
        ch_buffer_add_byte(&head, '{');
        uint32_t at = 0, count = 0;
        ChString *key;
        ChValue value;
        while (headers.tag == CH_TAG_DICT && ch_dict_next(headers.as.dict, &at, &key, &value)) {
            if (ch_str_starts_with(ch_string_view(key), CH_STR("harn.provenance."))) continue;
            if (count++) ch_buffer_add_byte(&head, ',');
            ChString *text = ch_display_string(value);
            ch_buffer_add_json(&head, ch_string_view(key));
            ch_buffer_add_byte(&head, ':');
            ch_buffer_add_json(&head, ch_string_view(text));
            ch_release(ch_object(text));
        }
        ch_buffer_add_byte(&head, '}');
        ChEventLog *log = log_of(vm);
        ChEventRecord record = {0, topic, kind, ch_buffer_view(&body), ch_buffer_view(&head), ch__now_ms(vm)};
        ChStatus status = log ? ch_evlog_append(log, &record, id) : CH_STATUS_IO_ERROR;
        if (status != CH_STATUS_OK) ch_buffer_printf(why, "the record was not stored: %s", ch_status_text(status));
    }
    ch_buffer_release(&body);
    ch_buffer_release(&head);
}

static ChFlow throw_log(ChVm *vm, ChBuffer *why) {
    ChFlow flow = ch_throw_runtime(vm, "event_log: %s", why->data);
    ch_buffer_release(why);
    return flow;
}

CH_NATIVE(ch__event_log_emit) {
    ChBuffer why = {0};
    int64_t id = 0;
    ch_vm_event_append(vm, ch__text(args[0]), ch__text(args[1]), ch_arg(args, argc, 2), ch_arg(args, argc, 3), &id, &why);
    return why.length ? throw_log(vm, &why) : ch__give_int(result, id);
}

CH_NATIVE(ch__event_log_latest) {
    ChBuffer why = {0};
    int64_t id = 0;
    ch_evlog_topic_check(ch__text(args[0]), &why);
    if (why.length) return throw_log(vm, &why);
    ChEventLog *log = log_of(vm);
    if (!log || ch_evlog_latest(log, ch__text(args[0]), &id) != CH_STATUS_OK) return ch_throw_runtime(vm, "event_log: the topic cannot be read");
    if (id) *result = ch_int(id);
    return CH_OK;
}

static ChValue from_json(ChStr text) {
    ChValue value = CH_NIL;
    ChBuffer why = {0};
    if (!ch__json_parse(text, &value, &why)) value = CH_NIL;
    ch_buffer_release(&why);
    return value;
}

static bool add_record(void *ud, const ChEventRecord *record) {
    ChDict *dict = ch_dict_new();
    ch_dict_put_str(dict, "id", ch_int(record->id));
    ch_dict_put_str(dict, "cursor", ch_int(record->id));
    ch_dict_put_str(dict, "topic", ch_str_value(record->topic.data, record->topic.length));
    ch_dict_put_str(dict, "kind", ch_str_value(record->kind.data, record->kind.length));
    ch_dict_put_str(dict, "payload", from_json(record->payload));
    ch_dict_put_str(dict, "headers", from_json(record->headers));
    ch_dict_put_str(dict, "occurred_at_ms", ch_int(record->occurred_at_ms));
    ch_list_push(ud, ch_object(dict));
    return true;
}

CH_NATIVE(ch__event_log_read) {
    ChBuffer why = {0};
    ch_evlog_topic_check(ch__text(args[0]), &why);
    if (why.length) return throw_log(vm, &why);
    ChList *list = ch_list_new(0);
    ChEventLog *log = log_of(vm);
    int64_t limit = args[2].as.integer;
    if (log && limit > 0)
        ch_evlog_read(log, ch__text(args[0]), args[1].as.integer, limit > CH_EVLOG_BATCH_MAX ? CH_EVLOG_BATCH_MAX : (uint32_t)limit,
                      add_record, list);
    return ch__give(result, ch_object(list));
}

CH_NATIVE(ch__event_log_namespace) {
    static const char *const names[][2] = {{"emit", "__event_log_emit"}, {"latest", "__event_log_latest"}, {"subscribe", "__event_log_subscribe"}};
    ChDict *dict = ch_dict_new();
    for (int i = 0; i < 3; i++) ch_dict_put_str(dict, names[i][0], ch_builtin_ref((uint32_t)ch_builtin_find(ch_str_of(names[i][1]))));
    return ch__give(result, ch_object(dict));
}
