#include "rejoin/record.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/signals.hpp"
#include "loop/fd.hpp"
#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {
namespace {

using nlohmann::json;
using RecordState = RejoinRecord::State;

constexpr std::array state_words{"none", "running", "done", "failed"};

std::string rejoin_lock_path(const std::string& run_directory) { return run_directory + "/rejoin.lock"; }

// The words of a program may be no UTF-8.
std::string text_of(const json& value) { return value.dump(1, ' ', false, json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string rejoin_record_path(const std::string& state_directory) { return state_directory + "/rejoin.json"; }
std::string rejoin_request_path(const std::string& run_directory) { return run_directory + "/rejoin-request.json"; }

std::optional<RejoinRecord> read_rejoin_record(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return {};
  try {
    const json from = json::parse(*text);
    RejoinRecord record;
    for (size_t i = 0; i < state_words.size(); ++i)
      if (from.at("state") == state_words[i]) record.state = static_cast<RecordState>(i);
    from.at("by").get_to(record.by);
    from.at("began").get_to(record.began);
    from.at("ended").get_to(record.ended);
    from.at("sentence").get_to(record.sentence);
    from.at("steps").get_to(record.steps);
    from.at("archive").get_to(record.archive);
    from.at("timeline").get_to(record.timeline);
    from.at("fork").get_to(record.fork);
    from.at("automatic").get_to(record.automatic);
    from.at("final").get_to(record.final);
    from.at("rewinding").get_to(record.rewinding);
    record.aside = from.value("aside", "");  // records of 0.1 have none
    return record;
  } catch (const json::exception&) {
    return {};
  }
}

bool half_rewound(const RejoinRecord& record, const DiskFacts& disk) {
  return record.rewinding && disk.known && record.timeline == disk_timeline(disk);
}

std::string write_rejoin_record(const std::string& path, const RejoinRecord& r) {
  return write_durably(path,
                       text_of({{"schema", 1},
                                {"state", state_words[static_cast<size_t>(r.state)]},
                                {"by", r.by},
                                {"began", r.began},
                                {"ended", r.ended},
                                {"sentence", r.sentence},
                                {"steps", r.steps},
                                {"archive", r.archive},
                                {"timeline", r.timeline},
                                {"fork", r.fork},
                                {"automatic", r.automatic},
                                {"final", r.final},
                                {"rewinding", r.rewinding},
                                {"aside", r.aside}}),
                       0640);
}

std::string rejoin_sentence(const RejoinRecord& r, bool alive) {
  const std::string who = " (" + (r.by.empty() ? "?" : r.by) + ")";
  switch (r.state) {
    case RecordState::none: break;
    case RecordState::running:
      if (alive) return "running since " + r.began + who + ": " + r.sentence;
      return "broken off, begun " + r.began + who + ": " + r.sentence;
    case RecordState::done: return "done " + r.ended + who + ": " + r.sentence;
    case RecordState::failed: return "FAILED " + r.ended + who + ": " + r.sentence;
  }
  return "";
}

std::string write_rejoin_request(const std::string& path, const RejoinRequest& request) {
  const Wishes& w = request.wishes;
  return write_file(path,
                    text_of({{"schema", 1},
                             {"clone", w.clone},
                             {"without_archive", w.without_archive},
                             {"automatic", w.automatic},
                             {"max_lost", w.max_lost},
                             {"primary", request.primary},
                             {"by", request.by}}),
                    0644);
}

std::optional<RejoinRequest> take_rejoin_request(const std::string& path) {
  auto request = read_rejoin_request(path);
  // What cannot be taken away would be an order for ever.
  if (unlink(path.c_str()) != 0) return {};
  return request;
}

std::optional<RejoinRequest> read_rejoin_request(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return {};
  try {
    const json from = json::parse(*text);
    RejoinRequest request;
    from.at("clone").get_to(request.wishes.clone);
    from.at("without_archive").get_to(request.wishes.without_archive);
    from.at("automatic").get_to(request.wishes.automatic);
    from.at("max_lost").get_to(request.wishes.max_lost);
    from.at("primary").get_to(request.primary);
    from.at("by").get_to(request.by);
    return request;
  } catch (const json::exception&) {
    return {};
  }
}

Fd lock_rejoin(const std::string& run_directory) {
  const std::string path = rejoin_lock_path(run_directory);
  Fd fd{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (!fd) throw std::runtime_error(path + ": " + std::strerror(errno));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  if (fcntl(fd.get(), F_OFD_SETLK, &whole) == 0) return fd;
  if (errno == EAGAIN || errno == EACCES) return {};
  throw std::runtime_error(path + ": " + std::strerror(errno));
}

bool rejoin_runs(const std::string& run_directory) {
  const Fd fd{open(rejoin_lock_path(run_directory).c_str(), O_RDONLY | O_CLOEXEC)};
  struct flock whole {};
  whole.l_type = F_WRLCK;
  return fd && fcntl(fd.get(), F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

}  // namespace picket
