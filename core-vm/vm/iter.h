// Lazy iterators: single-pass handles (tag ITER) over a value, or over a generator of the prelude.
//
// A cursor over data is advanced here. When the source is a generator (`source.tag == CH_TAG_GENERATOR`, made by a
// combinator in prelude.harn) the interpreter resumes that generator instead, because only it can run Harn code:
// ITER over an ITER value whose source is a generator, a stream or a channel is ITER over that source.
#ifndef CH_VM_ITER_H
#define CH_VM_ITER_H

#include "vm/value.h"

typedef struct ChIter {
    ChHandle handle;
    ChValue source;     // nil when exhausted
    int64_t position;   // item, byte, or next integer
    int64_t end;        // ranges: last integer
    bool done;
} ChIter;

// An iterator over a list, dict (pairs), set, string (characters), bytes, range or handle that can be iterated.
// Returns false when `source` cannot be iterated. An ITER gives itself.
bool ch_iter_new(ChValue source, ChValue *iter);

// The next item of a cursor over data into *item (owned). False at the end, and from then on. The source must not
// be a generator, stream or channel.
bool ch_iter_next(ChIter *iter, ChValue *item);

// Whether it is advanced by running Harn code or by waiting.
static inline bool ch_iter_is_foreign(const ChIter *iter) {
    return iter->source.tag == CH_TAG_GENERATOR || iter->source.tag == CH_TAG_STREAM ||
           iter->source.tag == CH_TAG_CHANNEL;
}

// Forgets the source: the iterator is exhausted.
void ch_iter_finish(ChIter *iter);

#endif
