#include "rejoin/wal_pages.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <limits>

#include "loop/fd.hpp"
#include "rejoin/wal_dump.hpp"

namespace picket {
namespace {

constexpr size_t address_at = 8;  // xlp_magic, xlp_info, xlp_tli, xlp_pageaddr

bool is_of_this_log(const Fd& segment, Lsn begin, Lsn page) {
  Lsn address = 0;
  return pread(segment.get(), &address, sizeof address, static_cast<off_t>(page - begin + address_at)) ==
             static_cast<ssize_t>(sizeof address) &&
         address == page;
}

}  // namespace

bool log_goes_on(const WalPlace& place, Lsn end) {
  const std::string folder = place.data_directory + "/pg_wal/";
  const uint64_t here = segment_of(end, place.segment_size);
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed))
    names.push_back(entry.path().filename());
  names = segments_between(names, place.timeline, here, std::numeric_limits<uint64_t>::max(), place.segment_size);
  for (const auto& name : names) {
    const Fd segment{open((folder + name).c_str(), O_RDONLY | O_CLOEXEC)};
    const Lsn begin = segment_number(name, place.segment_size) * place.segment_size;
    const bool later = begin > end;
    // A record that ends with its page leaves the next one to the next record.
    Lsn page = later ? begin : (end + wal_page - 1) / wal_page * wal_page;
    for (; segment && page < begin + place.segment_size; page += later ? place.segment_size : wal_page)
      if (is_of_this_log(segment, begin, page)) return true;
  }
  return false;
}

}  // namespace picket
