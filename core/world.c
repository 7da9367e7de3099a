/* The world of a program: the host library's own, or a simulated one with what the environment says. */

#include "internal.h"
#include "program.h"

#include <errno.h>
#include <stdlib.h>

static const char *setting(const char *name) {
    const char *text = getenv(name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool is_on(const char *name) {
    const char *text = setting(name);
    return text != NULL && strcmp(text, "0") != 0;
}

static const weft_error *bad_setting(const char *name, const char *text, const char *wanted) {
    return weft_error_new(WEFT_INVALID_ARGUMENT, "%s is \"%s\", which is not %s", name, text, wanted);
}

/* The digits at *at, which moves behind them; false if there are none, or more than `most` in value. */
static bool read_number(const char **at, uint64_t most, uint64_t *number) {
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    *number = strtoull(*at, &end, 10);
    *at = end;
    return errno == 0 && *number <= most;
}

static const weft_error *read_seed(weft_simulation_options *options) {
    const char *text = setting("WEFT_SEED"), *at = text;
    if (text == NULL)
        return NULL;
    options->seeded = true;
    bool whole = read_number(&at, UINT64_MAX, &options->seed) && *at == '\0';
    return whole ? NULL : bad_setting("WEFT_SEED", text, "a whole number");
}

/* Of one who has not said it in the program. */
static const weft_error *read_join_seconds(weft_runner *runner) {
    const char *text = setting("WEFT_JOIN_SECONDS");
    char *end;
    if (text == NULL)
        return NULL;
    double seconds = strtod(text, &end);
    if (*end != '\0' || !(seconds >= 0))
        return bad_setting("WEFT_JOIN_SECONDS", text, "a number of seconds");
    if (runner->options.join_seconds == 0)
        runner->options.join_seconds = seconds == 0 ? -1 : seconds;
    return NULL;
}

/* --- Lists: words between blanks or commas --- */

static const char between[] = " \t\r\n,";

/* Moves *at from where a word ended, or the text began, to the next word. False at the end, or if none lies
 * between. */
static bool next_word(const char *text, const char **at) {
    const char *word = *at + strspn(*at, between);
    bool apart = *at == text || word != *at;
    *at = word;
    return *word != '\0' && apart;
}

/* "0 3 1": one choice a word. */
static const weft_error *read_decisions(weft_runner *runner, weft_simulation_options *options) {
    const char *text = setting("WEFT_DECISIONS"), *at = text;
    uint64_t chosen = 0;
    bool whole = true;
    if (text == NULL)
        return NULL;
    uint32_t *list = malloc((strlen(text) / 2 + 1) * sizeof *list);
    if (list == NULL)
        return &weft_error_out_of_memory;
    runner->decisions = list;
    options->decisions = list;
    while (whole && next_word(text, &at)) {
        whole = read_number(&at, UINT32_MAX, &chosen);
        list[options->decision_count++] = (uint32_t)chosen;
    }
    return whole && *at == '\0' ? NULL : bad_setting("WEFT_DECISIONS", text, "a list of whole numbers");
}

static bool read_injection(const char **at, weft_injection *injection) {
    uint64_t task;
    if (!read_number(at, UINT64_MAX, &injection->step) || injection->step == 0 || **at != ':')
        return false;
    ++*at;
    if (!read_number(at, UINT32_MAX, &task) || task == 0)
        return false;
    injection->task = (uint32_t)task;
    return true;
}

/* "12:3 40:7": before step 12 task 3 is cancelled, before step 40 task 7. */
static const weft_error *read_injections(weft_runner *runner, weft_simulation_options *options) {
    const char *text = setting("WEFT_INJECTIONS"), *at = text;
    bool whole = true;
    if (text == NULL)
        return NULL;
    weft_injection *list = malloc((strlen(text) / 4 + 1) * sizeof *list);
    if (list == NULL)
        return &weft_error_out_of_memory;
    runner->injections = list;
    options->injections = list;
    while (whole && next_word(text, &at))
        whole = read_injection(&at, &list[options->injection_count++]);
    return whole && *at == '\0' ? NULL
                                : bad_setting("WEFT_INJECTIONS", text, "a list of STEP:TASK, both from 1");
}

const weft_error *weft__world_open(weft_runner *runner) {
    weft_simulation_options options = {.decisions = NULL};
    const weft_error *error = weft__params_check();
    if (error == NULL)
        error = read_join_seconds(runner);
    if (error == NULL)
        error = read_seed(&options);
    if (error == NULL)
        error = read_decisions(runner, &options);
    if (error == NULL)
        error = read_injections(runner, &options);
    if (error != NULL)
        return error;
    options.permute_ready = is_on("WEFT_PERMUTE_READY");
    runner->options.debug |= is_on("WEFT_DEBUG");
    bool simulated = options.seeded || options.decisions != NULL || options.injections != NULL;
    if (simulated || is_on("WEFT_VIRTUAL")) {
        weft_simulation_init(&runner->simulation, &options);
        runner->host = &runner->simulation.host;
        error = weft__program_simulated(runner->host);
    } else {
        runner->host = weft__program_host(&error);
    }
    return error;
}
