#include "fence/marker.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace picket {
namespace {

constexpr int schema = 1;

// A member of `object` with the type of T, or an error that names it.
template <class T>
T member(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) throw std::runtime_error(std::string("\"") + name + "\" is missing");
  try {
    return found->get<T>();
  } catch (const nlohmann::json::exception&) {
    throw std::runtime_error(std::string("\"") + name + "\" has the wrong type");
  }
}

MarkerReason decode_reason(const nlohmann::json& object) {
  if (!object.is_object()) throw std::runtime_error("a reason is no object");
  MarkerReason reason;
  reason.reason = member<std::string>(object, "reason");
  reason.sentence = member<std::string>(object, "sentence");
  reason.at = member<std::string>(object, "at");
  reason.timeline = member<uint32_t>(object, "timeline");
  if (reason.reason.empty()) throw std::runtime_error("a reason is empty");
  return reason;
}

}  // namespace

bool Marker::add(MarkerReason reason) {
  const auto same = [&](const MarkerReason& other) { return other.reason == reason.reason; };
  if (std::any_of(reasons.begin(), reasons.end(), same)) return false;
  reasons.push_back(std::move(reason));
  return true;
}

bool Marker::remove(std::string_view reason) {
  return std::erase_if(reasons, [&](const MarkerReason& other) { return other.reason == reason; }) > 0;
}

std::string encode(const Marker& marker) {
  nlohmann::ordered_json document;
  document["schema"] = schema;
  document["boot_id"] = marker.boot_id;
  document["reasons"] = nlohmann::ordered_json::array();
  for (const auto& reason : marker.reasons) {
    nlohmann::ordered_json object;
    object["reason"] = reason.reason;
    object["sentence"] = reason.sentence;
    object["at"] = reason.at;
    object["timeline"] = reason.timeline;
    document["reasons"].push_back(std::move(object));
  }
  // Sentences carry the words of other programs: what is no UTF-8 must not keep the marker from being written.
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Marker decode(std::string_view text) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) throw std::runtime_error("no JSON");
  if (!document.is_object()) throw std::runtime_error("no JSON object");
  if (const auto found = member<int>(document, "schema"); found != schema)
    throw std::runtime_error("schema " + std::to_string(found) + " is not known, only " + std::to_string(schema));
  Marker marker;
  marker.boot_id = member<std::string>(document, "boot_id");
  const auto reasons = document.find("reasons");
  if (reasons == document.end() || !reasons->is_array()) throw std::runtime_error("\"reasons\" is no array");
  for (const auto& object : *reasons) marker.add(decode_reason(object));
  // A marker without a reason is never written: something else wrote this, and what it meant is not known.
  if (marker.reasons.empty()) throw std::runtime_error("\"reasons\" is empty");
  return marker;
}

MarkerFacts marker_facts(const MarkerFile& durable, const MarkerFile& fallback) {
  MarkerFacts facts;
  Marker all;
  bool malformed = false, unreadable = false;
  for (const auto* file : {&durable, &fallback}) {
    for (const auto& reason : file->marker.reasons) all.add(reason);
    malformed |= file->state == MarkerFile::State::malformed;
    unreadable |= file->state == MarkerFile::State::unreadable;
    if (!file->why.empty()) facts.why += (facts.why.empty() ? "" : "; ") + file->why;
  }
  for (const auto& reason : all.reasons) {
    facts.reasons.push_back(reason.reason);
    facts.sentence = reason.sentence;  // of the newest reason
    facts.timeline = reason.timeline;
  }
  if (malformed) {
    facts.state = MarkerFacts::State::malformed;
  } else if (!all.reasons.empty()) {
    facts.state = MarkerFacts::State::fenced;
  } else {
    facts.state = unreadable ? MarkerFacts::State::unknown : MarkerFacts::State::none;
  }
  return facts;
}

}  // namespace picket
