#pragma once
// A set of hashes by open addressing: eight bytes for each, and no more than that four times over. It outgrows every
// cache by far, so a slot can be fetched ahead of its use, and the kernel is asked for large pages.

#include <cstddef>
#include <cstdint>
#include <memory>

namespace picket::exploration {

class Seen {
 public:
  Seen();

  /// `hash` will soon be inserted.
  void prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_], 1); }

  /// Of a hash that is not 0. False when it was there already.
  bool insert(uint64_t hash);

  size_t size() const { return size_; }

 private:
  struct Release {
    size_t bytes = 0;
    void operator()(uint64_t* slots) const;
  };
  using Slots = std::unique_ptr<uint64_t[], Release>;
  static Slots zeroes(size_t count);

  void grow();
  bool place(uint64_t hash);

  size_t mask_;
  Slots slots_;
  size_t size_ = 0;
};

}  // namespace picket::exploration
