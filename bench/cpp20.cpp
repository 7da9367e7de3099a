// C++20 coroutines written by hand: the bare line that weft is held against.
#include "cpp20/channel.hpp"
#include "cpp20/condition.hpp"
#include "cpp20/scheduler.hpp"
#include "cpp20/semaphore.hpp"
#include "measure.h"

#include <memory>
#include <vector>

namespace {

Scheduler scheduler;
volatile long sink;

Task yielder(long times) {
    for (long i = 0; i < times; i++)
        co_await scheduler.yield();
    co_return 0;
}

double switch_among(long tasks, long switches) {
    double before = measure_cpu();
    for (long i = 0; i < tasks; i++)
        scheduler.start_detached(yielder(switches / tasks));
    scheduler.run();
    return (measure_cpu() - before) / double(switches);
}

// Not inlined, as if it came from another file: otherwise the compiler may remove the call.
[[gnu::noinline]] Task answer(long value) {
    co_return value;
}

Task caller(long calls) {
    long sum = 0;
    for (long i = 0; i < calls; i++)
        sum += co_await answer(i);
    co_return sum;
}

Task spawner(long spawns) {
    long sum = 0;
    for (long i = 0; i < spawns; i++) {
        Task child = answer(i);
        scheduler.start(child);
        sum += co_await child.join();
    }
    co_return sum;
}

// Joined from the last to the first: when the last started is done, most likely all are.
Task gather(std::vector<Task> &children) {
    long sum = 0;
    for (Task &child : children)
        scheduler.start(child);
    for (auto child = children.rbegin(); child != children.rend(); ++child)
        sum += co_await child->join();
    co_return sum;
}

Task gatherer(long gathers) {
    long sum = 0;
    for (long i = 0; i < gathers; i++) {
        std::vector<Task> children;
        children.reserve(GATHERED);
        for (long child = 0; child < GATHERED; child++)
            children.push_back(answer(child));
        sum += co_await gather(children);
    }
    co_return sum;
}

double run(Task task, double operations) {
    double before = measure_cpu();
    scheduler.start(task);
    scheduler.run();
    double spent = measure_cpu() - before;
    sink = task.promise->value;
    return spent / operations;
}

Task contender(Semaphore &semaphore, long times) {
    for (long i = 0; i < times; i++) {
        co_await semaphore.acquire();
        semaphore.release();
    }
    co_return 0;
}

// The permit is held until all wait for it; from then on every release hands it to a waiter.
double hand_over(long handovers) {
    Semaphore semaphore(scheduler, 0);
    for (long i = 0; i < CONTENDERS; i++)
        scheduler.start_detached(contender(semaphore, handovers / CONTENDERS));
    scheduler.run();
    double before = measure_cpu();
    semaphore.release();
    scheduler.run();
    return (measure_cpu() - before) / double(handovers);
}

Task producer(Channel &channel) {
    for (long i = 0; i < QUEUED; i++) {
        while (channel.full())
            co_await channel.writable();
        channel.push(i);
    }
    co_return 0;
}

Task consumer(Channel &channel) {
    long sum = 0;
    for (long i = 0; i < QUEUED; i++) {
        while (channel.empty())
            co_await channel.readable();
        sum += channel.pop();
    }
    sink = sum;
    co_return sum;
}

double pass_items() {
    Channel channel(scheduler, QUEUE_PLACES);
    double before = measure_cpu();
    scheduler.start_detached(producer(channel));
    scheduler.start_detached(consumer(channel));
    scheduler.run();
    return (measure_cpu() - before) / double(QUEUED);
}

Task player(Condition &condition, long &turn, long own) {
    for (long i = 0; i < TURNS / 2; i++) {
        co_await condition.lock.acquire();
        while (turn != own) {
            co_await condition.wait();
            co_await condition.lock.acquire();
        }
        turn = 1 - own;
        condition.notify();
        condition.lock.release();
    }
    co_return 0;
}

double take_turns() {
    Condition condition(scheduler);
    long turn = 0;
    double before = measure_cpu();
    scheduler.start_detached(player(condition, turn, 0));
    scheduler.start_detached(player(condition, turn, 1));
    scheduler.run();
    return (measure_cpu() - before) / double(TURNS);
}

// Those that have ended, for who waits for all of them, or for one after the other.
struct Ended {
    Channel results{scheduler, GATHERED};
    long left = GATHERED;
    Promise *waiting = nullptr;

