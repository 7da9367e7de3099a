/* A pipeline of programs, as a shell's: sort, then uniq, and their
 * lines read one by one. What flows between the two is copied by
 * nobody here. */
#include <stdio.h>
#include <string.h>
#include <weft/process.h>
#include <weft/weft.h>

static const char words[] = "weft\nwarp\nloom\nweft\nthread\nwarp\nweft\n";

struct pipeline {
    weft_frame frame;
    weft_process *sort, *count;
    int status;
    char *line;
};

weft_async(pipeline) {
    weft_begin(pipeline);
    weft_await_to(self->sort, weft_process_start(.argv = WEFT_ARGV("sort"), .input = weft_stdio_pipe(),
                                                 .output = weft_stdio_pipe()));
    weft_with(self->sort) {
        weft_await_to(self->count,
                      weft_process_start(.argv = WEFT_ARGV("uniq", "-c"),
                                         .input = weft_stdio_stream(weft_process_output(self->sort)),
                                         .output = weft_stdio_pipe()));
        weft_with(self->count) {
            weft_await(weft_stream_write(weft_process_input(self->sort), words, strlen(words)));
            weft_stream_close(weft_process_input(self->sort));
            weft_for_await (self->line, weft_stream_lines(weft_process_output(self->count))) {
                printf("%s\n", self->line);
                weft_free(self->line);
                self->line = NULL;
            }
            weft_await_to(self->status, weft_process_wait(self->count));
            printf("uniq ended with %d\n", self->status);
        }
        weft_await_to(self->status, weft_process_wait(self->sort));
        printf("sort ended with %d\n", self->status);
    }
    weft_drop();
    weft_free(self->line);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(pipeline));
}
