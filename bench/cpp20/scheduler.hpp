// One thread's scheduler: an intrusive first-in first-out ready queue and the timers. A tick runs what
// was ready when it began, so that tasks which only yield cannot starve the timers.
#pragma once

#include "task.hpp"
#include "timers.hpp"

#include <cmath>
#include <ctime>

class ReadyQueue {
  public:
    bool empty() const {
        return !head;
    }
    Promise *last() const {
        return tail;
    }

    void push(Promise *promise) {
        promise->next = nullptr;
        (head ? tail->next : head) = promise;
        tail = promise;
    }

    Promise *pop() {
        Promise *promise = head;
        head = promise->next;
        return promise;
    }

  private:
    Promise *head = nullptr, *tail = nullptr;
};

class Scheduler {
  public:
    void start(Task &task) {
        ready.push(task.promise);
    }

    void start_detached(Task task) {
        Promise *promise = std::exchange(task.promise, nullptr);
        promise->detached = true;
        ready.push(promise);
    }

    void wake(Promise *promise) {
        ready.push(promise);
    }

    // Wakes a sleeping task; its sleep returns false.
    void cancel(Task &task) {
        Promise *promise = task.promise;
        if (!promise->asleep)
            return;
        timers.drop(promise->slot);
        promise->asleep = false;
        promise->cancelled = true;
        ready.push(promise);
    }

    void tick() {
        Promise *last = ready.last();
        for (bool more = true; more;) {
            Promise *promise = ready.pop();
            more = promise != last;
            promise->handle().resume();
        }
    }

    void run_ready() {
        while (!ready.empty())
            tick();
    }

    // Until nothing is ready and nobody sleeps.
    void run() {
        for (;;) {
            if (!ready.empty())
                tick();
            else if (timers.empty())
                return;
            else
                wait_until(timers.earliest());
            if (!timers.empty())
                wake_sleepers();
        }
    }

    struct Yield {
        Scheduler &scheduler;
        bool await_ready() {
            return false;
        }
        void await_suspend(std::coroutine_handle<Promise> self) {
            scheduler.ready.push(&self.promise());
        }
        void await_resume() {}
    };
    Yield yield() {
        return {*this};
    }

    struct Sleep {
        Scheduler &scheduler;
        double when;
        Promise *self = nullptr;
        bool await_ready() {
            return false;
        }
        void await_suspend(std::coroutine_handle<Promise> handle) {
            self = &handle.promise();
            self->asleep = true;
            self->slot = scheduler.timers.add(when, self);
        }
        bool await_resume() {
            return !self->cancelled;
        }
    };
    Sleep sleep_until(double when) {
        return {*this, when};
    }
    Sleep sleep(double seconds) {
        return {*this, now + seconds};
    }

    void read_clock() {
        timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time);
        now = double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
    }

  private:
    void wake_sleepers() {
        read_clock();
        while (!timers.empty() && timers.earliest() <= now) {
            Promise *sleeper = timers.pop();
            if (!sleeper)
                continue;
            sleeper->asleep = false;
            ready.push(sleeper);
        }
    }

    // In whole milliseconds, as epoll and libuv do: fewer and larger batches of due timers.
    void wait_until(double when) {
        read_clock();
        double wait = std::ceil((when - now) * 1e3) * 1e-3;
        if (wait <= 0)
            return;
        timespec time{time_t(wait), long(std::fmod(wait, 1.0) * 1e9)};
        nanosleep(&time, nullptr);
    }

    ReadyQueue ready;
    Timers timers;
    double now = 0;
};
