// What programs see of inboxes.
#include "runtime/inbox.h"

#include "builtins/native.h"

#include "base/banned.h"

CH_NATIVE(ch__inbox_post) {
    ChBuffer json = {0};
    ChStr content = ch_arg(args, argc, 2).tag == CH_TAG_STRING ? ch__text(args[2]) : CH_STR("");
    if (ch_arg(args, argc, 2).tag != CH_TAG_STRING) {
        ch__json_print(ch_arg(args, argc, 2), 0, &json);
        content = ch_buffer_view(&json);
    }
    ChStr source = ch__arg_is(args, argc, 3, CH_TAG_STRING) ? ch__text(args[3]) : CH_STR("");
    if (!source.length) source = CH_STR("harn.post_event");
    ChStatus status = ch_inbox_push(ch__text(args[0]), ch__text(args[1]), content, source, ch__now_ms(vm), NULL);
    ch_buffer_release(&json);
    return status == CH_STATUS_OK ? CH_OK : ch_throw_text(vm, "agent_session_post_event: %s", ch_status_text(status));
}

CH_NATIVE(ch__inbox_drain) {
    ChInboxList entries = ch_inbox_drain(ch__text(args[0]));
    ChList *list = ch_list_new(entries.count);
    for (uint32_t i = 0; i < entries.count; i++) {
        const ChInboxEntry *entry = &entries.items[i];
        ChDict *dict = ch_dict_new();
        ch_dict_put_str(dict, "sequence", ch_int((int64_t)entry->sequence));
        ch_dict_put_str(dict, "kind", ch_object(ch_string_from(entry->kind)));
        ch_dict_put_str(dict, "content", ch_str_value(entry->content, entry->content_length));
        ch_dict_put_str(dict, "source", ch_object(ch_string_from(entry->source)));
        ch_dict_put_str(dict, "ts_ms", ch_int(entry->at_ms));
        ch_list_push(list, ch_object(dict));
    }
    ch_inbox_list_release(&entries);
    return ch__give(result, ch_object(list));
}

CH_NATIVE(ch__inbox_clear) {
    ch_inbox_clear(ch__text(args[0]));
    return CH_OK;
}
