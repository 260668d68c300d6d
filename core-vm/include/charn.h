// charn as a library: check and run Harn programs from C.
//
// An engine is one machine with one program. Engines share nothing: a process may have many, each on its own thread.
// All texts are UTF-8. Functions that answer a `char *` give it away: free it with charn_free.
//
//     charn *engine = charn_new(NULL);
//     if (charn_load_file(engine, "demo.harn")) exit_code = charn_run(engine);
//     else fputs(charn_message(engine), stderr);
//     charn_delete(engine);
#ifndef CHARN_H
#define CHARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct charn charn;

typedef struct charn_options {
    // Calls may nest this deep; 0: 100,000.
    uint32_t max_frames;
    // What the program prints (is_error: to standard error). NULL: the process's own streams.
    void (*on_output)(void *ud, bool is_error, const char *text, size_t length);
    void *ud;
} charn_options;

// `options` may be NULL. Never NULL.
charn *charn_new(const charn_options *options);
void charn_delete(charn *engine); // NULL is allowed

// The program's `argv`; before it is loaded. The texts are copied.
void charn_set_arguments(charn *engine, const char *const *arguments, size_t count);

// Reads, parses and compiles; nothing runs. False: charn_message says why, with places and excerpts. An engine loads
// one program.
bool charn_load_file(charn *engine, const char *path);
bool charn_load_text(charn *engine, const char *name, const char *text, size_t length);

// Runs the loaded program to its end; answers its exit code (0 to 255). An uncaught error is written to the error
// stream.
int charn_run(charn *engine);

// Runs for at most so many instructions. True: it goes on, and is to be called again; *wait_ms tells for how long
// there is nothing to do (0: go on at once; -1: until something from outside). False: it has ended, *exit_code is set.
bool charn_run_slice(charn *engine, int64_t instructions, int64_t *wait_ms, int *exit_code);

// Asks a running program to end; it may catch that and leave by itself. From any thread.
void charn_cancel(charn *engine);
// The program sees a signal, "SIGINT", "SIGTERM" or "SIGHUP": its handlers of std/signal run, or it is asked to end. False:
// there is no signal of that name. From any thread.
bool charn_signal(charn *engine, const char *name);

// Reports errors and warnings of names, types and syntax without running anything. `report` is called for each, in
// order of place; `severity` is "error", "warning", "info" or "hint". Answers the number of errors, or -1 when the
// file cannot be read (then charn_message says why).
typedef void (*charn_report)(void *ud, const char *severity, const char *code, const char *message, uint32_t line,
                             uint32_t column);
int charn_check_file(charn *engine, const char *path, charn_report report, void *ud);

// ---- tracing ---------------------------------------------------------------------------------------------------------
// Spans: what took how long, inside of what (docs/runtime.md). On the engine's thread. Kinds are "pipeline", "fn_call",
// "llm_call", "tool_call", "import", "parallel", "spawn", "step" …; another word means "fn_call".

// On: what was recorded is dropped, ids begin at 1. Off is the beginning, and costs nothing.
void charn_trace_enable(charn *engine, bool is_on);
bool charn_trace_enabled(const charn *engine);
// 0 while tracing is off. The parent is the span that is current in the running task, or in the main one.
uint64_t charn_span_start(charn *engine, const char *kind, const char *name);
// Without a parent; linked to the span `linked` unless that is 0.
uint64_t charn_span_start_detached(charn *engine, const char *kind, const char *name, uint64_t linked);
// Of an open span only; `json` is the value. False: not open, or no JSON.
bool charn_span_set_metadata(charn *engine, uint64_t span, const char *key, const char *json);
bool charn_span_link(charn *engine, uint64_t span, const char *trace_id, const char *span_id);
// 0, unknown and ended spans are ignored.
void charn_span_end(charn *engine, uint64_t span);
uint64_t charn_span_current(charn *engine);
// The completed spans: as a tree of lines; as a JSON list in the order of their end (and forgotten, if so asked).
char *charn_trace_summary(charn *engine);
char *charn_trace_spans(charn *engine, bool forget);
// Where the time went, by kind.
char *charn_profile(charn *engine, bool as_json);
// Files that other programs open: Chrome's trace events (Perfetto), and one OTLP request as JSON. They are complete
// after charn_trace_close, or when the engine is deleted.
void charn_trace_to_chrome(charn *engine, const char *path);
void charn_trace_to_otlp(charn *engine, const char *path, const char *service);
// Hears of each start and end, as JSON. Answering false takes it off.
typedef bool (*charn_on_span)(void *ud, bool is_end, const char *span);
void charn_trace_sink(charn *engine, charn_on_span on_span, void *ud);
void charn_trace_close(charn *engine);

// ---- the end of a run ------------------------------------------------------------------------------------------------
// What is unsettled, the audit log, handoffs, hooks (docs/runtime.md). On the engine's thread; texts are JSON.

// What is unsettled: an object of five lists.
char *charn_unsettled(charn *engine);
// The steps (@step) that have ended: a JSON list of {name, function, model, input_tokens, output_tokens, cost_usd, llm_calls,
// status, error}. Owned.
char *charn_steps_completed(charn *engine);
// The audit log; `take` empties it.
char *charn_audit_log(charn *engine, bool take);
// Adds an entry and gives it; NULL: `payload` is no JSON.
char *charn_audit(charn *engine, const char *kind, const char *payload);
// Records a handoff and gives its envelope; NULL: no JSON, or too many are pending.
char *charn_handoff(charn *engine, const char *target, const char *payload);
bool charn_handoff_acknowledge(charn *engine, const char *envelope_id, const char *decision);
// The disposition of harness.finalize, "null" when there is none.
char *charn_disposition(charn *engine);
// Items of buckets that the host owns: a model call that runs, a subagent that waits.
uint64_t charn_llm_call_begin(charn *engine, const char *model, const char *role);
void charn_llm_call_end(charn *engine, uint64_t call);
bool charn_subagent_suspended(charn *engine, const char *handle, const char *details);
bool charn_subagent_resumed(charn *engine, const char *handle);
// A hook of the host, beside those of register_session_hook and in order with them. It answers NULL, or JSON as a
// program's hook would: false, {"block": true, "reason": …}, {"modify": …}, {"decision": "allow"}; made with malloc, and
// freed by the engine. False: there is no such event.
typedef char *(*charn_hook)(void *ud, const char *payload);
bool charn_on_event(charn *engine, const char *event, const char *pattern, charn_hook hook, void *ud);

// ---- inboxes of agent sessions ---------------------------------------------------------------------------------------
// One set for the process, first in, first out; from any thread. What is pushed here is what agent_session_drain_inbox
// gives a program.

// False: a text is NULL or no UTF-8, or too much is pending; nothing is queued then. The texts are copied.
bool charn_inbox_push(const char *session, const char *kind, const char *content, size_t content_length, const char *source);
size_t charn_inbox_pending(const char *session);
// Calls `each` for every entry, oldest first, which are taken out.
typedef void (*charn_inbox_entry)(void *ud, uint64_t sequence, const char *kind, const char *content, size_t length,
                                  const char *source, int64_t at_ms);
void charn_inbox_drain(const char *session, charn_inbox_entry each, void *ud);
// Blocks the calling thread until something is pending, at most so long; tells whether it is.
bool charn_inbox_wait(const char *session, int64_t timeout_ms);
void charn_inbox_clear(const char *session);

// Why the last call failed; empty when it did not. Good until the next call.
const char *charn_message(const charn *engine);

const char *charn_version(void);

// Frees a text that a function here has given away; NULL is allowed.
void charn_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
