/* Failures of C functions. Harn errors are values and are not listed here. */
#ifndef CH_BASE_STATUS_H
#define CH_BASE_STATUS_H

typedef enum ChStatus {
#define CH_STATUS(name, text) CH_STATUS_##name,
#include "base/status.def"
#undef CH_STATUS
    CH_STATUS_COUNT
} ChStatus;

/* "permission denied"; never NULL. */
const char *ch_status_text(ChStatus status);

/* "NO_PERMISSION"; never NULL. */
const char *ch_status_name(ChStatus status);

/* The status that fits an errno value. */
ChStatus ch_status_of_errno(int error);

#endif
