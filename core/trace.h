#ifndef WEFT_CORE_TRACE_H
#define WEFT_CORE_TRACE_H

/* What a trace of a whole program holds besides its records. */

#include <weft/log.h>

/* The host that the log is of, as weft_host counts them; before the first record. */
void weft__trace_of_host(weft_trace *trace, uint32_t kind);

/* The text of a source file, which is freed; NULL where it cannot be had. */
typedef char *weft__source_reader(const char *path, size_t *length);

/* Puts the sources that the log names into the trace, as far as they can be read; before its end. */
void weft__trace_sources(weft_trace *trace, weft__source_reader *read);

#endif
