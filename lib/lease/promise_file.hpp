#pragma once
// The promise of a voter as it is kept on disk: one line, so that an operator can read it and a half of it is no valid
// one ("picket-promise 1 term 5 to 2 end").

#include <optional>
#include <string>
#include <string_view>

#include "core/lease.hpp"

namespace picket {

std::string promise_text(const Promise& promise);

/// Nothing for anything but a whole line of promise_text(), with or without its newline.
std::optional<Promise> parse_promise(std::string_view text);

struct PromiseReading {
  Promise promise;    ///< none when there is no file: this node has promised nobody anything
  std::string error;  ///< "PATH: reason" when there is one that cannot be read, understood or synced: nobody knows what
                      ///< was promised
};

/// What it returns is durable, whatever became of the process that wrote it. Blocks as the disk does: for start-up.
PromiseReading read_promise(const std::string& path);

/// Durably (write_file.hpp). Returns "" or the error; then either promise may be on the disk.
std::string write_promise(const std::string& path, const Promise& promise);

}  // namespace picket
