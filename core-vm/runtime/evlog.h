// A VM's event log (host/evlog.h), which is opened when it is first used.
#ifndef CH_RUNTIME_EVLOG_H
#define CH_RUNTIME_EVLOG_H

#include "host/evlog.h"
#include "vm/vm.h"

// Where the log is, unless the environment says something else; NULL: in memory. Copied; before the first use.
void ch_vm_event_log_at(ChVm *vm, const char *path);
// The log; NULL: it cannot be opened (a warning was written). Borrowed.
ChEventLog *ch_vm_event_log(ChVm *vm);
// Appends a record with values as payload and headers (a dict or nil). `why` stays empty when it was stored.
void ch_vm_event_append(ChVm *vm, ChStr topic, ChStr kind, ChValue payload, ChValue headers, int64_t *id, ChBuffer *why);
void ch__event_log_free(ChVm *vm);

#endif
