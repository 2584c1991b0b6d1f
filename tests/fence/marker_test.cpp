#include "fence/marker.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace picket {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

Marker two_reasons() {
  Marker marker;
  marker.boot_id = "0123456789abcdef0123456789abcdef";
  marker.add({"stale", "node 2 is primary on timeline 2", "2024-05-01T10:11:12Z", 1});
  marker.add({"operator", "maintenance of \"rack 4\"", "2024-05-02T10:11:12Z", 1});
  return marker;
}

TEST(Marker, IsWrittenAsTheDocumentedText) {
  Marker marker;
  marker.boot_id = "b";
  marker.add({"stale", "s", "t", 7});
  EXPECT_EQ(encode(marker), R"({
  "schema": 1,
  "boot_id": "b",
  "reasons": [
    {
      "reason": "stale",
      "sentence": "s",
      "at": "t",
      "timeline": 7
    }
  ]
}
)");
}

TEST(Marker, IsReadBackAsItWasWritten) { EXPECT_EQ(decode(encode(two_reasons())), two_reasons()); }

TEST(Marker, IsWrittenEvenWithAServersWordsThatAreNoUtf8) {
  Marker marker;
  marker.add({"stale", "FATAL: \xff\xfe", "t", 1});
  EXPECT_EQ(decode(encode(marker)).reasons.size(), 1U);
}

TEST(Marker, ReasonsAreASetInWhichTheFirstOfAKindStays) {
  Marker marker = two_reasons();
  EXPECT_FALSE(marker.add({"stale", "another sentence", "later", 2}));
  EXPECT_EQ(marker, two_reasons());
  EXPECT_TRUE(marker.remove("stale"));
  EXPECT_FALSE(marker.remove("stale"));
  ASSERT_EQ(marker.reasons.size(), 1U);
  EXPECT_EQ(marker.reasons[0].reason, "operator");
}

TEST(Marker, SaysWhatIsWrongWithATextThatIsNone) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no JSON"},
      {"{\"schema\":1", "no JSON"},
      {"[]", "no JSON object"},
      {"{}", "\"schema\" is missing"},
      {"{\"schema\":\"1\"}", "\"schema\" has the wrong type"},
      {"{\"schema\":2}", "schema 2 is not known"},
      {"{\"schema\":1}", "\"boot_id\" is missing"},
      {"{\"schema\":1,\"boot_id\":\"\"}", "\"reasons\" is no array"},
      {"{\"schema\":1,\"boot_id\":\"\",\"reasons\":{}}", "\"reasons\" is no array"},
      {"{\"schema\":1,\"boot_id\":\"\",\"reasons\":[]}", "\"reasons\" is empty"},
      {"{\"schema\":1,\"boot_id\":\"\",\"reasons\":[1]}", "a reason is no object"},
      {"{\"schema\":1,\"boot_id\":\"\",\"reasons\":[{}]}", "\"reason\" is missing"},
      {R"({"schema":1,"boot_id":"","reasons":[{"reason":"","sentence":"","at":"","timeline":1}]})",
       "a reason is empty"},
      {R"({"schema":1,"boot_id":"","reasons":[{"reason":"stale","sentence":"","at":"","timeline":"1"}]})",
       "\"timeline\" has the wrong type"},
  };
  for (const auto& [text, error] : cases) {
    try {
      decode(text);
      ADD_FAILURE() << "read as a marker: " << text;
    } catch (const std::runtime_error& wrong) {
      EXPECT_THAT(wrong.what(), HasSubstr(error)) << text;
    }
  }
}

MarkerFile file(MarkerFile::State state, Marker marker = {}, std::string why = {}) {
  return {state, std::move(why), std::move(marker)};
}
using State = MarkerFile::State;

TEST(MarkerFacts, AreTheUnionOfBothPlaces) {
  Marker isolated;
  isolated.add({"isolated", "no majority", "t", 3});
  const auto facts = marker_facts(file(State::present, two_reasons()), file(State::present, isolated));
  EXPECT_EQ(facts.state, MarkerFacts::State::fenced);
  EXPECT_THAT(facts.reasons, ElementsAre("stale", "operator", "isolated"));
  EXPECT_EQ(facts.sentence, "no majority");
  EXPECT_EQ(facts.timeline, 3U);
}

TEST(MarkerFacts, AreNoneOnlyWhenBothPlacesWereReadAndHoldNothing) {
  EXPECT_EQ(marker_facts(file(State::absent), file(State::absent)).state, MarkerFacts::State::none);
  const auto unknown = marker_facts(file(State::unreadable, {}, "/a: open: Input/output error"), file(State::absent));
  EXPECT_EQ(unknown.state, MarkerFacts::State::unknown);
  EXPECT_EQ(unknown.why, "/a: open: Input/output error");
  EXPECT_EQ(marker_facts(file(State::unreadable), file(State::present, two_reasons())).state,
            MarkerFacts::State::fenced);
}

TEST(MarkerFacts, AreMalformedWhicheverPlaceIs) {
  EXPECT_EQ(marker_facts(file(State::malformed), file(State::absent)).state, MarkerFacts::State::malformed);
  EXPECT_EQ(marker_facts(file(State::present, two_reasons()), file(State::malformed)).state,
            MarkerFacts::State::malformed);
}

}  // namespace
}  // namespace picket
