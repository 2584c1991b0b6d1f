#include "start_note.hpp"

#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {

using nlohmann::json;

std::string start_note_path(const std::string& run_directory) { return run_directory + "/start-refused.json"; }
std::string start_leave_path(const std::string& run_directory) { return run_directory + "/start-once"; }

std::optional<StartRefusal> read_start_note(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return {};
  const json note = json::parse(*text, nullptr, false);
  const auto has = [&](const char* name) { return note.is_object() && note.contains(name) && note[name].is_string(); };
  if (!has("row") || !has("sentence")) return {};
  return StartRefusal{note["row"].get<std::string>(), note["sentence"].get<std::string>()};
}

std::string write_start_note(const std::string& path, const StartRefusal& refusal) {
  const json note = {{"schema", 1}, {"row", refusal.row}, {"sentence", refusal.sentence}};
  // The words of a server may be no UTF-8.
  return write_file(path, note.dump(1, ' ', false, json::error_handler_t::replace) + "\n", 0644);
}

std::string write_start_leave(const std::string& path, Instant now) {
  return write_file(path, std::to_string(now.time_since_epoch().count()) + "\n", 0644);
}

bool use_start_leave(const std::string& path, Instant now) {
  const auto text = read_file(path);
  // What cannot be taken away is not taken: it would be a leave for good.
  if (!text || unlink(path.c_str()) != 0) return false;
  const Instant given{Millis{std::strtoll(text->c_str(), nullptr, 10)}};
  return given <= now && now - given <= leave_good_for;
}

}  // namespace picket
