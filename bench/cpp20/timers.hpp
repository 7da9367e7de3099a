// Who sleeps until when: a 4-ary heap of 16-byte entries whose four children share a cache line.
// A cancelled sleeper leaves its entry behind; entries are swept once more than half of them are dead.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

struct Promise;

template <class T> struct LineAligned {
    using value_type = T;
    LineAligned() = default;
    template <class U> LineAligned(const LineAligned<U> &) {}
    T *allocate(std::size_t count) {
        return static_cast<T *>(::operator new(count * sizeof(T), std::align_val_t(64)));
    }
    void deallocate(T *memory, std::size_t) {
        ::operator delete(memory, std::align_val_t(64));
    }
    bool operator==(const LineAligned &) const {
        return true;
    }
};

class Timers {
  public:
    bool empty() const {
        return heap.size() == first;
    }
    double earliest() const {
        return heap[first].when;
    }

    // Returns the slot by which the sleeper can be dropped.
    std::uint32_t add(double when, Promise *sleeper) {
        std::uint32_t slot = take_slot(sleeper);
        std::size_t at = heap.size();
        heap.push_back({when, slot});
        sift_up(at, {when, slot});
        return slot;
    }

    void drop(std::uint32_t slot) {
        slots[slot] = {};
        std::size_t entries = heap.size() - first;
        if (++dead == entries || (dead > 64 && dead > entries / 2))
            sweep();
    }

    // The earliest sleeper, or nullptr where it was dropped.
    Promise *pop() {
        std::uint32_t slot = heap[first].slot;
        Entry last = heap.back();
        heap.pop_back();
        if (!empty())
            sift_down(first, last);
        Promise *sleeper = slots[slot].sleeper;
        if (!sleeper)
            dead--;
        free_slot(slot);
        return sleeper;
    }

  private:
    struct Entry {
        double when;
        std::uint32_t slot;
    };
    union Slot {
        Promise *sleeper = nullptr;
        std::uint32_t next_free;
    };

    // The root sits at 3, so that the children of i, 4i - 8 and on, begin a cache line.
    static constexpr std::size_t first = 3;
    static std::size_t parent(std::size_t i) {
        return i / 4 + 2;
    }
    static std::size_t child(std::size_t i) {
        return 4 * i - 8;
    }

    void sift_up(std::size_t at, Entry entry) {
        while (at > first && entry.when < heap[parent(at)].when) {
            heap[at] = heap[parent(at)];
            at = parent(at);
        }
        heap[at] = entry;
    }

    void sift_down(std::size_t at, Entry entry) {
        Entry *entries = heap.data();
        std::size_t end = heap.size();
        for (std::size_t next = child(at); next < end; next = child(at)) {
            std::size_t best = next, stop = std::min(next + 4, end);
            for (std::size_t i = next + 1; i < stop; i++)
                best = entries[i].when < entries[best].when ? i : best;
            if (entry.when <= entries[best].when)
                break;
            entries[at] = entries[best];
            at = best;
        }
        entries[at] = entry;
    }

    void sweep() {
        auto live = heap.begin() + first;
        for (auto entry = live; entry != heap.end(); ++entry) {
            if (slots[entry->slot].sleeper)
                *live++ = *entry;
            else
                free_slot(entry->slot);
        }
        heap.erase(live, heap.end());
        dead = 0;
        for (std::size_t i = heap.size(); i-- > first;)
            sift_down(i, heap[i]);
    }

    std::uint32_t take_slot(Promise *sleeper) {
        std::uint32_t slot = free_slots;
        if (slot == none) {
            slots.emplace_back();
            slot = std::uint32_t(slots.size() - 1);
        } else {
            free_slots = slots[slot].next_free;
        }
        slots[slot].sleeper = sleeper;
        return slot;
    }

    void free_slot(std::uint32_t slot) {
        slots[slot].next_free = free_slots;
        free_slots = slot;
    }

    static constexpr std::uint32_t none = UINT32_MAX;
    std::vector<Entry, LineAligned<Entry>> heap{first};
    std::vector<Slot> slots;
    std::uint32_t free_slots = none;
    std::size_t dead = 0;
};
