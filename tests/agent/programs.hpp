#pragma once
// Programs as other users, in folders that every user may reach, each wait bounded. The test program is made a
// subreaper (prctl(2)): a server whose parent is gone becomes its child, so that no zombie of it is left to PID 1.

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "loop/loop.hpp"

namespace picket::test {

/// Looks every 2 ms until `done` or the limit; how long it took, nothing when it was in vain.
std::optional<Millis> took(const std::function<bool()>& done, Millis limit);

/// An empty folder of user postgres, removed with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Copies of the programs under test that every user may execute, wherever the build directory is.
const std::string& picketd_binary();
const std::string& picket_binary();

std::string read_text(const std::string& path);
/// The file belongs to user postgres.
void write_text(const std::string& path, std::string_view text);

struct Ended {
  int code = -1;  ///< 128 + signal
  std::string out, err;
};

/// One program, its output in files; killed with the object.
class Child {
 public:
  /// `files`.out and `files`.err are made anew.
  Child(const std::vector<std::string>& command, const std::string& user, const std::string& files,
        const std::vector<std::string>& environment = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// The exit code when it has ended within the limit.
  std::optional<int> ended(Millis limit = Millis{0});
  std::string err() const { return read_text(files_ + ".err"); }
  std::string out() const { return read_text(files_ + ".out"); }

 private:
  std::string files_;
  pid_t pid_ = 0;
  std::optional<int> code_;
};

/// Runs to the end, at most 10 s.
Ended run(const std::vector<std::string>& command, const std::string& user = "root");

}  // namespace picket::test
