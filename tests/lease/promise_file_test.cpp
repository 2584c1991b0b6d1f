// The promise on disk outlives a crash at any moment: of the process, by ending a real one before each call that
// reaches the disk; and of the machine, by every state that a file system may keep of what was not yet made durable.
// What is read back is the old promise or the new one, never a third.

#include "lease/promise_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <filesystem>
#include <fstream>

namespace picket {
namespace {

/// What was asked of the disk: "create", "write" (a byte each), "sync file", "rename", "sync folder".
struct Disk {
  bool watched = false;
  int ends_before = -1;  ///< the process ends before this call
  int fails_at = -1;     ///< this call fails
  std::vector<std::string> calls;
  int folder = -1;  ///< its descriptor, once opened

  /// False when the call is to fail.
  bool allows(const std::string& call) {
    const int number = static_cast<int>(calls.size());
    if (watched) calls.push_back(call);
    if (watched && number == ends_before) _exit(0);
    if (watched && number == fails_at) errno = EIO;
    return !watched || number != fails_at;
  }
} disk;

}  // namespace

extern "C" {
int __real_open(const char*, int, ...);
ssize_t __real_write(int, const void*, size_t);
int __real_rename(const char*, const char*);

int __wrap_open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = (flags & O_CREAT) != 0 ? va_arg(list, int) : 0;
  va_end(list);
  if ((flags & O_CREAT) != 0 && !disk.allows("create")) return -1;
  const int fd = __real_open(path, flags, mode);
  if (std::filesystem::is_directory(path)) disk.folder = fd;
  return fd;
}
/// One byte at a time: every prefix is a state of its own.
ssize_t __wrap_write(int fd, const void* bytes, size_t size) {
  if (!disk.watched) return __real_write(fd, bytes, size);
  return disk.allows("write") ? __real_write(fd, bytes, 1) : -1;
}
int __wrap_fsync(int fd) {
  if (!disk.allows(fd == disk.folder ? "sync folder" : "sync file")) return -1;
  return 0;  // no power is cut here
}
int __wrap_rename(const char* from, const char* to) { return disk.allows("rename") ? __real_rename(from, to) : -1; }
}

namespace {

class PromiseFile : public testing::Test {
 protected:
  PromiseFile() {
    char folder[] = "/tmp/picket-promise-XXXXXX";
    folder_ = mkdtemp(folder);
    path = folder_ + "/promise";
  }
  ~PromiseFile() override {
    disk = {};
    std::filesystem::remove_all(folder_);
  }
  void restore() {
    std::filesystem::remove_all(path + ".new");
    put(path, promise_text(before));
  }
  static void put(const std::string& file, const std::string& text) { std::ofstream(file) << text; }

  /// The calls of one write that nothing disturbs.
  std::vector<std::string> calls_of_a_write() {
    restore();
    disk = {.watched = true};
    EXPECT_EQ(write_promise(path, after), "");
    return std::exchange(disk, {}).calls;
  }
  /// Reads `text` as the whole file.
  PromiseReading reading_of(const std::string& text) {
    put(path, text);
    return read_promise(path);
  }

  const Promise before{9, 3}, after{10, 12};
  std::string path;

