/* Regular expressions in linear time: a C door to RE2, with the reference's syntax on top of RE2's: Unicode \w, \d
 * and \s, (?<name>...), and the flag x. Nothing else of the program is C++. */
#ifndef CH_BUILTINS_REGEX_RE2_H
#define CH_BUILTINS_REGEX_RE2_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CH_REGEX_GROUPS_MAX 100     /* groups that are reported, the whole match not counted */
#define CH_REGEX_MEMORY_MAX (8 << 20) /* bytes that a compiled expression may take */

typedef struct ChRegex ChRegex;

typedef struct ChRegexSpan {
    long start, end; /* bytes; -1: the group took no part */
} ChRegexSpan;

/* Flags are letters of "imsx". NULL: not a regular expression; why gets (cut to its size) a line with a
 * caret under the pattern as it stands behind four blanks, and `error: REASON`. */
ChRegex *ch__regex_new(const char *pattern, size_t length, const char *flags, char *why, size_t why_size);
void ch__regex_free(ChRegex *regex);
/* Number of groups, the whole match not counted. */
unsigned ch__regex_group_count(const ChRegex *regex);
/* Name of group i (from 1), or NULL. */
const char *ch__regex_group_name(const ChRegex *regex, unsigned i);
/* The leftmost match at or behind `from`; spans[0] is the whole, spans[i] group i, `count` spans in all. */
bool ch__regex_find(const ChRegex *regex, const char *text, size_t length, size_t from, ChRegexSpan *spans,
                    unsigned count);

#ifdef __cplusplus
}
#endif

#endif
