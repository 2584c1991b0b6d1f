#include "gate/busy_rules.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "loop/fd.hpp"

namespace picket {
namespace {

constexpr int ranges = 60'000;

std::string commands() {
  std::string text =
      "add table inet other\nadd set inet other many { type ipv4_addr . inet_service; flags interval; }\n"
      "add element inet other many { ";
  for (int i = 0; i < ranges; ++i)
    text += "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) +
            " . " + std::to_string(1 + i % 1000) + "-" + std::to_string(2000 + i % 1000) + ", ";
  return text + "}\n";
}

}  // namespace

BusyRules::BusyRules() {
  const std::string text = commands();
  const Fd input{memfd_create("rules", MFD_CLOEXEC)};
  if (!input || write(input.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("no memory for the rules");
  lseek(input.get(), 0, SEEK_SET);
  nft_ = fork();
  if (nft_ < 0) throw std::runtime_error("fork");
  if (nft_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(input.get(), 0);
  execlp("nft", "nft", "-f", "-", nullptr);
  _exit(127);
}

BusyRules::~BusyRules() {
  wait(0);
  EXPECT_EQ(std::system("nft delete table inet other"), 0);
}

bool BusyRules::over() {
  wait(WNOHANG);
  return over_;
}

void BusyRules::wait(int options) {
  int status = 0;
  if (over_ || waitpid(nft_, &status, options) != nft_) return;
  over_ = true;
  EXPECT_EQ(status, 0) << "nft could not change the rules";
}

}  // namespace picket
