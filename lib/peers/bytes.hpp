#pragma once
// Little-endian numbers of fixed width in a string of bytes, for the datagrams of the peers.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace picket {

class ByteWriter {
 public:
  template <class Number>
  void put(Number number) {
    static_assert(std::is_integral_v<Number> && !std::is_same_v<Number, bool>);
    auto rest = static_cast<std::make_unsigned_t<Number>>(number);
    for (size_t i = 0; i < sizeof rest; ++i) {
      bytes_ += static_cast<char>(rest & 0xff);
      rest = static_cast<decltype(rest)>(static_cast<uint64_t>(rest) >> 8);
    }
  }
  void put_bytes(std::string_view bytes) { bytes_ += bytes; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads from `bytes`, which must outlive it. Past the end it reads zeros and remembers that.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class Number>
  Number take() {
    using Raw = std::make_unsigned_t<Number>;
    const std::string_view bytes = take_bytes(sizeof(Raw));
    Raw number = 0;
    for (size_t i = 0; i < bytes.size(); ++i)
      number =
          static_cast<Raw>(number | static_cast<Raw>(static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i)));
    return static_cast<Number>(number);
  }
  /// Empty when there are fewer than `count`.
  std::string_view take_bytes(size_t count) {
    if (rest_.size() < count) {
      ended_early_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  /// Something was asked for that is not there.
  bool ended_early() const { return ended_early_; }
  size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ended_early_ = false;
};

}  // namespace picket
