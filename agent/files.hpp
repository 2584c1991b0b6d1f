#pragma once
// Small files, whole: for start-up, for tmpfs, or on a Worker.

#include <sys/types.h>

#include <string>

#include "loop/read_file.hpp"

namespace picket {

/// Replaces the file by rename(2), without fsync: for what may be lost in a power cut. Returns "" or "PATH: reason".
std::string write_file(const std::string& path, const std::string& text, mode_t mode);

}  // namespace picket
