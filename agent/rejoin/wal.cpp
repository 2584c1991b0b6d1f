#include "rejoin/wal.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "core/words.hpp"
#include "loop/write_file.hpp"
#include "rejoin/primary.hpp"
#include "rejoin/run_program.hpp"
#include "rejoin/wal_pages.hpp"

namespace picket {
namespace {
namespace fs = std::filesystem;

// Some gigabytes of log; more than that nobody reads at the terminal.
constexpr Millis dump_within{60'000};
constexpr Lsn compared = 65536;
constexpr uint64_t listed_commits = 100'000;

std::vector<std::string> dump_command(const WalPlace& place, Lsn from) {
  return {place.programs + "pg_waldump",
          "-p",
          place.data_directory + "/pg_wal",
          "-t",
          std::to_string(place.timeline),
          "-s",
          lsn_text(from)};
}

struct Dump {
  WalTail behind;  ///< records at or behind the fork
  Lsn end = 0;     ///< behind the last record of all; 0 = there was none
  std::string trouble;
};

// How pg_waldump speaks of a log that simply ends, in the middle of a segment or with one; but also of one that is
// damaged.
bool is_end_of_log(const std::string& trouble) {
  for (const char* words : {"error in WAL record", "could not find file", "No such file or directory"})
    if (trouble.find(words) != std::string::npos) return true;
  return trouble.empty();
}

/// Why what pg_waldump has read, up to `end`, is not all that there is; "" = it is.
std::string why_not_all(const WalPlace& place, const Ran& ran, Lsn end, const std::string& trouble) {
  if (ran.late) return "there is more of it than can be read in a minute";
  if (ran.code == 127) return ran.tail;
  if (ran.code > 127) return "pg_waldump was killed by signal " + std::to_string(ran.code - 128);
  if (ran.code != 0 && !is_end_of_log(trouble)) return trouble;
  if (end != 0 && (place.checkpoint >= end || log_goes_on(place, end)))
    return "the log cannot be read at " + lsn_text(end) + " and goes on behind it";
  return "";
}

Dump dump(const WalPlace& place, Lsn from, Lsn fork) {
  Dump dump;
  const Ran ran = run_program(dump_command(place, from), dump_within, [&](std::string_view line) {
    if (const auto record = parse_wal_line(line)) {
      dump.end = std::max(dump.end, end_of(*record, place.segment_size));
      if (record->lsn >= fork) dump.behind.add(*record);
    } else if (line.starts_with("pg_waldump: ")) {
      dump.trouble = line;
    }
  });
  dump.behind.cut_short = why_not_all(place, ran, dump.end, dump.trouble);
  return dump;
}

void copy_durably(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::copy_file(from, to, failed);
  if (failed) throw std::runtime_error(to.string() + ": " + failed.message());
  if (const std::string error = sync_path(to); !error.empty()) throw std::runtime_error(error);
}

}  // namespace

std::optional<WalTail> read_wal_tail(const WalPlace& place, Lsn fork, std::string& unknown) {
  unknown.clear();
  const Dump behind = dump(place, fork, fork);
  if (behind.behind.records > 0) return behind.behind;
  // None there, or it cannot be read: only a log that is seen to end before the fork has nothing behind it.
  if (place.checkpoint < fork) {
    const Dump all = dump(place, place.checkpoint, fork);
    if (all.behind.records > 0) return all.behind;
    if (all.end != 0 && all.behind.cut_short.empty()) return WalTail{};
    unknown = all.behind.cut_short.empty() ? all.trouble : all.behind.cut_short;
  } else {
    unknown = behind.behind.cut_short.empty() ? behind.trouble : behind.behind.cut_short;
  }
  if (unknown.empty()) unknown = "pg_waldump found no record";
  return {};
}

std::vector<std::string> diverged_segments(const WalPlace& place, Lsn fork, const std::optional<WalTail>& tail) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(place.data_directory + "/pg_wal", failed))
    names.push_back(entry.path().filename());
  // Behind the end there are recycled segments, which hold nothing. Where the end is not known they go too.
  const uint64_t last = tail && tail->end > 0 && tail->cut_short.empty() ? segment_of(tail->end - 1, place.segment_size)
                                                                         : std::numeric_limits<uint64_t>::max();
  return segments_between(names, place.timeline, segment_of(fork, place.segment_size), last, place.segment_size);
}

void archive_wal(const WalPlace& place, Lsn fork, const std::vector<std::string>& segments, const std::string& text,
                 const std::string& folder) {
  const fs::path unfinished = folder + ".unfinished", wal = place.data_directory + "/pg_wal";
  std::error_code failed;
  fs::create_directories(unfinished, failed);
  if (failed) throw std::runtime_error(unfinished.string() + ": " + failed.message());
  for (const auto& name : segments) copy_durably(wal / name, unfinished / name);
  if (const fs::path history = wal / history_file_name(place.timeline); fs::exists(history, failed))
    copy_durably(history, unfinished / history.filename());
  std::ofstream summary(unfinished / "summary.txt");
  summary << text << "\ncommitted behind the fork, as pg_waldump lists it:\n";
  uint64_t listed = 0;
  run_program(dump_command(place, fork), dump_within, [&](std::string_view line) {
    const auto record = parse_wal_line(line);
    if (record && record->commit && ++listed <= listed_commits) summary << line << "\n";
  });
  if (listed > listed_commits) summary << "... and " << listed - listed_commits << " more\n";
  summary.close();
  if (!summary) throw std::runtime_error(unfinished.string() + "/summary.txt: cannot be written");
  for (const fs::path& path : {unfinished / "summary.txt", unfinished})
    if (const std::string error = sync_path(path); !error.empty()) throw std::runtime_error(error);
  fs::rename(unfinished, folder, failed);
  if (failed) throw std::runtime_error(folder + ": " + failed.message());
  if (const std::string error = sync_folder_of(folder); !error.empty()) throw std::runtime_error(error);
}

std::optional<bool> same_log_before(const WalPlace& place, Lsn fork, const TimelineHistory& history, uint32_t theirs,
                                    const std::string& conninfo) {
  // A promotion copies the segment that holds the fork to the new timeline, with all that came before in it.
  const uint64_t number = segment_of(fork - 1, place.segment_size);
  const Lsn begin = number * place.segment_size;
  const Lsn from = std::max(begin, fork > compared ? fork - compared : 0);
  uint32_t next = theirs;
  for (const auto& one : history.switches)
    if (one.timeline > place.timeline) next = std::min(next, one.timeline);
  const bool at_edge = fork % place.segment_size == 0;
  const std::string name = segment_name(at_edge ? place.timeline : next, number, place.segment_size);

  std::string ours(fork - from, '\0');
  std::ifstream file(place.data_directory + "/pg_wal/" + segment_name(place.timeline, number, place.segment_size),
                     std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from - begin));
  if (!file.read(ours.data(), static_cast<std::streamsize>(ours.size()))) return {};
  const auto bytes = bytes_of_primary(conninfo, "pg_wal/" + name, from - begin, fork - from);
  if (!bytes) return {};
  return *bytes == ours;
}

}  // namespace picket
