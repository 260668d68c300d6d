/* Envelopes and objects of the debug adapter protocol: the only place that spells their field names when sending.
 *
 * Error ids are fixed: they stand for the same mistake in every release. */
#ifndef CH_DAP_PROTOCOL_H
#define CH_DAP_PROTOCOL_H

#include "dap.h"

/* Error ids of the `error` object in a response. */
#define CH_DAP_ERRORS(X)            \
    X(UNKNOWN_COMMAND, 1001)        \
    X(WRONG_STATE, 1002)            \
    X(BAD_ARGUMENTS, 1003)          \
    X(UNKNOWN_HANDLE, 1004)         \
    X(LAUNCH, 2001)                 \
    X(EVALUATE, 3001)               \
    X(SET_VARIABLE, 3002)           \
    X(RESTART_FRAME, 3003)
typedef enum ChDapError {
#define X(name, id) CH_DAP_ERROR_##name = id,
    CH_DAP_ERRORS(X)
#undef X
} ChDapError;

/* `take_body` may be NULL. */
void ch_dap_respond(ChDap *dap, const ChDapRequest *request, cJSON *take_body);
void ch_dap_fail(ChDap *dap, const ChDapRequest *request, ChDapError id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void ch_dap_event(ChDap *dap, const char *name, cJSON *take_body);

/* A Source object for a path; NULL when the path is empty. */
cJSON *ch_dap_source(const ChDap *dap, ChStr path);
/* The file that a `source` argument names, as a path; empty when there is none. The text lives in `storage`. */
ChStr ch_dap_read_source_path(const ChDap *dap, const cJSON *source, ChBuffer *storage);
cJSON *ch_dap_breakpoint(const ChDap *dap, const ChBreakpointInfo *info);
/* The body of an answer with many of them. */
cJSON *ch_dap_breakpoints(const ChDap *dap, const ChBreakpointInfo *infos, uint32_t count);
/* An address as text: "0x…". */
void ch_dap_add_address(cJSON *object, const char *name, uint64_t address);
/* Lines and columns between the client's base and ours (1). */
int64_t ch_dap_line_out(const ChDap *dap, uint32_t line);
int64_t ch_dap_column_out(const ChDap *dap, uint32_t column);
bool ch_dap_read_line(const ChDap *dap, const cJSON *object, const char *name, uint32_t *out);
bool ch_dap_read_column(const ChDap *dap, const cJSON *object, const char *name, uint32_t *out);
/* The text of a string member, empty when absent; borrowed. */
ChStr ch_dap_read_text(const cJSON *object, const char *name);
cJSON *ch_dap_text(ChStr text);
void ch_dap_add_text(cJSON *object, const char *name, ChStr text);

#endif
