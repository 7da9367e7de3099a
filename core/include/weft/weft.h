#ifndef WEFT_H
#define WEFT_H

/* weft: asyncio for C. This header brings everything a program needs; the parts can be included alone. */

#include <weft/as_completed.h>
#include <weft/barrier.h>
#include <weft/call_graph.h>
#include <weft/channel.h>
#include <weft/condition.h>
#include <weft/context.h>
#include <weft/coroutine.h>
#include <weft/error.h>
#include <weft/event.h>
#include <weft/future.h>
#include <weft/gather.h>
#include <weft/generator.h>
#include <weft/group.h>
#include <weft/host.h>
#include <weft/http.h>
#include <weft/lock.h>
#include <weft/log.h>
#include <weft/loop.h>
#include <weft/param.h>
#include <weft/queue.h>
#include <weft/report.h>
#include <weft/runner.h>
#include <weft/semaphore.h>
#include <weft/signal.h>
#include <weft/simulation.h>
#include <weft/thread.h>
#include <weft/threads.h>
#include <weft/timeout.h>
#include <weft/value.h>
#include <weft/wait.h>
#include <weft/websocket.h>

#endif
