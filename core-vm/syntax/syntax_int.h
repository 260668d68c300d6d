/* What the files of this folder share. */
#ifndef CH_SYNTAX_SYNTAX_INT_H
#define CH_SYNTAX_SYNTAX_INT_H

#include <stddef.h>

#include "syntax/ast.h"

size_t ch__node_size(ChNodeKind kind);

#endif
