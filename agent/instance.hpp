#pragma once
// Which data directory a unit starts, and whether it is the one that picket guards.

#include <string>

namespace picket {

/// The data directory of `instance`, the %i of Debian's postgresql@.service ("15-main"), by its postgresql.conf under
/// `etc` (postgresql-common's layout), or an absolute path as it is. Throws std::runtime_error when it cannot be told.
std::string data_directory_of(const std::string& instance, const std::string& etc = "/etc/postgresql");

/// Whether both paths mean one directory; symbolic links are followed as far as they exist.
bool same_directory(const std::string& one, const std::string& other);

}  // namespace picket
