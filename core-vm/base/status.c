/* See status.h. */
#include "base/status.h"

#include <errno.h>

#include "base/banned.h"

static const struct {
    const char *name, *text;
} STATUSES[] = {
#define CH_STATUS(name, text) {#name, text},
#include "base/status.def"
#undef CH_STATUS
};

const char *ch_status_text(ChStatus status) {
    return (unsigned)status < CH_STATUS_COUNT ? STATUSES[status].text : "unknown status";
}

const char *ch_status_name(ChStatus status) {
    return (unsigned)status < CH_STATUS_COUNT ? STATUSES[status].name : "UNKNOWN";
}

ChStatus ch_status_of_errno(int error) {
    switch (error) {
    case 0: return CH_STATUS_OK;
    case ENOENT:
    case ENOTDIR: return CH_STATUS_NOT_FOUND;
    case EACCES:
    case EPERM: return CH_STATUS_NO_PERMISSION;
    case EISDIR: return CH_STATUS_IS_FOLDER;
    case EEXIST: return CH_STATUS_EXISTS;
    case ENOMEM: return CH_STATUS_NO_MEMORY;
    case EFBIG: return CH_STATUS_TOO_LARGE;
    case EINVAL: return CH_STATUS_BAD_ARGUMENT;
    case ETIMEDOUT: return CH_STATUS_TIMED_OUT;
    case ECANCELED: return CH_STATUS_CANCELLED;
    default: return CH_STATUS_IO_ERROR;
    }
}
