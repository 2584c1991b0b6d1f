#pragma once
// The fence marker as the daemon holds it. A change counts at once in memory, so that a fence holds before the disk
// knows of it; the files follow on the worker thread, and a failed write is reported and tried again until the disk has
// it.

#include <functional>
#include <string>

#include "fence/marker.hpp"
#include "loop/lifetime.hpp"
#include "loop/sources.hpp"
#include "loop/worker.hpp"

namespace picket {

class MarkerStore {
 public:
  static constexpr Millis retry_every{5000};

  /// Reads both files now, blocking: for start-up. `path` is the durable place (/var/lib/picket/fence.json),
  /// `fallback_path` one on another file system (/run/picket/fence.json) for when the first fails (EIO, ENOSPC, EROFS,
  /// EACCES, ...) or takes its time. `worker` should be one that waits for no other disk. `changed` runs on the loop
  /// when facts() or trouble() has changed, also during the calls below; may be empty.
  MarkerStore(Loop& loop, Worker& worker, std::string path, std::string fallback_path, std::function<void()> changed);

  /// A malformed marker fences, is left on disk as it is, and only clear_all() lifts it. `why` holds trouble() too.
  const MarkerFacts& facts() const { return facts_; }
  /// Why the durable file does not say what facts() says, e.g. "/var/lib/picket/fence.json.new: open: Read-only file
  /// system; the marker is in /run/picket/fence.json only, which a reboot forgets"; empty when all is well. While a
  /// write is under way the text of the last finished one stands.
  const std::string& trouble() const { return trouble_; }
  /// True while memory and disk differ: a write is under way or has failed.
  bool writing() const { return busy_ || dirty_; }

  /// Adds a reason; one that is there already is left as it is (cheap: may be called at every tick).
  void add(const std::string& reason, const std::string& sentence, uint32_t timeline);
  /// Takes one reason away and leaves the others; the file goes with the last one. A malformed marker goes on fencing.
  void clear(const std::string& reason);
  /// Takes everything away, a malformed marker too. Who may order that is the caller's matter.
  void clear_all();
  /// Reads both files again on the worker and adds what another program (the start gate) wrote there. Never takes away.
  void look_again();

 private:
  struct Files {
    MarkerFile durable, fallback;
  };
  struct Written {
    std::string durable_error, fallback_error;
  };
  void take(const Files& files);
  void change();
  void save();
  void saved(const Marker& marker, const Written& written);
  void retry();
  void refresh();

  Worker& worker_;
  const std::string path_, fallback_path_;
  std::function<void()> changed_;
  Marker marker_;
  std::string malformed_;   // why; not empty = malformed, and never written over
  std::string unreadable_;  // why; not empty = the durable file may hold reasons we do not know: never written over
  std::string trouble_;
  MarkerFacts facts_;
  bool busy_ = false, dirty_ = false;
  uint64_t generation_ = 0;  // counts the changes, to tell what a read is older than
  Timer retry_timer_;
  Lifetime lifetime_;
};

}  // namespace picket
