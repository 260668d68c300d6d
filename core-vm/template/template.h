// Prompt templates (`.prompt`, `.harn.prompt`, texts given to render_string): text with directives in `{{ }}`.
//
// A template is compiled once to a flat list of operations on a stack of values, with jumps for `if`, `for`, `and` and
// `or`. So rendering needs no recursion, whatever the template nests, and a tool can walk the list. Nothing here knows
// values or reads files: the machine renders (builtins/template.c), `check` and the editors only parse.
#ifndef CH_TEMPLATE_TEMPLATE_H
#define CH_TEMPLATE_TEMPLATE_H

#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

#define CH_TEMPLATE_SIZE_MAX (16u << 20)  // bytes of one template
#define CH_TEMPLATE_NESTING_MAX 1000      // directives inside directives
#define CH_TEMPLATE_PARENS_MAX 200        // parentheses and `not` inside one expression
#define CH_TEMPLATE_INCLUDES_MAX 32       // templates inside templates, at run time

typedef enum ChTemplateOpKind {
    CH_TEMPLATE_TEXT,          // append `text`
    CH_TEMPLATE_BARE,          // append the variable `text`, or `{{text}}` when there is none
    CH_TEMPLATE_NIL,           // push a value …
    CH_TEMPLATE_TRUE,
    CH_TEMPLATE_FALSE,
    CH_TEMPLATE_INT,           // `number`
    CH_TEMPLATE_FLOAT,         // `real`
    CH_TEMPLATE_STRING,        // `text`
    CH_TEMPLATE_VARIABLE,      // `text`, nil when there is none
    CH_TEMPLATE_FIELD,         // replace the top by its entry `text`
    CH_TEMPLATE_INDEX,         // replace the top by its item `number`
    CH_TEMPLATE_NOT,
    CH_TEMPLATE_EQUAL,         // pop two, push their comparison …
    CH_TEMPLATE_NOT_EQUAL,
    CH_TEMPLATE_LESS,
    CH_TEMPLATE_LESS_EQUAL,
    CH_TEMPLATE_GREATER,
    CH_TEMPLATE_GREATER_EQUAL,
    CH_TEMPLATE_AND,           // top falsy: go to `target`; else pop
    CH_TEMPLATE_OR,            // top truthy: go to `target`; else pop
    CH_TEMPLATE_FILTER,        // `text` with `count` arguments above its value
    CH_TEMPLATE_EMIT,          // pop and append
    CH_TEMPLATE_JUMP,
    CH_TEMPLATE_JUMP_UNLESS,   // pop; falsy: go to `target`
    CH_TEMPLATE_FOR,           // pop what to walk; `names[0]` value, `names[1]` key or empty; nothing: go to `target`
    CH_TEMPLATE_NEXT,          // next item: go to `target`; else leave the loop
    CH_TEMPLATE_PATH,          // the top must be the text of a path to include
    CH_TEMPLATE_INCLUDE,       // pop `count` values for `names`, then the path
    CH_TEMPLATE_SECTION,       // the body of section `text` begins; `count` values for `names` are on the stack
    CH_TEMPLATE_SECTION_END,
} ChTemplateOpKind;

typedef struct ChTemplateOp {
    ChTemplateOpKind kind;
    uint32_t target;     // number of an operation
    uint32_t count;
    uint32_t line, column; // of the directive, from 1; columns count code points
    ChStr text;
    ChStr *names;
    union {
        int64_t number;
        double real;
    };
} ChTemplateOp;

typedef struct ChTemplateError {
    uint32_t offset, length; // bytes of the directive in the template
    uint32_t line, column;
    ChStr message;
} ChTemplateError;

// A variable that the template reads and that no loop around it binds.
typedef struct ChTemplateName {
    ChStr name;
    uint32_t offset;         // of its first directive
} ChTemplateName;

typedef struct ChTemplate {
    ChArena arena;           // holds all that follows
    ChStr text;              // a copy
    CH_ARRAY_OF(ChTemplateOp) ops;
    CH_ARRAY_OF(ChTemplateName) names; // each once, in the order of the text
    bool is_broken;          // then only `error` counts
    ChTemplateError error;
} ChTemplate;

// Compiles the text; never NULL. Free with ch_template_free.
ChTemplate *ch_template_parse(ChStr text);
void ch_template_free(ChTemplate *template);

// Whether there is a section of that name.
bool ch_template_is_section(ChStr name);

#endif
