// Tasks that wait until one of them is told to go on. The lock around it is the user's.
#pragma once

#include "semaphore.hpp"

class Condition {
  public:
    explicit Condition(Scheduler &waking) : lock(waking, 1), scheduler(waking) {}

    struct Wait {
        Condition &condition;
        bool await_ready() {
            return false;
        }
        void await_suspend(std::coroutine_handle<Promise> self) {
            condition.waiters.push(&self.promise());
            condition.lock.release();
        }
        void await_resume() {}
    };
    // Releases the lock; who awaits it takes that again afterwards.
    Wait wait() {
        return {*this};
    }

    void notify() {
        if (!waiters.empty())
            scheduler.wake(waiters.pop());
    }

    Semaphore lock;

  private:
    Scheduler &scheduler;
    ReadyQueue waiters;
};
