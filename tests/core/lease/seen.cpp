#include "core/lease/seen.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace picket::exploration {

Seen::Seen() : mask_((size_t{1} << 16) - 1), slots_(zeroes(mask_ + 1)) {}

void Seen::Release::operator()(uint64_t* slots) const { munmap(slots, bytes); }

Seen::Slots Seen::zeroes(size_t count) {
  const size_t bytes = count * sizeof(uint64_t);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  madvise(memory, bytes, MADV_HUGEPAGE);  // where there are none it is slower, no more
  return Slots(static_cast<uint64_t*>(memory), Release{bytes});
}

bool Seen::insert(uint64_t hash) {
  if (!place(hash)) return false;
  if (2 * ++size_ > mask_) grow();
  return true;
}

bool Seen::place(uint64_t hash) {
  for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
    if (slots_[at] == hash) return false;
    if (slots_[at] == 0) {
      slots_[at] = hash;
      return true;
    }
  }
}

void Seen::grow() {
  const size_t before = mask_ + 1;
  mask_ = 2 * before - 1;
  const Slots old = std::exchange(slots_, zeroes(2 * before));
  for (size_t at = 0; at < before; ++at)
    if (old[at] != 0) place(old[at]);
}

}  // namespace picket::exploration
