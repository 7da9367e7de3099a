/* The page's Chrome traces: core/trace.c as a module of its own, which web/src/share/chrome-trace.ts feeds.
 */

#include "../../core/trace.h"
#include "../../wasm/bridge.h"

#include <stdlib.h>

/* Text of the trace, to be copied. */
WEFT__IMPORT(void, page_write, (const char *text, size_t length), {})

/* The text of a source in memory of `allocate`, and its length; NULL where the page has none. */
WEFT__IMPORT(char *, page_source, (const char *path, size_t *length), { return 0; })

static void give(void *context, const char *text, size_t length) {
    (void)context;
    page_write(text, length);
}

WEFT__CALLABLE(allocate) void *allocate(size_t size) {
    return malloc(size);
}

/* Of a log that this kind of host wrote. NULL without memory. */
WEFT__CALLABLE(begin) weft_trace *begin(uint32_t host) {
    weft_trace *trace = weft_trace_new(give, NULL);
    if (trace != NULL)
        weft__trace_of_host(trace, host);
    return trace;
}

/* Takes records in memory of `allocate`, and frees it. */
WEFT__CALLABLE(feed) void feed(weft_trace *trace, weft_log_record *records, size_t count) {
    weft_trace_feed(trace, records, count, 0);
    free(records);
}

WEFT__CALLABLE(end) void end(weft_trace *trace) {
    weft__trace_sources(trace, page_source);
    weft_trace_end(trace);
}
