#pragma once
// For callbacks into an object that may go away first.

#include <memory>

namespace picket {

/// The object owns one (its last member) and hands out watch(); once it is destroyed, whoever holds the watch drops his
/// callback instead of calling it.
class Lifetime {
 public:
  using Watch = std::weak_ptr<const char>;
  Lifetime() = default;
  Lifetime(const Lifetime&) = delete;
  Lifetime& operator=(const Lifetime&) = delete;
  Watch watch() const { return token_; }

 private:
  std::shared_ptr<const char> token_ = std::make_shared<const char>('\0');
};

}  // namespace picket