 private:
  std::string folder_;
};

TEST_F(PromiseFile, IsDurableBeforeItsNameIsAndItsNameBeforeItIsReported) {
  const auto calls = calls_of_a_write();
  const std::vector<std::string> writes(promise_text(after).size(), "write");
  std::vector<std::string> expected{"create"};
  expected.insert(expected.end(), writes.begin(), writes.end());
  expected.insert(expected.end(), {"sync file", "rename", "sync folder"});
  EXPECT_EQ(calls, expected);
  EXPECT_EQ(read_promise(path).promise, after);
}

TEST_F(PromiseFile, SurvivesTheEndOfTheProcessBeforeEachCall) {
  const int calls = static_cast<int>(calls_of_a_write().size());
  for (int call = 0; call <= calls; ++call) {
    restore();
    const pid_t child = fork();
    if (child == 0) {
      disk = {.watched = true, .ends_before = call};
      _exit(write_promise(path, after).empty() ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    const PromiseReading kept = read_promise(path);
    EXPECT_EQ(kept.error, "");
    EXPECT_EQ(kept.promise, call >= calls - 1 ? after : before) << "before call " << call;
    // What it left is in nobody's way.
    EXPECT_EQ(write_promise(path, {11, 1}), "");
    EXPECT_EQ(read_promise(path).promise, (Promise{11, 1}));
  }
}

// A file system may keep any part of what was written and not synced, or its length with zeros in the place of the
// rest; and either name, as long as the folder was not synced.
TEST_F(PromiseFile, SurvivesAPowerCutAfterEachCall) {
  const auto calls = calls_of_a_write();
  size_t states = 0;
  for (size_t done = 0; done <= calls.size(); ++done) {
    const auto so_far = [&](const char* call) {
      return std::count(calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(done), call);
    };
    const std::string written = promise_text(after).substr(0, static_cast<size_t>(so_far("write")));
    std::vector<std::string> contents{written};
    if (so_far("sync file") == 0)
      for (size_t kept = 0; kept < written.size(); ++kept) {
        contents.push_back(written.substr(0, kept));
        contents.push_back(written.substr(0, kept) + std::string(written.size() - kept, '\0'));
      }
    for (const bool renamed : {false, true}) {
      if (renamed ? so_far("rename") == 0 : so_far("sync folder") != 0) continue;
      for (const std::string& content : contents) {
        restore();
        if (so_far("create") != 0) put(renamed ? path : path + ".new", content);
        const PromiseReading kept = read_promise(path);
        EXPECT_EQ(kept.error, "") << "after " << done << " calls";
        EXPECT_EQ(kept.promise, renamed ? after : before) << "after " << done << " calls";
        ++states;
      }
    }
  }
  EXPECT_GT(states, 500U);
}

// A disk that breaks its word is not trusted either: nothing but the whole line is a promise.
TEST_F(PromiseFile, IsNeverReadFromAPartOfIt) {
  const std::string text = promise_text(after);
  for (size_t kept = 0; kept + 1 < text.size(); ++kept) {
    EXPECT_NE(reading_of(text.substr(0, kept)).error, "") << kept;
    EXPECT_NE(reading_of(text.substr(0, kept) + std::string(text.size() - kept, '\0')).error, "") << kept;
  }
  EXPECT_EQ(reading_of(text).promise, after);
  EXPECT_EQ(reading_of(text.substr(0, text.size() - 1)).promise, after);
  EXPECT_NE(reading_of(text + text).error, "");
}

TEST_F(PromiseFile, ThatCannotBeWrittenIsAnErrorAndOneOfTheTwo) {
  const int calls = static_cast<int>(calls_of_a_write().size());
  for (int call = 0; call < calls; ++call) {
    restore();
    disk = {.watched = true, .fails_at = call};
    EXPECT_THAT(write_promise(path, after), testing::HasSubstr("Input/output error")) << call;
    disk = {};
    EXPECT_EQ(read_promise(path).promise, call == calls - 1 ? after : before) << call;
    EXPECT_FALSE(std::filesystem::exists(path + ".new")) << call;
  }
}

// The process may have ended between the rename and the sync of the folder: what is read then is acted upon, and a
// power cut must not take it back.
TEST_F(PromiseFile, IsMadeDurableWhenItIsRead) {
  restore();
  disk = {.watched = true};
  EXPECT_EQ(read_promise(path).promise, before);
  EXPECT_THAT(std::exchange(disk, {}).calls, testing::ElementsAre("sync file", "sync folder"));
  for (const int call : {0, 1}) {
    disk = {.watched = true, .fails_at = call};
    EXPECT_THAT(read_promise(path).error, testing::HasSubstr("Input/output error"));
    disk = {};
  }
  std::filesystem::remove(path);
  EXPECT_EQ(read_promise(path).error, "");
  EXPECT_EQ(read_promise(path).promise, Promise{});
}

}  // namespace
}  // namespace picket
