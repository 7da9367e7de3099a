// Memory of coroutine frames: a free list for each multiple of 16 bytes, filled a chunk at a time.
#pragma once

#include <array>
#include <cstddef>
#include <new>

class FramePool {
  public:
    static void *allocate(std::size_t size) {
        std::size_t index = class_of(size);
        if (index >= lists.size())
            return ::operator new(size);
        Free *frame = lists[index];
        if (!frame)
            return carve((index + 1) * granule);
        lists[index] = frame->next;
        return frame;
    }

    static void release(void *memory, std::size_t size) noexcept {
        std::size_t index = class_of(size);
        if (index >= lists.size())
            return ::operator delete(memory);
        lists[index] = new (memory) Free{lists[index]};
    }

  private:
    struct Free {
        Free *next;
    };
    static constexpr std::size_t granule = 16, chunk = 64 * 1024;

    static std::size_t class_of(std::size_t size) {
        return (size - 1) / granule;
    }

    static void *carve(std::size_t size) {
        if (left < size) {
            fresh = static_cast<std::byte *>(::operator new(chunk));
            left = chunk;
        }
        void *frame = fresh;
        fresh += size;
        left -= size;
        return frame;
    }

    static inline std::array<Free *, 32> lists{};
    static inline std::byte *fresh = nullptr;
    static inline std::size_t left = 0;
};
