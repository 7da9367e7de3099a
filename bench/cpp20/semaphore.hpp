// A strictly first-in first-out semaphore: a permit released while somebody waits is handed over.
#pragma once

#include "scheduler.hpp"

class Semaphore {
  public:
    Semaphore(Scheduler &waking, long initially) : scheduler(waking), permits(initially) {}

    struct Acquire {
        Semaphore &semaphore;
        bool await_ready() {
            return semaphore.permits > 0 && semaphore.permits--;
        }
        void await_suspend(std::coroutine_handle<Promise> self) {
            semaphore.waiters.push(&self.promise());
        }
        void await_resume() {}
    };
    Acquire acquire() {
        return {*this};
    }

    void release() {
        if (waiters.empty())
            permits++;
        else
            scheduler.wake(waiters.pop());
    }

  private:
    Scheduler &scheduler;
    ReadyQueue waiters;
    long permits;
};
