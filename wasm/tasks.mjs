// The JavaScript event loop as weft's host: one timer, and hops, which are tasks of their own.

// Node has setImmediate; an open MessageChannel would keep it alive.
function hopper(turn) {
  if (typeof setImmediate === "function") return (byTimer) => setImmediate(turn, byTimer);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => turn(data);
  return (byTimer) => port2.postMessage(byTimer);
}

/** `turn(byTimer)` turns the loop. Codes are those that host.c describes. */
export function eventLoop(turn) {
  const hop = hopper(turn);
  let timer;
  const attempt = (action, code) => {
    try {
      action();
      return 0;
    } catch {
      return code;
    }
  };
  return {
    weft_js_now: () => performance.now(),
    weft_js_hop: () => attempt(() => hop(0), 1),
    // The timer's callback only hops: what is armed in a timer's callback counts as nested, and browsers delay it.
    weft_js_timer: (milliseconds) =>
      attempt(() => {
        clearTimeout(timer);
        timer = milliseconds < 0 ? undefined : setTimeout(() => hop(1), milliseconds);
      }, 2),
  };
}

/** In place of the event loop where the caller turns the loop: nothing is asked of it. */
export const noEventLoop = {
  weft_js_now: () => performance.now(),
  weft_js_hop: () => 0,
  weft_js_timer: () => 0,
};
