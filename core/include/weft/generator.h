#ifndef WEFT_GENERATOR_H
#define WEFT_GENERATOR_H

/*
 * Asynchronous generators: coroutines that weft_yield. weft_for_await is the usual way to use one; these
 * operations are the pieces. A generator that is used through them belongs to the coroutine that called the
 * first of them, and is closed at the latest when that coroutine ends.
 */

#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* Awaiting it runs the generator to its next yield and gives that value; StopIteration is raised at its end.
 * anext() */
weft_op weft_generator_next(weft_coroutine *generator);

/* The same, and `value` is what weft_yield_to stores. The first must be none. agen.asend(value) */
weft_op weft_generator_send_value(weft_coroutine *generator, weft_value value);

/* Raises the error where the generator stands; gives the next value it yields, none if it has ended before.
 * It keeps its own reference. agen.athrow */
weft_op weft_generator_throw(weft_coroutine *generator, const weft_error *error);

/* Raises GeneratorExit where the generator stands and waits for its end. It may be called again. agen.aclose
 */
weft_op weft_generator_close(weft_coroutine *generator);

WEFT_END_DECLARATIONS

#ifndef __cplusplus
/* The same as weft_generator_send_value, with any number, boolean, string or pointer. agen.asend(value) */
#define weft_generator_send(generator, v) weft_generator_send_value((generator), weft_value_of(v))
#endif
#endif
