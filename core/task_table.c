/* A table of the tasks: what each waits for, who awaits it, where it is. */

#include <stdio.h>

#include "internal.h"
#include "task_stack.h"
#include "task_wait.h"
#include "text.h"

enum { CELL = 41, COLUMNS = 4 };

/* What stands in a row before the coroutines: id, name, what it waits for, who awaits it. */
typedef struct row {
    char cells[COLUMNS][CELL];
} row;

typedef struct table {
    weft__lines *lines;
    size_t widths[COLUMNS];
} table;

/* Of UTF-8 text, in characters. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void set_awaiters(char *cell, weft_task *task) {
    weft_task *tasks[4];
    size_t room = sizeof tasks / sizeof *tasks, count = weft_awaited_by_of(&task->future, tasks, room);
    weft__text text = weft__text_in(cell, CELL);
    for (size_t i = 0; i < count && i < room; i++)
        weft__text_add(&text, "%s%u", i == 0 ? "" : ", ", tasks[i]->future.id);
    if (count > room)
        weft__text_add(&text, ", …");
}

static row row_of(weft_loop *loop, weft_task *task) {
    row self;
    const char *name = weft_task_name(task);
    weft__text wait = weft__text_in(self.cells[2], CELL);
    snprintf(self.cells[0], CELL, "%u", task->future.id);
    snprintf(self.cells[1], CELL, "%.*s", (int)weft__text_cut(name, strlen(name), CELL - 1), name);
    if (task == loop->current)
        weft__text_add(&wait, "nothing: it runs");
    else
        weft__add_wait(&wait, loop, task);
    set_awaiters(self.cells[3], task);
    return self;
}

static void add_row(table *self, const row *one, weft_frame *leaf) {
    enum { MOST = 4 };
    weft__text *text = &self->lines->text;
    for (size_t i = 0; i < COLUMNS; i++)
        weft__text_add(text, "%s%*s", one->cells[i], (int)(self->widths[i] - width_of(one->cells[i])) + 2,
                       "");
    size_t depth = weft__stack_depth(leaf);
    for (size_t i = 0; i < depth && i < MOST; i++, leaf = weft__caller_of(leaf))
        weft__text_add(text, "%s%s", i == 0 ? "" : ", ", weft__type_of(leaf)->name);
    if (depth > MOST)
        weft__text_add(text, ", … %zu more", depth - MOST);
}

static bool measure_row(weft_loop *loop, weft_task *task, void *context) {
    table *self = context;
    if (!weft__is_pending(task))
        return true;
    row one = row_of(loop, task);
    for (size_t i = 0; i < COLUMNS; i++)
        if (width_of(one.cells[i]) > self->widths[i])
            self->widths[i] = width_of(one.cells[i]);
    return true;
}

static bool tell_row(weft_loop *loop, weft_task *task, void *context) {
    table *self = context;
    if (!weft__is_pending(task))
        return true;
    row one = row_of(loop, task);
    add_row(self, &one, weft__leaf_of(loop, task));
    weft__lines_end(self->lines);
    return true;
}

static void write_table(weft_loop *loop, weft__lines *lines) {
    static const row head = {{"task", "name", "waits for", "awaited by"}};
    table all = {.lines = lines};
    for (size_t i = 0; i < COLUMNS; i++)
        all.widths[i] = width_of(head.cells[i]);
    weft__each_task(loop, measure_row, &all);
    add_row(&all, &head, NULL);
    weft__text_add(&lines->text, "coroutines, innermost first");
    weft__lines_end(lines);
    weft__each_task(loop, tell_row, &all);
}

size_t weft_format_tasks(char *buffer, size_t size) {
    weft__lines lines = {.text = weft__text_in(buffer, size)};
    if (weft__current != NULL)
        write_table(weft__current, &lines);
    return lines.text.length;
}

void weft_print_tasks(void) {
    char part[WEFT__LINES_PART];
    weft__lines lines = {.text = weft__text_in(part, sizeof part), .stream = stderr};
    if (weft__current == NULL)
        return;
    write_table(weft__current, &lines);
    weft__lines_flush(&lines);
}
