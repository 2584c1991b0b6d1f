// Entries of the recorder: nothing is lost on the way to the bytes and back, and bytes that make no sense say so.
#include "flight/record.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "flight/fields.hpp"
#include "flight/flights.hpp"
#include "flight/history.hpp"

namespace picket {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

FlightRecord decoded(const std::string& bytes) {
  std::vector<std::string> unlike;
  FlightRecord record = decode(bytes, unlike);
  EXPECT_THAT(unlike, testing::IsEmpty());
  return record;
}

std::string error_of(const std::string& bytes) {
  std::vector<std::string> unlike;
  try {
    decode(bytes, unlike);
  } catch (const BadRecord& error) {
    return error.what();
  }
  return "";
}

/// Puts something else than the default into every field.
struct Fill {
  std::mt19937_64& random;
  template <class T>
  void operator()(const char*, T& value) {
    fill(value);
  }
  template <class T>
  void fill(T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(random() % 2);
    } else if constexpr (std::same_as<T, bool>) {
      value = random() % 2 == 0;
    } else if constexpr (std::integral<T>) {
      value = static_cast<T>(random());
    } else if constexpr (std::same_as<T, std::string>) {
      for (int i = 0; i < 5; ++i) value += static_cast<char>(random());  // no UTF-8 either
    } else if constexpr (std::same_as<T, Millis>) {
      value = Millis{static_cast<int64_t>(random() % 1'000'000'000)};
    } else if constexpr (std::same_as<T, Instant>) {
      value = Instant{Millis{static_cast<int64_t>(random() % 1'000'000'000)}};
    } else if constexpr (requires { value.emplace(); }) {
      if (random() % 4 != 0) fill(value.emplace());
    } else if constexpr (requires { value.emplace_back(); }) {
      for (int i = 0; i < 2; ++i) fill(value.emplace_back());
    } else {
      visit_fields(*this, value);
    }
  }
};

FlightRecord filled(uint64_t seed) {
  std::mt19937_64 random(seed);
  Fill fill{random};
  FlightRecord record;
  fill.fill(record.before);
  fill.fill(record.board);
  fill.fill(record.now);
  fill.fill(record.policy);
  fill.fill(record.verdict);
  return record;
}

TEST(FlightRecordTest, ComesBackWithEveryField) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const FlightRecord record = filled(seed);
    const FlightRecord back = decoded(encode(record));
    EXPECT_EQ(encode(back), encode(record)) << seed;
    EXPECT_EQ(back.verdict, record.verdict);
    EXPECT_EQ(back.board.server.session.detail, record.board.server.session.detail);
    EXPECT_EQ(back.before.state, record.before.state);
  }
}

TEST(FlightRecordTest, EveryFieldOfTheBytesIsReadAgain) {
  // Each scalar is changed on its own: if the way back left one out, the bytes made from it would not show the change.
  const Json whole = Json::from_cbor(encode(filled(7)), true, true);
  int changed = 0;
  const Json flat = whole.flatten();
  for (const auto& [path, value] : flat.items()) {
    Json other = whole;
    Json& field = other[Json::json_pointer(path)];
    if (value.is_boolean())
      field = !value.get<bool>();
    else if (value.is_number())
      field = 1;
    else if (value.is_string() && path.find("detail") != std::string::npos)
      field = "other";
    else
      continue;
    std::string bytes;
    Json::to_cbor(other, bytes);
    EXPECT_EQ(Json::from_cbor(encode(decoded(bytes))), other) << path;
    ++changed;
  }
  EXPECT_GT(changed, 100);
}

TEST(FlightRecordTest, EveryWordOfAnEnumComesBack) {
  FlightRecord record;
  for (int i = 0; i <= static_cast<int>(Rule::R16); ++i) {
    record.verdict.rule = static_cast<Rule>(i);
    EXPECT_EQ(decoded(encode(record)).verdict.rule, record.verdict.rule);
  }
  for (int i = 0; i <= static_cast<int>(Answer::failed); ++i) {
    record.board.server.fresh.answer = static_cast<Answer>(i);
    EXPECT_EQ(decoded(encode(record)).board.server.fresh.answer, record.board.server.fresh.answer);
  }
  for (int i = 0; i <= static_cast<int>(FenceReason::operator_order); ++i) {
    record.verdict.reason = static_cast<FenceReason>(i);
    EXPECT_EQ(decoded(encode(record)).verdict.reason, record.verdict.reason);
  }
}

TEST(FlightRecordTest, IsDecidedAgainAsItWas) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    for (const FlightRecord& record : night(seed, 150)) {
      const FlightRecord back = decoded(encode(record));
      const Replay again = replay(back);
      ASSERT_TRUE(again.agrees) << seed << ": " << line_of(record.verdict) << "\n" << line_of(again.verdict);
    }
  }
}

TEST(FlightRecordTest, HoldsNoPassword) {
  Watcher w(3);
  w.peer(2).node.conninfo = "host=pg2 user=repmgr password=geheim";
  w.tick();
  const FlightRecord record = record_of({}, w);
  EXPECT_EQ(encode(record).find("geheim"), std::string::npos);
  EXPECT_EQ(encode(record).find("conninfo"), std::string::npos);
  EXPECT_EQ(to_json(record).find("geheim"), std::string::npos);
  EXPECT_EQ(decoded(encode(record)).board.peers[0].node.conninfo, "");
}

TEST(FlightRecordTest, OfAnotherVersionIsReadAndTheDifferenceIsNamed) {
  Json json = Json::from_cbor(encode(FlightRecord{}));
  json["policy"].erase("stale_reads");
  json["board"]["weather"] = "fine";
  std::string bytes;
  Json::to_cbor(json, bytes);
  std::vector<std::string> unlike;
  decode(bytes, unlike);
  EXPECT_THAT(unlike,
              testing::UnorderedElementsAre("policy.stale_reads is not there", "board.weather is not known here"));
}

TEST(FlightRecordTest, NamesTheFieldThatMakesNoSense) {
  const auto with = [](const char* path, const Json& value) {
    Watcher w(3);
    Json json = Json::from_cbor(encode(record_of({}, w)));
    json[Json::json_pointer(path)] = value;
    std::string bytes;
    Json::to_cbor(json, bytes);
    return error_of(bytes);
  };
  EXPECT_EQ(with("/board/server/session/answer", "perhaps"),
            "board.server.session.answer: \"perhaps\" is no word that this version knows");
  EXPECT_EQ(with("/board/peers/1/node/port", "5432"), "board.peers[1].node.port: must be a whole number");
  EXPECT_EQ(with("/verdict/timeline", -1), "verdict.timeline: must be a number within its range");
  EXPECT_EQ(with("/policy/fresh", 1e3), "policy.fresh: must be a whole number");
  EXPECT_EQ(with("/now", int64_t{1} << 60), "now: must be a time within a hundred years");
  EXPECT_EQ(with("/board/peers", "none"), "board.peers: must be a list");
  EXPECT_EQ(with("/verdict/alarms", nullptr), "verdict.alarms: must be a list");
  EXPECT_EQ(with("/board/disk", 7), "board.disk: must be an object");
  EXPECT_EQ(with("/board/disk/known", 1), "board.disk.known: must be true or false");
  EXPECT_EQ(error_of(""), "the bytes are no record");
  EXPECT_EQ(error_of("\x01"), "the record: must be an object");
}

TEST(FlightRecordTest, ThatIsNestedWithoutEndIsRefused) {
  EXPECT_EQ(error_of(std::string(1'500'000, '\x81')), "the bytes are no record");
  EXPECT_EQ(error_of(std::string(1'500'000, '\x9f')), "the bytes are no record");
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += std::string("\xa1\x61\x61");
  EXPECT_EQ(error_of(objects), "the bytes are no record");
  EXPECT_EQ(error_of("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), "the bytes are no record");
  EXPECT_EQ(error_of("\x7b\xff\xff\xff\xff\xff\xff\xff\xff"
                     "abc"),
            "the bytes are no record");
}

TEST(FlightRecordTest, WithBytesDrawnByChanceIsAnErrorOrARecordAndNeverACrash) {
  std::mt19937_64 random(4711);
  const std::string good = encode(night(3, 60).back());
  int refused = 0;
  for (int i = 0; i < 1'500; ++i) {
    std::string bytes = good;
    for (uint64_t change = 0; change <= random() % 3; ++change) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8)); break;
        case 2: bytes.erase(at, random() % 20); break;
        default: bytes.insert(at, std::string(random() % 9, static_cast<char>(random()))); break;
      }
    }
    std::vector<std::string> unlike;
    try {
      replay(decode(bytes, unlike));
    } catch (const BadRecord&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 150);
  EXPECT_LT(refused, 1'500);
}

}  // namespace
}  // namespace picket
