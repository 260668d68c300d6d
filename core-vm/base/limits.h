/* Every limit of charn that has a name, in one place, with its unit in its name
 * and the reason for its size. tests/limits holds one test for each. */
#ifndef CH_BASE_LIMITS_H
#define CH_BASE_LIMITS_H

/* A source file may have this many bytes. Offsets are 32-bit, and half of the
 * range keeps sums of two offsets from overflowing. */
#define CH_SOURCE_BYTES_MAX (64u * 1024u * 1024u)

/* A source line longer than this is shown as an extract around the caret. */
#define CH_DIAGNOSTIC_LINE_CHARS_MAX 160u

/* One file reports at most this many diagnostics; after the first hundreds the
 * rest is noise, and a hostile file must not fill the memory with them. */
#define CH_DIAGNOSTICS_MAX 2000u

/* Statements, expressions, types and blocks may nest this deep. The walkers of
 * the tree use explicit stacks, so the C stack is not what sets this: it bounds
 * their memory, and keeps run-time register use per function sane. Left-deep
 * chains (1 + 1 + ..., a.b().c()) do not count as nesting. */
#define CH_SYNTAX_DEPTH_MAX 10000u

/* Binary, member and call chains may have this many links. */
#define CH_SYNTAX_CHAIN_MAX 4000000u

#endif
