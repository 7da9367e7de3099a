#ifndef WEFT_CORE_INTERNAL_H
#define WEFT_CORE_INTERNAL_H

/* The insides of the scheduler, for the core's own files and for hosts; each header is one idea. */

/* What runs. */
#include "handle.h"
#include "loop.h"
#include "message.h"
#include "timer.h"

/* What a program makes. */
#include "context.h"
#include "error.h"
#include "frame.h"
#include "future.h"
#include "hold.h"
#include "scope.h"
#include "task.h"
#include "thread.h"
#include "value.h"

/* How they reach each other. */
#include "blocks.h"
#include "queue_items.h"
#include "signals.h"

/* Memory, and what is told to the reader. */
#include "log.h"
#include "memory.h"
#include "pool.h"
#include "report.h"

#endif
