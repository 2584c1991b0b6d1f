// The note of a held lease: as it was written, or nothing.
#include "lease/held_note.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace picket {
namespace {
using std::chrono_literals::operator""s;

const Instant now{Millis{100'000}};

class HeldNotes : public testing::Test {
 protected:
  ~HeldNotes() override { unlink(path_.c_str()); }
  std::optional<HeldNote> read(const std::string& text) {
    std::ofstream(path_) << text;
    return read_held_note(path_, now, 3s);
  }
  const std::string path_ = testing::TempDir() + "picket-held-note-" + std::to_string(getpid());
};

TEST_F(HeldNotes, ComeBackAsTheyWereWritten) {
  for (const HeldNote& note : {HeldNote{7, now + 3s}, HeldNote{1, Instant{}}, HeldNote{Term{1} << 48, now - 1s}}) {
    EXPECT_EQ(write_held_note(path_, note), "");
    EXPECT_EQ(read_held_note(path_, now, 3s), note) << note.term;
  }
}

TEST_F(HeldNotes, AreNothingWhenAnythingIsMissingOrMore) {
  const std::string whole = "picket-lease 1 term 7 until 102000 end";
  EXPECT_EQ(read(whole), (HeldNote{7, now + 2s}));
  for (size_t length = 0; length < whole.size(); ++length) EXPECT_FALSE(read(whole.substr(0, length))) << length;
  for (const char* wrong : {"picket-lease 2 term 7 until 102000 end", "picket-lease 1 term 0 until 102000 end",
                            "picket-lease 1 term 7 until -1 end", "picket-lease 1 term 7 until 102000 end ",
                            "picket-lease 1 term 7 until 102000 end\n\n", "picket-lease 1 term  7 until 102000 end",
                            "picket-lease 1 term 7 until 18446744073709551616 end", "picket-promise 1 term 7 to 2 end"})
    EXPECT_FALSE(read(wrong)) << wrong;
  EXPECT_FALSE(read_held_note("/nonexistent/lease", now, 3s));
}

TEST_F(HeldNotes, AreOfAnotherBootWhenTheyEndLaterThanALeaseCan) {
  EXPECT_TRUE(read("picket-lease 1 term 7 until 103000 end\n"));
  EXPECT_FALSE(read("picket-lease 1 term 7 until 103001 end\n"));
  EXPECT_FALSE(read("picket-lease 1 term 7 until 18446744073709551615 end\n"));
}

}  // namespace
}  // namespace picket
