// What there is to know about a name, for charn doc and the session.
#ifndef CH_CLI_DOC_H
#define CH_CLI_DOC_H

#include "manual/manual.h"

typedef struct CliDocOptions {
    bool json, internal;
    ChColorMode color;
    const char *markdown, *html; // folders
} CliDocOptions;

// Appends every item of the manual with this name, then the pages. False: there is none.
bool cli_doc_named(const ChManual *manual, ChStr name, const CliDocOptions *options, ChBuffer *out);

#endif
