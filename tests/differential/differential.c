/* Runs the scenarios of a file in weft's simulation and prints what they do, as interpret.py does in CPython.
 * The two name everything alike. */

#include "interpret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The loop's memory: counted, and made to fail where it is asked for. */
static struct memory {
    size_t fail_from, fail_to; /* the first allocation that fails, counted from 1; 0: none */
    size_t asked, live;
} memory;

static bool may_allocate(void) {
    memory.asked++;
    return memory.fail_from == 0 || memory.asked < memory.fail_from || memory.asked > memory.fail_to;
}

static void *allocate(void *context, size_t size) {
    (void)context;
    void *pointer = may_allocate() ? malloc(size) : NULL;
    memory.live += pointer != NULL;
    return pointer;
}

static void *reallocate(void *context, void *pointer, size_t size) {
    (void)context;
    void *moved = may_allocate() ? realloc(pointer, size) : NULL;
    memory.live += moved != NULL && pointer == NULL;
    return moved;
}

static void release(void *context, void *pointer) {
    (void)context;
    memory.live -= pointer != NULL;
    free(pointer);
}

/* --- A run --- */

enum mode { LINES, STEPS, TORTURE };
enum { MOST_STEPS = 100000 }; /* a program that goes on for longer is stopped */

/* A task is destroyed where CPython would hang. */
static void hear(void *context, const char *text) {
    (void)context;
    if (strstr(text, "destroyed while it was pending") != NULL)
        world_mute();
}

struct begin {
    weft_frame frame;
};

static weft_async(begin) {
    weft_begin(begin);
    add("main", TASK)->as.task = weft_current_task();
    weft_await(run_named("main", "main"));
    weft_end();
}

static void run_main(weft_simulation *simulation, weft_loop *loop, enum mode mode) {
    weft_loop_set_reporter(loop, hear, NULL);
    if (mode == STEPS)
        say_steps();
    weft_loop_start(loop, weft_call(begin));
    weft_simulation_turn(simulation, loop, MOST_STEPS);
    weft_log_off();
    world_let_go();
    weft_loop_close(loop);
}

static void interpret(const struct scenario *program, enum mode mode) {
    static const weft_allocator allocator = {allocate, reallocate, release, NULL};
    weft_simulation simulation;
    memory.asked = 0;
    world_begin(program, mode == TORTURE);
    weft_simulation_init(&simulation, NULL);
    weft_loop *loop = weft_loop_new(&simulation.host, &allocator);
    if (loop != NULL)
        run_main(&simulation, loop, mode);
    weft_simulation_destroy(&simulation);
    world_end();
    if (memory.live > 0)
        program_wrong("memory was not given back", program->name);
}

/* Runs it again and again, with every allocation failing once, and with all from there on failing. What it
 * does then is not looked at, but it must end, and give back all memory. */
static void torture(const struct scenario *program) {
    size_t times = 0;
    memory.fail_from = 0;
    do {
        memory.fail_from++;
        memory.fail_to = SIZE_MAX;
        interpret(program, TORTURE);
        memory.fail_to = memory.fail_from;
        interpret(program, TORTURE);
        times += 2;
    } while (memory.asked >= memory.fail_from);
    printf("ended %zu times\n", times);
}

/* --- The file --- */

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    long size = file == NULL || fseek(file, 0, SEEK_END) != 0 ? -1 : ftell(file);
    char *text = size < 0 ? NULL : malloc((size_t)size + 1);
    if (text == NULL || fseek(file, 0, SEEK_SET) != 0 || fread(text, 1, (size_t)size, file) != (size_t)size)
        program_wrong("cannot read", path);
    fclose(file);
    text[size] = '\0';
    return text;
}

static enum mode mode_of(int argc, char **argv) {
    if (argc == 2)
        return LINES;
    if (argc == 3 && strcmp(argv[2], "--steps") == 0)
        return STEPS;
    if (argc == 3 && strcmp(argv[2], "--torture") == 0)
        return TORTURE;
    program_wrong("usage", "differential SCENARIOS [--steps | --torture]");
}

int main(int argc, char **argv) {
    static struct scenario program;
    enum mode mode = mode_of(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a crash must not swallow the lines before it */
    char *text = read_file(argv[1]), *at = text;
    while (program_next(&at, &program)) {
        printf("scenario %s\n", program.name);
        if (mode == TORTURE)
            torture(&program);
        else
            interpret(&program, mode);
    }
    free(text);
    return 0;
}
