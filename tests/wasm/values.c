/* Coroutines whose fields and results are of every kind; a module without a main. */
#include <malloc.h>
#include <weft/weft.h>

struct integers {
    weft_frame frame;
    signed char i8;
    unsigned char u8;
    short i16;
    unsigned short u16;
    int i32;
    unsigned u32;
    int64_t i64;
    uint64_t u64;
};
weft_async(integers) {
    weft_begin(integers);
    weft_return(weft_format("%d %d %d %d %d %u %lld %llu", self->i8, self->u8, self->i16, self->u16,
                            self->i32, self->u32, (long long)self->i64, (unsigned long long)self->u64));
    weft_end();
}
weft_export(integers, i8, u8, i16, u16, i32, u32, i64, u64);

struct others {
    weft_frame frame;
    bool flag;
    float narrow;
    double wide;
    const char *text;
    void *pointer;
};
weft_async(others) {
    weft_begin(others);
    weft_return(weft_format("%s %g %g %s %s", self->flag ? "true" : "false", (double)self->narrow, self->wide,
                            self->text == NULL ? "NULL" : self->text,
                            self->pointer == NULL ? "NULL" : "set"));
    weft_end();
}
weft_export(others, flag, narrow, wide, text, pointer);

/* Gives back what it was given, of any kind. */
struct echo {
    weft_frame frame;
    weft_value value;
    double delay;
};
weft_async(echo) {
    weft_begin(echo);
    weft_await(weft_sleep(self->delay));
    weft_return(self->value);
    weft_end();
}
weft_export(echo, value, delay);

struct integer {
    weft_frame frame;
    int64_t value;
};
weft_async(integer) {
    weft_begin(integer);
    weft_return(self->value);
    weft_end();
}
weft_export(integer, value);

struct nothing {
    weft_frame frame;
};
weft_async(nothing) {
    weft_begin(nothing);
    weft_end();
}
weft_export(nothing);

struct pointer {
    weft_frame frame;
};
weft_async(pointer) {
    weft_begin(pointer);
    weft_return((void *)self);
    weft_end();
}
weft_export(pointer);

/* Bytes that malloc has given out. */
__attribute__((used, export_name("memory_in_use"))) int memory_in_use(void);
int memory_in_use(void) {
    return (int)mallinfo().uordblks;
}
