#ifndef WEFT_TTY_H
#define WEFT_TTY_H

/*
 * Standard input and output as streams (weft/stream.h), whatever is behind them: a terminal, a pipe, a
 * socket, a file. And what only terminals have.
 *
 *     weft_await_to(self->input, weft_stdin());
 *     weft_with(self->input) {
 *         weft_for_await(self->line, weft_stream_lines(self->input)) { … }
 *     }
 */

#include <weft/coroutine.h>
#include <weft/stream.h>

WEFT_BEGIN_DECLARATIONS

/*
 * The value of each: a weft_stream *, the taker's. Closing it leaves the program's descriptor open. A
 * terminal or pipe is opened a second time where that is possible, so that printf and scanf go on as before;
 * where it is not, as with a socket, do not use both at once. A file is read by a thread, and written at
 * once, as printf does. connect_read_pipe(sys.stdin), connect_write_pipe(sys.stdout)
 */
weft_coroutine *weft_stdin(void);
weft_coroutine *weft_stdout(void);
weft_coroutine *weft_stderr(void);

/* The same of any descriptor, which stays the caller's. */
weft_coroutine *weft_descriptor_open(int descriptor);

/* Whether it is a terminal: isatty */
bool weft_stream_is_terminal(const weft_stream *stream);

/*
 * Raw: each key comes as it is pressed, without an echo. The terminal is as it was when the stream is closed,
 * and when the program exits. An error, the caller's to release, or NULL. tty.setraw
 */
const weft_error *weft_tty_set_raw(weft_stream *stream, bool raw);

/* The window's size in characters. An error, the caller's to release, or NULL. os.get_terminal_size */
const weft_error *weft_tty_size(const weft_stream *stream, int *columns, int *rows);

WEFT_END_DECLARATIONS

#endif
