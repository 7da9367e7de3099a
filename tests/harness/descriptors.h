/* The open file descriptors of this process, which a case counts before and after what must leave none. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <weft/weft.h>

/* Outside any loop. The process's first loop makes some that libuv keeps; it has run before the first count.
 */
static int open_descriptors(void) {
    static bool kept_ones_are_open;
    if (!kept_ones_are_open)
        weft_run(weft_coroutine_of(weft_sleep(0)), NULL, NULL);
    kept_ones_are_open = true;
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return -1;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* Whether so many are open once threads have brought back what they hold, which comes with the loops that
 * follow. */
WEFT__UNUSED static bool descriptors_become(int expected) {
    for (int tries = 0; tries < 30000; tries++) {
        weft_run(weft_coroutine_of(weft_sleep(0)), NULL, NULL);
        if (open_descriptors() == expected)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return false;
}

#endif
