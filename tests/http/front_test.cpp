// The small program in front of the command line answers the checks itself, and must not be told from the whole one.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>
#include <utility>

namespace picket {
namespace {

std::pair<int, std::string> run(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> bytes;
  for (size_t n = 0; (n = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) output.append(bytes.data(), n);
  return {WEXITSTATUS(pclose(pipe)), output};
}

TEST(Front, AnswersAsTheWholeProgramDoes) {
  for (const std::string words : {"check primary", "check standby", "check nonsense", "check", "check primary x", "-x",
                                  "--version", "", "nonsense", "check \"\""}) {
    EXPECT_EQ(run(PICKET_FRONT " " + words), run(PICKET_CLI " " + words)) << words;
  }
}

TEST(Front, IsNoForWhomItCannotAsk) { EXPECT_NE(run(PICKET_FRONT " check nonsense").first, 0); }

}  // namespace
}  // namespace picket
