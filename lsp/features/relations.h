/* From a name to its type, and from an interface to what fulfils it. */
#ifndef CH_LSP_FEATURES_RELATIONS_H
#define CH_LSP_FEATURES_RELATIONS_H

#include "base/array.h"
#include "features/definition.h"

typedef CH_ARRAY_OF(ChDefinition) ChDefinitions;

/* Where the type of the value at the offset is declared; false when it has no declaration. */
bool ch_type_definition_at(const ChSnapshot *snapshot, uint32_t offset, ChDefinition *definition);

/* What implements the thing at the offset: of an interface the types that have all its methods, of one of its methods
 * those methods, of a struct or enum its impl blocks. Of this file. Release the array. */
void ch_implementations_at(const ChSnapshot *snapshot, uint32_t offset, ChDefinitions *definitions);

/* Of a type of the file, by its symbol: the interfaces that it fulfils (supertypes), or the types that fulfil it, being an
 * interface. Of this file. Release the array. */
typedef CH_ARRAY_OF(uint32_t) ChRelated;
bool ch_is_related_kind(ChSymbolKind kind);
void ch_supertypes_of(const ChAnalysis *analysis, uint32_t symbol, ChRelated *related);
void ch_subtypes_of(const ChAnalysis *analysis, uint32_t symbol, ChRelated *related);

#endif
