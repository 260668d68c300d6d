/* A look at JSON bytes before anything is built from them.
 *
 * The JSON library trusts its input: it multiplies memory, cuts strings at NUL escapes, accepts broken UTF-8, rounds
 * large numbers and keeps the first of two equal keys. So every body is first walked here, byte by byte and without
 * recursion, and refused with a place and a reason if it is not JSON or passes a limit.
 *
 * Two things that are valid JSON but that a C string cannot hold are rewritten in place, both to six bytes again so that
 * no offset moves:
 *   - a lone surrogate escape becomes U+FFFD: one UTF-16 unit for one, so that positions in an editor's text stay right;
 *   - a NUL escape becomes a noncharacter that occurs nowhere else in the body, named in the result, so that text can be
 *     given its NUL bytes back and a file name that holds one can be refused. */
#ifndef CH_TRANSPORT_JSON_SCAN_H
#define CH_TRANSPORT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CH_JSON_DEPTH_MAX = 200,
    CH_JSON_NODES_MAX = 1000 * 1000,  /* values in one body */
    CH_JSON_NUMBER_BYTES_MAX = 1024,  /* characters of one number */
    CH_JSON_ID_BYTES_MAX = 1024,      /* exact text of a top-level id */
};

/* A borrowed piece of the scanned bytes; `text` is NULL when the member is absent. */
typedef struct ChJsonSlice {
    const char *text;
    size_t size;
} ChJsonSlice;

typedef struct ChJsonScan {
    bool is_valid;
    const char *error;    /* what is wrong (static text), NULL when valid */
    size_t error_offset;  /* where, in bytes */
    bool is_object;       /* the top-level value is an object */
    ChJsonSlice id;       /* exact text of the top-level members `id` and `seq`, also when a later byte is wrong */
    ChJsonSlice seq;
    size_t nodes;
    uint32_t nul_marker;  /* the code point that stands for U+0000, 0 when the body holds none */
} ChJsonScan;

/* Scans `size` bytes; writes only the replacements described above. The slices borrow from `bytes`. */
ChJsonScan ch_json_scan(char *bytes, size_t size);

#endif
