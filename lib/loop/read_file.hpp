#pragma once
// A small file as a whole, by read(2). Not by std::ifstream: its iterators throw when the kernel refuses a read, and
// the files of a process below /proc do so (ESRCH) when it ends between open and read, as those of a server being
// fenced.

#include <optional>
#include <string>

namespace picket {

/// The file's bytes; nothing when it cannot be opened or read to its end, with the reason in errno. Blocks as the disk
/// does; below /proc and /sys/fs/cgroup nothing waits.
std::optional<std::string> read_file(const std::string& path);

}  // namespace picket
