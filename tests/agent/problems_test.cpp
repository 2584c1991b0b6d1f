// What the journal says of what is wrong with the agent itself: each thing once, for as long as it lasts.
#include <gmock/gmock.h>

#include "journal.hpp"
#include "log.hpp"

namespace picket {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;

class Problems : public testing::Test {
 protected:
  Problems() {
    set_log_witness([this](Priority, std::string_view line, const LogFields&) { lines_.emplace_back(line); });
  }
  ~Problems() override { set_log_witness({}); }
  /// The lines that it makes of them.
  std::vector<std::string> told(const std::vector<std::string>& problems) {
    lines_.clear();
    journal_.problems(problems);
    return lines_;
  }

 private:
  Loop loop_;
  Notify notify_{loop_};
  Journal journal_{notify_, true};
  std::vector<std::string> lines_;
};

TEST_F(Problems, AreToldWhenTheyBeginAndNotAgainWhenOthersComeAndGo) {
  EXPECT_THAT(told({"the disk"}), ElementsAre("the disk"));
  EXPECT_THAT(told({"the disk", "the key"}), ElementsAre("the key"));
  EXPECT_THAT(told({"the disk"}), IsEmpty());
  EXPECT_THAT(told({"the disk", "the key"}), ElementsAre("the key")) << "it is back";
  EXPECT_THAT(told({}), IsEmpty());
}

}  // namespace
}  // namespace picket
