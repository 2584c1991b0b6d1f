#pragma once
// A small file replaced as a whole: whoever reads it sees the old one or the new one, never a half. Blocks as the disk
// does: for start-up, for short-lived programs, or on a Worker.

#include <sys/types.h>

#include <string>

namespace picket {

/// Replaces `path` by way of PATH.new and rename(2), without fsync: for what may be lost in a power cut. Returns "" or
/// "PATH.new: CALL: reason"; after an error the old file is as it was.
std::string write_file(const std::string& path, const std::string& text, mode_t mode);

/// The same, durably: the file (fsync(2)) before the rename, the folder after it. After an error of the last step alone
/// the new file is there, and may be gone after a power cut.
std::string write_durably(const std::string& path, const std::string& text, mode_t mode);

/// Makes what is in this file or folder outlast a power cut (fsync(2)). Returns "" or "PATH: CALL: reason".
std::string sync_path(const std::string& path);

/// Makes a rename or a removal of `path` outlast a power cut: its folder. As above.
std::string sync_folder_of(const std::string& path);

}  // namespace picket
