#pragma once
// Planned work on this node, announced by its operator: `picket maintenance on --for 30m --reason ...`. It changes what
// balancers are told, and that the agent starts nothing meanwhile; it keeps no rule from being decided, and no stale
// primary from being stopped.
//
// It lies in the run-time directory: a restart of the agent must not end it, and a reboot must, since nobody who works
// on a node wants it drained for good after that. Its end is counted in the time since boot, so that no step of the
// wall clock moves it.

#include <optional>
#include <string>

#include "report/snapshot.hpp"

namespace picket {

class MaintenanceNote {
 public:
  static constexpr Millis longest{24 * 3600 * 1000};

  /// Reads the note that an earlier agent left at `path`. One that makes no sense is no note, and is told in the log.
  MaintenanceNote(std::string path, Instant now);

  /// What holds now. An end that has come is told in the log once.
  const std::optional<Maintenance>& at(Instant now);
  /// Begins, or sets another end. `length` from 1 ms to `longest`. Returns "" or why it is not: it could not be
  /// written.
  std::string begin(Millis length, const std::string& reason, const std::string& who, Instant now);
  /// Ends before its time. Returns whether there was one.
  bool end(const std::string& who);

 private:
  void forget();

  std::string path_;
  std::optional<Maintenance> current_;
};

}  // namespace picket
