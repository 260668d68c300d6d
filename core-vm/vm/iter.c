// Cursors over data, as iterator values.
#include "vm/iter.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "vm/heap.h"

#include "base/banned.h"

static void iter_trace(void *self, void (*visit)(ChValue *slot, void *ud), void *ud) {
    visit(&((ChIter *)self)->source, ud);
}

static void iter_display(void *self, ChBuffer *out) {
    ch_buffer_add_text(out, ((ChIter *)self)->done ? "<iter (exhausted)>" : "<iter>");
}

static const ChHandleClass iter_class = {"iter", NULL, iter_trace, iter_display};

bool ch_iter_new(ChValue source, ChValue *iter) {
    int64_t position = 0, end = 0;
    switch ((ChTag)source.tag) {
    case CH_TAG_ITER: *iter = ch_retain(source); return true;
    case CH_TAG_LIST:
    case CH_TAG_DICT:
    case CH_TAG_SET:
    case CH_TAG_STRING:
    case CH_TAG_BYTES:
    case CH_TAG_GENERATOR:
    case CH_TAG_STREAM:
    case CH_TAG_CHANNEL: break;
    case CH_TAG_RANGE: {
        ChIntRange *range = source.as.range;
        position = range->start;
        end = range->end;
        // An exclusive range ends one earlier; one that ends below the first integer is empty.
        if (!range->inclusive) {
            if (end == INT64_MIN || end <= position) {
                position = 1;
                end = 0;
            } else {
                end--;
            }
        }
        break;
    }
    default: return false;
    }
    ChIter *made = ch_object_alloc(CH_TAG_ITER, sizeof *made);
    made->handle.class = &iter_class;
    made->source = ch_retain(source);
    made->position = position;
    made->end = end;
    made->done = false;
    *iter = ch_object(made);
    return true;
}

void ch_iter_finish(ChIter *iter) {
    iter->done = true;
    ch_assign_take(&iter->source, CH_NIL);
}

bool ch_iter_next(ChIter *iter, ChValue *item) {
    ChValue source = iter->source;
    switch ((ChTag)source.tag) {
    case CH_TAG_LIST:
        if (iter->position < source.as.list->count) {
            *item = ch_retain(source.as.list->items[iter->position++]);
            return true;
        }
        break;
    case CH_TAG_SET:
        if (iter->position < source.as.set->count) {
            *item = ch_retain(source.as.set->items[iter->position++]);
            return true;
        }
        break;
    case CH_TAG_DICT: {
        uint32_t position = (uint32_t)iter->position;
        ChString *key;
        ChValue value;
        if (ch_dict_next(source.as.dict, &position, &key, &value)) {
            iter->position = position;
            key->head.refs++;
            *item = ch_object(ch_pair_new(ch_object(key), ch_retain(value)));
            return true;
        }
        break;
    }
    case CH_TAG_STRING: {
        ChString *text = source.as.string;
        if (iter->position < text->length) {
            uint32_t width;
            ch_utf8_decode(text->data + iter->position, text->length - (size_t)iter->position, &width);
            *item = ch_str_value(text->data + iter->position, width);
            iter->position += width;
            return true;
        }
        break;
    }
    case CH_TAG_BYTES:
        if ((uint64_t)iter->position < source.as.bytes->length) {
            *item = ch_int(source.as.bytes->data[iter->position++]);
            return true;
        }
        break;
    case CH_TAG_RANGE:
        if (iter->position <= iter->end) {
            *item = ch_int(iter->position);
            if (iter->position == INT64_MAX)
                ch_iter_finish(iter);
            else
                iter->position++;
            return true;
        }
        break;
    default: break;
    }
    ch_iter_finish(iter);
    return false;
}
