/* What is in a queue: a ring, or a binary heap whose equal items keep the order in which they came. */

#include "internal.h"

enum { CAPACITY_FIRST = 8, CAPACITY_KEPT = 1024 }; /* powers of two */

static bool is_heap(const weft_queue *queue) {
    return queue->kind == QUEUE_PRIORITY;
}

/* --- Room --- */

/* Of a heap: the items' numbers in the order in which they came, behind the items. */
static uint64_t *orders_of(const weft_queue *queue) {
    return (uint64_t *)(void *)(queue->items + queue->capacity);
}

/* To a power of two. */
static bool grow(weft_queue *queue, size_t capacity) {
    size_t item = sizeof(weft_value) + (is_heap(queue) ? sizeof(uint64_t) : 0);
    weft_queue old = *queue;
    weft_value *items = capacity > SIZE_MAX / 2 / item ? NULL : weft_allocate(capacity * item);
    if (items == NULL)
        return false;
    queue->items = items;
    queue->capacity = capacity;
    queue->head = 0;
    for (size_t i = 0; i < old.count; i++)
        items[i] = old.items[(old.head + i) & (old.capacity - 1)];
    if (is_heap(queue) && old.count > 0)
        memcpy(orders_of(queue), orders_of(&old), old.count * sizeof(uint64_t));
    weft_free(old.items);
    return true;
}

bool weft__items_reserve(weft_queue *queue, size_t count) {
    size_t capacity = CAPACITY_FIRST;
    while (capacity < count && capacity <= SIZE_MAX / 4)
        capacity *= 2;
    return queue->capacity >= count || grow(queue, capacity);
}

/* A queue without a limit that was long for once does not keep the memory. */
static void shrink(weft_queue *queue) {
    if (queue->count > 0 || queue->most > 0 || queue->capacity <= CAPACITY_KEPT)
        return;
    weft_free(queue->items);
    queue->items = NULL;
    queue->capacity = queue->head = 0;
}

/* --- Priorities --- */

static bool is_number(const weft_value *value) {
    return value->kind == WEFT_BOOL || value->kind == WEFT_INT || value->kind == WEFT_DOUBLE;
}

static bool is_string(const weft_value *value) {
    return value->kind == WEFT_STRING && value->as.string != NULL;
}

static int compare_doubles(double a, double b) {
    if (a != a || b != b)
        return (a != a) - (b != b);
    return (a > b) - (a < b);
}

/* Exact, where a conversion of the integer would round. */
static int compare_integer(int64_t a, double b) {
    if (!(b < 0x1p63))
        return -1;
    if (b < -0x1p63)
        return 1;
    int64_t whole = (int64_t)b;
    return a != whole ? (a > whole) - (a < whole) : compare_doubles((double)whole, b);
}

static int compare_values(weft_value a, weft_value b) {
    if (a.kind == WEFT_STRING)
        return strcmp(a.as.string, b.as.string);
    if (a.kind == WEFT_DOUBLE)
        return b.kind == WEFT_DOUBLE ? compare_doubles(a.as.real, b.as.real)
                                     : -compare_integer(b.as.integer, a.as.real);
    if (b.kind == WEFT_DOUBLE)
        return compare_integer(a.as.integer, b.as.real);
    return (a.as.integer > b.as.integer) - (a.as.integer < b.as.integer);
}

/* Whether an item has a place among those that are there: these are all of one sort. */
static bool fits(const weft_queue *queue, const weft_value *value) {
    if (!is_heap(queue) || queue->compare != NULL)
        return true;
    return is_number(value)   ? queue->count == 0 || is_number(&queue->items[0])
           : is_string(value) ? queue->count == 0 || is_string(&queue->items[0])
                              : false;
}

/* --- The heap --- */

static bool before(const weft_queue *queue, size_t a, size_t b) {
    weft_queue_compare *compare = queue->compare != NULL ? queue->compare : compare_values;
    int order = compare(queue->items[a], queue->items[b]);
    return order != 0 ? order < 0 : orders_of(queue)[a] < orders_of(queue)[b];
}

static void swap(weft_queue *queue, size_t a, size_t b) {
    uint64_t *orders = orders_of(queue), order = orders[a];
    weft_value item = queue->items[a];
    queue->items[a] = queue->items[b];
    queue->items[b] = item;
    orders[a] = orders[b];
    orders[b] = order;
}

static void sift_up(weft_queue *queue, size_t at) {
    for (; at > 0 && before(queue, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(queue, at, (at - 1) / 2);
}

static void sift_down(weft_queue *queue) {
    for (size_t at = 0, least = 0;; at = least) {
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue->count; child++)
            if (before(queue, child, least))
                least = child;
        if (least == at)
            return;
        swap(queue, at, least);
    }
}

/* --- In and out --- */

const weft_error *weft__items_add(weft_queue *queue, const weft_value *value) {
    static const weft_error unfit = {.code = WEFT_TYPE_MISMATCH,
                                     .message = "a priority queue without a function that compares takes "
                                                "numbers, or strings, and not both"};
    if (!fits(queue, value))
        return &unfit;
    if (queue->count == queue->capacity && !weft__items_reserve(queue, queue->count + 1))
        return &weft_error_out_of_memory;
    size_t last = queue->count++;
    queue->items[(queue->head + last) & (queue->capacity - 1)] = *value;
    if (is_heap(queue)) {
        orders_of(queue)[last] = queue->orders++;
        sift_up(queue, last);
    }
    return NULL;
}

weft_value weft__items_take(weft_queue *queue) {
    size_t last = --queue->count;
    weft_value value;
    if (queue->kind == QUEUE_FIFO) {
        value = queue->items[queue->head];
        queue->head = (queue->head + 1) & (queue->capacity - 1);
    } else if (queue->kind == QUEUE_LIFO) {
        value = queue->items[last];
    } else {
        swap(queue, 0, last);
        value = queue->items[last];
        sift_down(queue);
    }
    shrink(queue);
    return value;
}
