// For the kill test: `write FILE` appends for ever and prints each id once it is acknowledged; `verify FILE` checks the
// whole log and prints the last id.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/evlog.h"

int main(int argc, char **argv) {
    ChBuffer why = {0};
    ChEventLog *log = argc == 3 ? ch_evlog_open(CH_EVLOG_SQLITE, argv[2], &why) : NULL;
    if (!log || why.length) return fprintf(stderr, "%s\n", why.data ? why.data : "usage"), 2;
    int64_t id = 0, ids[3];
    if (strcmp(argv[1], "verify") == 0) {
        bool is_good = ch_evlog_verify(log, CH_STR("t"), &why);
        ch_evlog_latest(log, CH_STR("t"), &id);
        printf("%lld %s\n", (long long)id, is_good ? "good" : why.data);
        ch_evlog_close(log);
        return is_good ? 0 : 1;
    }
    ChEventRecord record = {0, CH_STR("t"), CH_STR("k"), CH_STR("{\"some\":\"payload\"}"), CH_STR("{}"), 1};
    for (int i = 0;; i++) {
        // Every fourth time three at once: all of them, or none.
        ChEventRecord batch[3] = {record, record, record};
        uint32_t count = i % 4 == 3 ? 3 : 1;
        if (ch_evlog_append_batch(log, batch, count, ids) != CH_STATUS_OK) return 3;
        char line[32];
        int length = snprintf(line, sizeof line, "%lld\n", (long long)ids[count - 1]);
        if (write(STDOUT_FILENO, line, (size_t)length) != length) return 4;
    }
}