    struct Wait {
        Ended &ended;
        bool await_ready() {
            return ended.left == 0;
        }
        void await_suspend(std::coroutine_handle<Promise> self) {
            ended.waiting = &self.promise();
        }
        void await_resume() {}
    };
    Wait all() {
        return {*this};
    }
};

Task member(Ended &ended, long value) {
    sink = value;
    if (--ended.left == 0)
        scheduler.wake(ended.waiting);
    co_return value;
}

Task grouper(long groups) {
    for (long i = 0; i < groups; i++) {
        Ended ended;
        for (long child = 0; child < GATHERED; child++)
            scheduler.start_detached(member(ended, child));
        co_await ended.all();
    }
    co_return 0;
}

Task runner_up(Ended &ended, long value) {
    ended.results.push(value);
    co_return value;
}

Task completer(long times) {
    long sum = 0;
    for (long i = 0; i < times; i++) {
        Ended ended;
        for (long child = 0; child < GATHERED; child++)
            scheduler.start_detached(runner_up(ended, child));
        for (long child = 0; child < GATHERED; child++) {
            while (ended.results.empty())
                co_await ended.results.readable();
            sum += ended.results.pop();
        }
    }
    co_return sum;
}

long asleep;

Task sleeper(double seconds) {
    co_await scheduler.sleep(seconds);
    asleep--;
    co_return 0;
}

// False when some were due before all were armed.
bool sleep_rows(const double *random, double lead, bool fresh) {
    double resident = measure_resident();
    scheduler.read_clock();
    double clock = measure_clock(), start = measure_cpu();
    asleep = SLEEPERS;
    for (long i = 0; i < SLEEPERS; i++)
        scheduler.start_detached(sleeper(lead + random[i]));
    scheduler.run_ready();
    double armed = measure_cpu();
    if (measure_clock() - clock > lead) {
        scheduler.run();
        return false;
    }
    double grown = measure_resident() - resident;
    double firing = measure_cpu();
    scheduler.run();
    double fired = measure_cpu();
    measure_report("sleep-create", "ns", (armed - start) / double(SLEEPERS));
    measure_report("sleep-fire", "ns", (fired - firing) / double(SLEEPERS));
    if (fresh)
        measure_report("sleep-bytes", "bytes", grown / double(SLEEPERS));
    return true;
}

double cancel_sleepers(const double *random, long count) {
    std::vector<Task> sleepers;
    sleepers.reserve(std::size_t(count));
    scheduler.read_clock();
    asleep = count;
    for (long i = 0; i < count; i++) {
        sleepers.push_back(sleeper(100 + random[i]));
        scheduler.start(sleepers.back());
    }
    scheduler.run_ready();
    double before = measure_cpu();
    for (Task &task : sleepers)
        scheduler.cancel(task);
    scheduler.run();
    sleepers.clear();
    return (measure_cpu() - before) / double(count);
}

void repetition(const double *random, bool fresh) {
    if (measure_wants_sleepers())
        for (double lead = FIRST_LEAD; !sleep_rows(random, lead, fresh); lead *= 2)
            fresh = false;
    if (measure_wants("switch-2"))
        measure_report("switch-2", "ns", switch_among(2, SWITCHES));
    if (measure_wants("switch-1000"))
        measure_report("switch-1000", "ns", switch_among(1000, SWITCHES));
    if (measure_wants("call"))
        measure_report("call", "ns", run(caller(CALLS), double(CALLS)));
    if (measure_wants("spawn-join"))
        measure_report("spawn-join", "ns", run(spawner(SPAWNS), double(SPAWNS)));
    if (measure_wants("sleep-cancel"))
        measure_report("sleep-cancel", "ns", cancel_sleepers(random, CANCELLED_SLEEPERS));
    if (measure_wants("semaphore"))
        measure_report("semaphore", "ns", hand_over(HANDOVERS));
    if (measure_wants("lock")) // a semaphore of one permit is all that a lock by hand would be
        measure_report("lock", "ns", hand_over(HANDOVERS));
    if (measure_wants("queue"))
        measure_report("queue", "ns", pass_items());
    if (measure_wants("condition"))
        measure_report("condition", "ns", take_turns());
    if (measure_wants("group-10000"))
        measure_report("group-10000", "ns", run(grouper(GATHERS), double(GATHERS * GATHERED)));
    if (measure_wants("as-completed-10000"))
        measure_report("as-completed-10000", "ns", run(completer(GATHERS), double(GATHERS * GATHERED)));
    if (measure_wants("gather-10000"))
        measure_report("gather-10000", "ns", run(gatherer(GATHERS), double(GATHERS * GATHERED)));
}

} // namespace

int main(int argc, char **argv) {
    measure_start(argc, argv, "c++20", MEASURE_COMPILER);
    std::unique_ptr<double, void (*)(void *)> random(measure_random(SLEEPERS), std::free);
    for (int i = 0; i < measure__repeat; i++)
        repetition(random.get(), i == 0);
}
