/* Plans: how each part of a block is to end, and a model that says what must come of it. */
#ifndef PLAN_H
#define PLAN_H

#include "world.h"

enum { MY_ERROR = WEFT_USER + 1, OTHER_ERROR = WEFT_USER + 2, NO_ERROR = WEFT_USER + 3 };

/* "body<outer": the error's message and those of its causes. */
WEFT__UNUSED static const char *chain_of(const weft_error *error) {
    static char text[256];
    text[0] = '\0';
    for (; error != NULL; error = error->cause)
        world_add(text, sizeof text, "<",
                  error->message[0] != '\0' ? error->message : weft_error_name(error->code));
    return text;
}

/* Whether parts await before they end. */
static bool awaits;

/*
 * A part ends n(ormally), by an e(rror), by weft_r(eturn), weft_b(reak) or weft_c(ontinue), and a catch also
 * by reraising (x).
 */
#define ACT(name, letter)               \
    do {                                \
        if (awaits)                     \
            weft_await(weft_sleep(0));  \
        say(name);                      \
        if ((letter) == 'e')            \
            weft_raise(MY_ERROR, name); \
        if ((letter) == 'r')            \
            weft_return(name);          \
        if ((letter) == 'b')            \
            weft_break;                 \
        if ((letter) == 'c')            \
            weft_continue;              \
        if ((letter) == 'x')            \
            weft_reraise;               \
    } while (0)

/* How something ended, and with which error or value. */
typedef struct completion {
    char how;
    char text[200];
} completion;

static char model_said[1024];

WEFT__UNUSED static completion model_part(const char *name, char letter, const char *handled) {
    completion end = {letter, ""};
    world_add(model_said, sizeof model_said, " ", name);
    if (letter == 'r' || letter == 'e')
        snprintf(end.text, sizeof end.text, "%s%s%s", name, letter == 'e' && handled[0] ? "<" : "",
                 letter == 'e' ? handled : "");
    if (letter == 'x')
        end = (completion){'e', ""};
    if (letter == 'x')
        snprintf(end.text, sizeof end.text, "%s", handled);
    return end;
}

#endif
