#include "flight/record.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/words.hpp"
#include "flight/fields.hpp"
#include "report/words.hpp"

namespace picket {
namespace {

PICKET_FIELDS(FlightRecord, kind, wall_ms, boot_id, version, dropped, note, before, board, now, policy, verdict)

using Json = nlohmann::ordered_json;

constexpr int max_depth = 16;
// Every enum of the core has its words at 0 .. n-1; beyond, word() gives one that an earlier value has.
constexpr int max_enumerators = 64;

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

struct Writer {
  Json object = Json::object();
  template <class T>
  void operator()(const char* name, const T& value) {
    object[name] = json(value);
  }
  template <class T>
  static Json json(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return word(value);
    } else if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
      return value;
    } else if constexpr (std::same_as<T, Millis>) {
      return value.count();
    } else if constexpr (std::same_as<T, Instant>) {
      return value.time_since_epoch().count();
    } else if constexpr (is_optional<T>::value) {
      return value ? json(*value) : Json(nullptr);
    } else if constexpr (is_vector<T>::value) {
      Json list = Json::array();
      for (const auto& item : value) list.push_back(json(item));
      return list;
    } else {
      Writer writer;
      visit_fields(writer, value);
      return std::move(writer.object);
    }
  }
};

class Reader {
 public:
  Reader(const Json& object, std::string path, std::vector<std::string>& unlike)
      : object_(object), path_(std::move(path)), unlike_(unlike) {
    if (!object.is_object()) fail(path_, "an object");
  }
  template <class T>
  void operator()(const char* name, T& value) {
    known_.emplace_back(name);
    const std::string path = path_.empty() ? name : path_ + "." + name;
    const auto found = object_.find(name);
    if (found == object_.end())
      unlike_.push_back(path + " is not there");
    else
      read(*found, value, path);
  }
  void tell_unknown() const {
    for (const auto& [name, value] : object_.items())
      if (std::ranges::find(known_, name) == known_.end()) unlike_.push_back(path_ + "." + name + " is not known here");
  }

 private:
  [[noreturn]] static void fail(const std::string& path, const std::string& expected) {
    throw BadRecord((path.empty() ? "the record" : path) + ": must be " + expected);
  }
  template <std::integral T>
  static T integer(const Json& json, const std::string& path) {
    if (!json.is_number_integer()) fail(path, "a whole number");
    const bool fits =
        json.is_number_unsigned() ? std::in_range<T>(json.get<uint64_t>()) : std::in_range<T>(json.get<int64_t>());
    if (!fits) fail(path, "a number within its range");
    return json.get<T>();
  }
  // A moment or a span: a hundred years in milliseconds, so that no sum of a few of them overflows.
  static Millis millis(const Json& json, const std::string& path) {
    constexpr int64_t century = 3'200'000'000'000;
    const auto count = integer<int64_t>(json, path);
    if (count > century || count < -century) fail(path, "a time within a hundred years");
    return Millis{count};
  }
  template <class T>
  void read(const Json& json, T& value, const std::string& path) {
    if constexpr (std::is_enum_v<T>) {
      value = enumerator<T>(json, path);
    } else if constexpr (std::same_as<T, bool>) {
      if (!json.is_boolean()) fail(path, "true or false");
      value = json.get<bool>();
    } else if constexpr (std::integral<T>) {
      value = integer<T>(json, path);
    } else if constexpr (std::same_as<T, std::string>) {
      if (!json.is_string()) fail(path, "a text");
      value = json.get<std::string>();
    } else if constexpr (std::same_as<T, Millis>) {
      value = millis(json, path);
    } else if constexpr (std::same_as<T, Instant>) {
      value = Instant{millis(json, path)};
    } else if constexpr (is_optional<T>::value) {
      value.reset();
      if (!json.is_null()) read(json, value.emplace(), path);
    } else if constexpr (is_vector<T>::value) {
      if (!json.is_array()) fail(path, "a list");
      value.clear();
      for (size_t i = 0; i < json.size(); ++i)
        read(json[i], value.emplace_back(), path + "[" + std::to_string(i) + "]");
    } else {
      Reader reader(json, path, unlike_);
      visit_fields(reader, value);
      reader.tell_unknown();
    }
  }
  template <class E>
  static E enumerator(const Json& json, const std::string& path) {
    if (!json.is_string()) fail(path, "a word");
    const auto& text = json.get_ref<const std::string&>();
    for (int i = 0; i < max_enumerators; ++i)
      if (word(static_cast<E>(i)) == text) return static_cast<E>(i);
    throw BadRecord(path + ": \"" + text.substr(0, 40) + "\" is no word that this version knows");
  }

  const Json& object_;
  std::string path_;
  std::vector<std::string>& unlike_;
  std::vector<std::string> known_;
};

/// The library reads nested values by recursion: this stops it before hostile bytes exhaust the stack.
class Depth : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return ++depth_ <= max_depth; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(size_t) override { return ++depth_ <= max_depth; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  int depth_ = 0;
};

}  // namespace

std::string_view word(FlightRecord::Kind kind) {
  switch (kind) {
    case FlightRecord::Kind::verdict: return "verdict";
    case FlightRecord::Kind::facts: return "facts";
    case FlightRecord::Kind::note: return "note";
    case FlightRecord::Kind::live: break;
  }
  return "live";
}

std::string encode(const FlightRecord& record) {
  std::string bytes;
  Json::to_cbor(Writer::json(record), bytes);
  return bytes;
}

FlightRecord decode(std::string_view cbor, std::vector<std::string>& unlike) {
  Depth depth;
  if (!Json::sax_parse(cbor.begin(), cbor.end(), &depth, nlohmann::detail::input_format_t::cbor))
    throw BadRecord("the bytes are no record");
  const Json json = Json::from_cbor(cbor.begin(), cbor.end(), true, false);
  FlightRecord record;
  Reader reader(json, "", unlike);
  visit_fields(reader, record);
  reader.tell_unknown();
  return record;
}

std::string to_json(const FlightRecord& record) {
  return Writer::json(record).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace picket
