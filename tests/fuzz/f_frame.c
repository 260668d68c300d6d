/* Fuzz target: bytes of a client through framing, scanner and parser of messages. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/frame.h"
#include "transport/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ChFrameReader reader;
    ch_frame_reader_init(&reader, 1 << 20);
    const char *bytes = (const char *)data;
    for (;;) {
        ChFrameEvent event = ch_frame_reader_read(&reader, &bytes, &size);
        if (event == CH_FRAME_MORE) break;
        if (event != CH_FRAME_BODY) continue;
        size_t body_size;
        char *body = ch_frame_reader_body(&reader, &body_size);
        ChMessageError error = {0};
        ChMessage *message = ch_message_parse(body, body_size, &error);
        if (message) {
            char *text = ch_json_print(message->root);
            ch_free(text);
            ch_message_free(message);
        } else {
            ch_message_error_release(&error);
            ch_frame_reader_refuse_body(&reader);
        }
    }
    ch_frame_reader_release(&reader);
    return 0;
}
