/* Instructions and blocks of what waits for many: wait, as_completed. */

#include "interpret.h"

#include <string.h>

/* --- wait --- */

struct wait_many {
    weft_frame frame;
    char **words;
    weft_future *futures[MOST_WORDS];
    size_t count, done;
};

static weft_wait_until mode_of(const char *word) {
    return strcmp(word, "all") == 0     ? WEFT_ALL_COMPLETED
           : strcmp(word, "first") == 0 ? WEFT_FIRST_COMPLETED
                                        : WEFT_FIRST_ERROR;
}

static struct text names_of(weft_future *const *futures, size_t count) {
    struct text text = {""};
    for (size_t i = 0; i < count; i++)
        append(&text, " %s", name_of(futures[i]));
    return text;
}

static weft_async(wait_many) {
    weft_begin(wait_many);
    for (char **word = self->words + 2; *word != NULL; word++)
        self->futures[self->count++] = future_of(*word);
    weft_await_to(self->done,
                  weft_wait(self->futures, self->count, mode_of(self->words[0]), seconds(self->words[1])));
    weft_return(weft_format("done:%s; pending:%s", names_of(self->futures, self->done).is,
                            names_of(self->futures + self->done, self->count - self->done).is));
    weft_end();
}

static weft_awaitable wait_many(char **words) {
    return weft_awaitable_of(weft_call(wait_many, .words = words));
}

static void tell_wait(struct call call, weft_value value) {
    say(call.who, "%s", describe(value).is);
}

/* --- as_completed --- */

struct each_done {
    weft_frame frame;
    struct part part;
    weft_future *future;
};

static weft_coroutine *each_of(const struct line *line) {
    weft_awaitable all[MOST_WORDS];
    size_t count = 0;
    for (char *const *word = line->words + 3; *word != NULL; word++)
        all[count++] = awaitable(*word);
    return weft_as_completed_array(count, all, seconds(line->words[2]));
}

static weft_async(each_done) {
    weft_begin(each_done);
    weft_for_await (self->future, each_of(self->part.at)) {
        say(self->part.who, "%s is %s", self->part.at->words[1], name_of(self->future));
        put_future(self->part.at->words[1], self->future);
        weft_await(inside(&self->part));
        if (!goes_on(self->part.result))
            break;
    }
    say(self->part.who, "leaves %s", self->part.at->words[1]);
    weft_end();
}

static weft_coroutine *open_each_done(struct part part) {
    return weft_call(each_done, .part = part);
}

const struct block_kind many_blocks[] = {
    {"each_done", open_each_done},
    {NULL, NULL},
};

static void do_completion(struct call call) {
    weft_awaitable all[MOST_WORDS];
    size_t count = awaitables(call.words + 2, all);
    weft_completion_init_array(&add(call.words[0], COMPLETION)->as.completion, count, all,
                               seconds(call.words[1]));
}

const struct action many_actions[] = {
    {"completion", do_completion},
    {NULL, NULL},
};

static weft_awaitable next_result(char **words) {
    return weft_awaitable_of(weft_completion_next(&get(words[0], COMPLETION)->as.completion));
}

static void tell_result(struct call call, weft_value value) {
    say(call.who, "%s gave %s", call.words[0], describe(value).is);
}

const struct wait_kind many_waits[] = {
    {"wait", NULL, wait_many, tell_wait},
    {"next_result", NULL, next_result, tell_result},
    {NULL, NULL, NULL, NULL},
};
