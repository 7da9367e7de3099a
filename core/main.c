/* weft_main: a program from its first coroutine to its exit status, on the host's clock or the simulation's.
 */

#include "internal.h"
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct program {
    weft_simulation simulation;
    weft_simulation_options options;
    uint32_t *decisions;
    weft_host *host;
    weft_task *main;
    weft_trace *trace;
    bool simulated;
} program;

static const char *setting(const char *name) {
    const char *text = getenv(name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool bad_setting(const char *name, const char *text, const char *wanted) {
    fprintf(stderr, "weft: %s is \"%s\", which is not %s\n", name, text, wanted);
    return false;
}

static bool read_seed(weft_simulation_options *options) {
    const char *text = setting("WEFT_SEED");
    char *end;
    if (text == NULL)
        return true;
    errno = 0;
    options->seed = strtoull(text, &end, 10);
    options->seeded = true;
    return (errno == 0 && *end == '\0' && text[0] != '-') || bad_setting("WEFT_SEED", text, "a whole number");
}

/* "0 3 1": one choice a word. */
static bool read_decisions(weft_simulation_options *options) {
    const char *text = setting("WEFT_DECISIONS");
    if (text == NULL)
        return true;
    uint32_t *list = malloc((strlen(text) / 2 + 1) * sizeof *list);
    if (list == NULL)
        return bad_setting("WEFT_DECISIONS", "…", "short enough for the memory there is");
    program.decisions = list;
    options->decisions = list;
    for (const char *at = text + strspn(text, " \t\r\n,"); *at != '\0'; at += strspn(at, " \t\r\n,")) {
        char *end;
        unsigned long chosen = strtoul(at, &end, 10);
        if (end == at || *at == '-' || chosen > UINT32_MAX)
            return bad_setting("WEFT_DECISIONS", text, "a list of whole numbers");
        list[options->decision_count++] = (uint32_t)chosen;
        at = end;
    }
    return true;
}

static bool begin_trace(void) {
    const char *path = setting("WEFT_TRACE");
    if (path == NULL)
        return true;
    if (!weft__program_trace_open(path))
        return false;
    program.trace = weft_trace_new(weft__program_trace_write, NULL);
    if (program.trace != NULL && weft_log_on(weft_trace_feed, program.trace))
        return true;
    fprintf(stderr, "weft: no memory for a trace\n");
    return false;
}

static void release_world(void) {
    if (program.trace != NULL) {
        weft_trace_end(program.trace);
        weft__program_trace_close();
    }
    if (program.simulated)
        weft_simulation_destroy(&program.simulation);
    else if (program.host != NULL)
        weft__program_close(program.host);
    free(program.decisions);
    memset((void *)&program, 0, sizeof program);
}

bool weft__main_enter(void) {
    if (weft__current != NULL) {
        fprintf(stderr, "weft: weft_main was called inside a running loop\n");
        return false;
    }
    if (!read_seed(&program.options) || !read_decisions(&program.options))
        return false;
    const char *virtual_clock = setting("WEFT_VIRTUAL");
    program.simulated = program.options.seeded || program.options.decisions != NULL ||
                        (virtual_clock != NULL && strcmp(virtual_clock, "0") != 0);
    if (program.simulated)
        weft_simulation_init(&program.simulation, &program.options);
    program.host = program.simulated ? &program.simulation.host : weft__program_host();
    weft_loop *loop = program.host == NULL ? NULL : weft_loop_new(program.host, NULL);
    if (loop == NULL) {
        if (program.host != NULL)
            fprintf(stderr, "weft: no memory for a loop\n");
        release_world();
        return false;
    }
    const char *debug = setting("WEFT_DEBUG");
    weft_loop_set_debug(loop, debug != NULL && strcmp(debug, "0") != 0);
    weft__program_entered(loop);
    if (begin_trace())
        return true;
    weft_loop_close(loop);
    release_world();
    return false;
}

int weft__main_run(weft_coroutine *coroutine) {
    weft_loop *loop = weft__current;
    program.main = weft_loop_start(loop, coroutine);
    return weft__program_run(program.host, loop);
}

/* The first one's text was too short for it: once more with room. */
static void print_error(weft_task *task) {
    char text[2048];
    size_t length = weft_task_print_error(task, text, sizeof text);
    char *whole = length < sizeof text ? NULL : malloc(length + 1);
    if (whole != NULL)
        weft_task_print_error(task, whole, length + 1);
    fputs(whole != NULL ? whole : text, stderr);
    free(whole);
}

int weft__program_finish(weft_loop *loop) {
    weft_task *main_task = program.main; /* NULL: the host started tasks of its own */
    bool stopped = main_task != NULL && !weft_task_done(main_task);
    bool failed = stopped || (main_task != NULL && weft_task_error(main_task) != NULL);
    fflush(stdout);
    if (stopped)
        fprintf(stderr, "weft: the program stopped before its main coroutine had ended\n");
    else if (failed)
        print_error(main_task);
    weft_loop_close(loop);
    release_world();
    return failed ? 1 : 0;
}
