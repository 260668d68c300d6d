// The check behind charn_check_file. Apart from charn.c, which knows modules as the machine has them and not as the
// analysis has them.
#ifndef CH_VM_CHARN_CHECK_H
#define CH_VM_CHARN_CHECK_H

#include "base/source.h"
#include "charn.h"

// Reports every diagnostic of the source; answers the number of errors.
int ch__charn_check(ChSource *source, charn_report report, void *ud);

#endif
