/* Every limit of charn that has a name, in one place, with its unit in its name
 * and the reason for its size. tests/limits holds one test for each. */
#ifndef CH_BASE_LIMITS_H
#define CH_BASE_LIMITS_H

/* A source file may have this many bytes. Offsets are 32-bit, and half of the
 * range keeps sums of two offsets from overflowing. */
#define CH_SOURCE_BYTES_MAX (64u * 1024u * 1024u)

/* A harn.toml may have this many bytes: one that is larger is no manifest. */
#define CH_MANIFEST_BYTES_MAX (1024u * 1024u)

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

/* A text with more open brackets than this at one place, or with longer runs of prefix
 * operators or of closers without an opener, is not parsed at all: the parser's stack
 * takes some hundred bytes for each. */
#define CH_SYNTAX_BRACKETS_MAX 1000000u

/* One file has at most this many syntax errors explained: a binary file would have
 * thousands, none of them of use. */
#define CH_SYNTAX_ERRORS_MAX 100u
/* Tokens without text in a row, such as missing braces at the end of a text: more
 * than any nesting needs means that the scanner makes no progress. */
#define CH_SYNTAX_EMPTY_TOKENS_MAX (4 * CH_SYNTAX_DEPTH_MAX)

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

/* A chain of modules that import one another may be this long. Reading one level takes
 * some KiB of C stack. */
#define CH_IMPORT_DEPTH_MAX 200u

/* One condition narrows at most this many variables. */
#define CH_REFINEMENTS_MAX 64u

/* The compiler recurses over nesting (not over chains); beyond this depth it gives a
 * diagnostic. One level costs it up to 3 KiB of C stack in a checked build. */
#define CH_COMPILE_DEPTH_MAX 1200u

/* Registers of one function, and words of its code. Register numbers have 16 bits. */
#define CH_REGISTERS_MAX 60000u
#define CH_CODE_WORDS_MAX (2u * 1024u * 1024u)

/* Functions with more nodes than this are compiled with long jumps from the start:
 * the jumps of compare-and-branch instructions have 16 bits. */
#define CH_SHORT_JUMP_NODES_MAX 8000u

/* Literals with more parts than this are built piece by piece instead of in one window. */
#define CH_WINDOW_PARTS_MAX 200u

#endif
