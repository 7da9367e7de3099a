/* A folder of a case's own, below /tmp. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

#include "weft_test.h"

static char folder[64];

static void make_folder(void) {
    snprintf(folder, sizeof folder, "/tmp/weft-test-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
}

/* The path of a name in it; it stays until three more have been asked for. */
WEFT__UNUSED static const char *in_folder(const char *name) {
    static char paths[4][300];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

#endif
