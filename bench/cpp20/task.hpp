// A lazy coroutine that yields a long. Awaiting it transfers control straight to it, and its end
// straight back (symmetric transfer). Started on a scheduler it runs by itself, joined or detached.
#pragma once

#include "frame_pool.hpp"

#include <coroutine>
#include <cstdint>
#include <exception>
#include <utility>

struct Task;

struct Promise {
    Promise *next = nullptr;    // in the ready queue or among a semaphore's waiters
    Promise *awaiter = nullptr; // resumed at the end
    long value = 0;
    std::uint32_t slot = 0; // in the timers, while asleep
    bool asleep = false, cancelled = false, detached = false;

    struct Finish {
        bool await_ready() noexcept {
            return false;
        }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
            Promise &promise = self.promise();
            if (promise.awaiter)
                return promise.awaiter->handle();
            if (promise.detached)
                self.destroy();
            return std::noop_coroutine();
        }
        void await_resume() noexcept {}
    };

    std::coroutine_handle<Promise> handle() {
        return std::coroutine_handle<Promise>::from_promise(*this);
    }
    inline Task get_return_object();
    std::suspend_always initial_suspend() noexcept {
        return {};
    }
    Finish final_suspend() noexcept {
        return {};
    }
    void return_value(long result) noexcept {
        value = result;
    }
    void unhandled_exception() noexcept {
        std::terminate();
    }

    static void *operator new(std::size_t size) {
        return FramePool::allocate(size);
    }
    static void operator delete(void *memory, std::size_t size) {
        FramePool::release(memory, size);
    }
};

struct [[nodiscard]] Task {
    using promise_type = Promise;

    explicit Task(Promise *its_promise) : promise(its_promise) {}
    Task(Task &&other) noexcept : promise(std::exchange(other.promise, nullptr)) {}
    Task &operator=(Task &&) = delete;
    ~Task() {
        if (promise)
            promise->handle().destroy();
    }

    // co_await task runs it to its end.
    struct Call {
        Promise *callee;
        bool await_ready() {
            return false;
        }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) {
            callee->awaiter = &caller.promise();
            return callee->handle();
        }
        long await_resume() {
            return callee->value;
        }
    };
    Call operator co_await() && {
        return {promise};
    }

    // co_await task.join() waits for one that a scheduler has started.
    struct Join {
        Promise *child;
        bool await_ready() {
            return child->handle().done();
        }
        void await_suspend(std::coroutine_handle<Promise> waiter) {
            child->awaiter = &waiter.promise();
        }
        long await_resume() {
            return child->value;
        }
    };
    Join join() {
        return {promise};
    }

    Promise *promise;
};

inline Task Promise::get_return_object() {
    return Task(this);
}
