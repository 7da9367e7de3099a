/* Values that come one by one: a generator turns the pieces that
 * a stream delivers into lines. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(double, delay, 0.4, 0.1, 1); /* Delay of each piece, s */

static const char *const pieces[] = {"roses are r", "ed\nviolets are blue\nC wai", "ts\n",
                                     "and so can you\n"};

struct read_lines {
    weft_frame frame;
    double delay;
    size_t piece, length;
    const char *next;
    char line[80];
};

weft_async(read_lines) {
    weft_begin(read_lines);
    for (; self->piece < sizeof pieces / sizeof *pieces; self->piece++) {
        weft_await(weft_sleep(self->delay)); /* the next piece arrives */
        printf("a piece arrives\n");
        for (self->next = pieces[self->piece]; *self->next != '\0'; self->next++) {
            if (*self->next != '\n' && self->length < sizeof self->line - 1) {
                self->line[self->length++] = *self->next;
                continue;
            }
            self->line[self->length] = '\0';
            self->length = 0;
            /* Stands still here until the next line is wanted. */
            weft_yield(self->line);
        }
    }
    weft_end();
}

struct async_for {
    weft_frame frame;
    int number;
    const char *line;
};

weft_async(async_for) {
    weft_begin(async_for);
    weft_for_await (self->line, weft_call(read_lines, .delay = delay)) {
        printf("line %d: %s\n", ++self->number, self->line);
    }
    printf("%d lines\n", self->number);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(async_for));
}
