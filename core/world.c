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

static const weft_error *read_seed(weft_simulation_options *options) {
    const char *text = setting("WEFT_SEED");
    char *end;
    if (text == NULL)
        return NULL;
    errno = 0;
    options->seed = strtoull(text, &end, 10);
    options->seeded = true;
    bool whole = errno == 0 && *end == '\0' && text[0] != '-';
    return whole ? NULL : bad_setting("WEFT_SEED", text, "a whole number");
}

/* "0 3 1": one choice a word. */
static const weft_error *read_decisions(weft_runner *runner, weft_simulation_options *options) {
    const char *text = setting("WEFT_DECISIONS");
    if (text == NULL)
        return NULL;
    uint32_t *list = malloc((strlen(text) / 2 + 1) * sizeof *list);
    if (list == NULL)
        return &weft_error_out_of_memory;
    runner->decisions = list;
    options->decisions = list;
    for (const char *at = text + strspn(text, " \t\r\n,"); *at != '\0'; at += strspn(at, " \t\r\n,")) {
        char *end;
        unsigned long chosen = strtoul(at, &end, 10);
        if (end == at || *at == '-' || chosen > UINT32_MAX)
            return bad_setting("WEFT_DECISIONS", text, "a list of whole numbers");
        list[options->decision_count++] = (uint32_t)chosen;
        at = end;
    }
    return NULL;
}

const weft_error *weft__world_open(weft_runner *runner) {
    weft_simulation_options options = {.decisions = NULL};
    const weft_error *error = weft__params_check();
    if (error == NULL)
        error = read_seed(&options);
    if (error == NULL)
        error = read_decisions(runner, &options);
    if (error != NULL)
        return error;
    runner->options.debug |= is_on("WEFT_DEBUG");
    if (options.seeded || options.decisions != NULL || is_on("WEFT_VIRTUAL")) {
        weft_simulation_init(&runner->simulation, &options);
        runner->host = &runner->simulation.host;
        weft__program_simulated(runner->host);
    } else {
        runner->host = weft__program_host(&error);
    }
    return error;
}
