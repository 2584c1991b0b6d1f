#include "agent/programs.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace picket::test {
namespace {
namespace fs = std::filesystem;

const passwd& user_named(const std::string& name) {
  const passwd* user = getpwnam(name.c_str());
  if (!user) throw std::runtime_error("no user " + name);
  return *user;
}

// Before anything is started.
const bool is_subreaper = prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;

std::string copied(const std::string& from, const std::string& name) {
  static const Folder folder;
  const std::string to = folder / name;
  fs::copy_file(from, to);
  fs::permissions(to, fs::perms{0755});
  return to;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

std::optional<Millis> took(const std::function<bool()>& done, Millis limit) {
  const Instant began = boot_now();
  while (!done()) {
    if (boot_now() - began > limit) return std::nullopt;
    std::this_thread::sleep_for(Millis{2});
  }
  return boot_now() - began;
}

Folder::Folder() {
  char name[] = "/tmp/picket_agent_XXXXXX";
  if (!mkdtemp(name)) throw std::runtime_error("mkdtemp");
  path_ = name;
  fs::permissions(path_, fs::perms{0755});
  const passwd& user = user_named("postgres");
  if (chown(name, user.pw_uid, user.pw_gid) != 0) throw std::runtime_error("chown " + path_);
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

const std::string& picketd_binary() {
  static const std::string path = copied(PICKETD, "picketd");
  return path;
}

const std::string& picket_binary() {
  static const std::string path = copied(PICKET, "picket");
  return path;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::string& path, std::string_view text) {
  std::ofstream(path) << text;
  const passwd& user = user_named("postgres");
  if (chown(path.c_str(), user.pw_uid, user.pw_gid) != 0) throw std::runtime_error("chown " + path);
}

Child::Child(const std::vector<std::string>& command, const std::string& user, const std::string& files,
             const std::vector<std::string>& environment)
    : files_(files) {
  const passwd& who = user_named(user);
  const uid_t uid = who.pw_uid;
  const gid_t gid = who.pw_gid;
  std::vector<std::string> settings{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  settings.insert(settings.end(), environment.begin(), environment.end());
  const auto arguments = pointers(command), variables = pointers(settings);
  const int out = open((files + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int err = open((files + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0644);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    dup2(out, 1);
    dup2(err, 2);
    if (setgroups(0, nullptr) != 0 || setgid(gid) != 0 || setuid(uid) != 0 || chdir("/") != 0) _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // after setuid, which forgets it
    execve(arguments[0], arguments.data(), variables.data());
    _exit(127);
  }
  close(out);
  close(err);
}

Child::~Child() {
  if (code_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) const {
  if (!code_) kill(pid_, number);
}

std::optional<int> Child::ended(Millis limit) {
  took(
      [this] {
        int status = 0;
        if (!code_ && waitpid(pid_, &status, WNOHANG) == pid_)
          code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return code_.has_value();
      },
      limit);
  return code_;
}

Ended run(const std::vector<std::string>& command, const std::string& user) {
  const Folder folder;
  Child child(command, user, folder / "run");
  const auto code = child.ended(Millis{10'000});
  return {code.value_or(-1), child.out(), child.err()};
}

}  // namespace picket::test
