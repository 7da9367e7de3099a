/* Shows what `./weft run` hands to a program, and ends with a status of its own. */
#include <stdio.h>
#include <stdlib.h>

static const char *const settings[] = {"WEFT_VIRTUAL", "WEFT_SEED", "WEFT_DECISIONS", "WEFT_PERMUTE_READY",
                                       "WEFT_TRACE"};

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        printf("argument %s\n", argv[i]);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (getenv(settings[i]))
            printf("%s=%s\n", settings[i], getenv(settings[i]));
    return 7;
}
