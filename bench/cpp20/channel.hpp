// A queue of so many places. Who finds it empty or full waits, and looks again when woken.
#pragma once

#include "scheduler.hpp"

class Channel {
  public:
    Channel(Scheduler &waking, std::size_t most) : scheduler(waking), items(most) {}

    bool empty() const {
        return count == 0;
    }
    bool full() const {
        return count == items.size();
    }

    void push(long item) {
        items[(first + count++) % items.size()] = item;
        if (!getters.empty())
            scheduler.wake(getters.pop());
    }

    long pop() {
        long item = items[first];
        first = (first + 1) % items.size();
        count--;
        if (!putters.empty())
            scheduler.wake(putters.pop());
        return item;
    }

    struct Wait {
        ReadyQueue &waiters;
        bool await_ready() {
            return false;
        }
        void await_suspend(std::coroutine_handle<Promise> self) {
            waiters.push(&self.promise());
        }
        void await_resume() {}
    };
    Wait readable() {
        return {getters};
    }
    Wait writable() {
        return {putters};
    }

  private:
    Scheduler &scheduler;
    ReadyQueue getters, putters;
    std::vector<long> items;
    std::size_t first = 0, count = 0;
};
