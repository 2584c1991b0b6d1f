// What the operator is told of the peer link.

#include "peers/link_status.hpp"

#include <gmock/gmock.h>

#include <set>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;

const Instant now{100'000ms};

LinkStatus one_peer() {
  LinkStatus status;
  status.peers.push_back({});
  status.peers[0].id = 2;
  status.peers[0].address = "10.0.0.2:8009";
  return status;
}

TEST(Complaints, AreMadeOfWhatDoesNotPassByItself) {
  const struct {
    Drop why;
    const char* sentence;
  } all[] = {{Drop::wrong_fingerprint, "node 2 is configured otherwise"},
             {Drop::wrong_key, "sealed with another cluster key"},
             {Drop::unknown_version, "another version"},
             {Drop::malformed, "make no sense"}};
  for (const auto& [why, sentence] : all) {
    LinkStatus status = one_peer();
    status.peers[0].drops.count(why, now - 1000ms, "from 10.0.0.2:8009: why");
    EXPECT_THAT(complaints(status, now, 5000ms), ElementsAre(HasSubstr(sentence)));
    EXPECT_THAT(complaints(status, now + 4000ms, 5000ms), ElementsAre()) << "long ago";
  }
  for (const Drop why : {Drop::replayed, Drop::unproven, Drop::truncated, Drop::oversized}) {
    LinkStatus status = one_peer();
    status.peers[0].drops.count(why, now, "noise of any network");
    EXPECT_THAT(complaints(status, now, 5000ms), ElementsAre()) << word(why);
  }
}

TEST(Complaints, AreMadeOfStrangersToo) {
  LinkStatus status = one_peer();
  status.drops.count(Drop::unknown_sender, now, "x");
  status.drops.count(Drop::not_for_us, now, "x");
  EXPECT_THAT(complaints(status, now, 5000ms),
              ElementsAre(HasSubstr("none of the configured peers"), HasSubstr("meant for another node")));
}

TEST(Complaints, AreMadeOfASocketThatGivesNothing) {
  LinkStatus status = one_peer();
  status.receive_error = "Cannot allocate memory";
  EXPECT_THAT(complaints(status, now, 5000ms), ElementsAre("datagrams cannot be received: Cannot allocate memory"));
}

TEST(Drops, HaveAWordEach) {
  std::set<std::string_view> words;
  for (size_t i = 0; i < drop_kinds; ++i) words.insert(word(static_cast<Drop>(i)));
  EXPECT_EQ(words.size(), drop_kinds);
  EXPECT_EQ(words.count("unknown"), 0u);
}

}  // namespace
}  // namespace picket
