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

/* A static type may nest this deep and hold this many types; beyond it the checker
 * treats the value as untyped. Operations on types recurse, so this is what bounds
 * the C stack and the time of one comparison. */
#define CH_TYPE_DEPTH_MAX 60u
#define CH_TYPE_WEIGHT_MAX 4000u

/* A list literal whose items have more different types than this is a plain list. */
#define CH_TYPE_UNION_MAX 64u

/* A type in a message is cut behind this many bytes. */
#define CH_TYPE_TEXT_MAX 300u

/* One condition narrows at most this many variables. */
#define CH_REFINEMENTS_MAX 256u

#endif
