/* A program with a main: arguments, environment, streams, and the ways to end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

struct app {
    weft_frame frame;
    int count;
    char **arguments;
    const weft_error *error;
};
weft_async(app) {
    weft_begin(app);
    for (int i = 1; i < self->count; i++)
        printf("argument %s\n", self->arguments[i]);
    printf("environment %s\n", getenv("WEFT_TEST") == NULL ? "none" : getenv("WEFT_TEST"));
    weft_try {
        weft_await(weft_sleep(self->count > 1 && strcmp(self->arguments[1], "sleep") == 0 ? 1000 : 0.01));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        printf("cancelled: %s\n", self->error->message);
        weft_reraise;
    }
    fprintf(stderr, "on stderr\n");
    printf("half a h\xc3"); /* the first byte of é */
    fflush(stdout);
    printf("\xa9, and no newline");
    if (self->count > 1 && strcmp(self->arguments[1], "fail") == 0)
        weft_raise(WEFT_RUNTIME, "on purpose");
    weft_end();
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "return") == 0) {
        printf("returns");
        return 5;
    }
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        exit(6);
    if (argc > 1 && strcmp(argv[1], "read") == 0) {
        char line[64] = "";
        printf("read %s\n", fgets(line, sizeof line, stdin) == NULL ? "nothing" : line);
        return 0;
    }
    int status = weft_main(weft_call(app, .count = argc, .arguments = argv));
    printf("weft_main returned\n");
    return status;
}
