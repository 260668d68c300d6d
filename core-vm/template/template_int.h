// Between the files of template/.
#ifndef CH_TEMPLATE_TEMPLATE_INT_H
#define CH_TEMPLATE_TEMPLATE_INT_H

#include <stdarg.h>

#include "template/template.h"

typedef enum ChTemplatePieceKind { CH_PIECE_TEXT, CH_PIECE_DIRECTIVE, CH_PIECE_END } ChTemplatePieceKind;

// What the scanner finds next: literal text, already trimmed, or a directive without its braces.
typedef struct ChTemplatePiece {
    ChTemplatePieceKind kind;
    ChStr text;
    uint32_t offset, length; // of the whole directive
} ChTemplatePiece;

typedef struct ChTemplateBlock ChTemplateBlock;

typedef struct ChTemplateParser {
    ChTemplate *template;
    uint32_t at;             // of the scanner
    bool trims_next;         // the directive before ended with `-}}`
    ChTemplatePiece directive; // being parsed: errors and operations get its place
    uint32_t line, column;   // of it
    uint32_t counted;        // bytes of the text that line and column account for
    uint32_t text_line, text_column;
    CH_ARRAY_OF(ChTemplateBlock) blocks; // open ones
} ChTemplateParser;

// False: the template is broken, its error is set.
bool ch__template_next_piece(ChTemplateParser *parser, ChTemplatePiece *piece);
// Line and column of `offset`, which must not be before that of an earlier call.
void ch__template_place(ChTemplateParser *parser, uint32_t offset);
// Marks the template broken at the current directive; always false.
bool ch__template_fail(ChTemplateParser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Appends an operation with the place of the current directive; returns its number.
uint32_t ch__template_op(ChTemplateParser *parser, ChTemplateOpKind kind);
// Operations that leave the value of the expression on the stack.
bool ch__template_expression(ChTemplateParser *parser, ChStr source);
// The text of a quoted literal that begins `source`; *used gets its bytes with the quotes. False: it does not end.
bool ch__template_literal(ChTemplateParser *parser, ChStr source, ChStr *text, uint32_t *used);
bool ch__template_is_name(ChStr text);
// A variable is read here.
void ch__template_reads(ChTemplateParser *parser, ChStr name);

// Names bound by the loops around; see parse.c.
struct ChTemplateBlock {
    enum { CH_BLOCK_IF, CH_BLOCK_ELSE, CH_BLOCK_FOR, CH_BLOCK_FOR_ELSE, CH_BLOCK_SECTION } kind;
    ChTemplatePiece directive; // that opened it
    uint32_t pending;        // operation whose target is the next branch; UINT32_MAX: none
    uint32_t exits;          // chain, through `target`, of the jumps to the end; UINT32_MAX ends it
    uint32_t begin;          // the FOR
    ChStr names[2];          // bound by a `for`
    ChStr section;
};

#endif
