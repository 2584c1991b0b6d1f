#pragma once
// What the journal and systemd are told of each decision, once: a line for a verdict that has changed, one for an alarm
// that is new, and one for each thing that is wrong with the agent itself.

#include <string>
#include <vector>

#include "report/snapshot.hpp"
#include "systemd/notify.hpp"

namespace picket {

class Journal {
 public:
  /// `acts`: what a verdict orders is carried out (every level but observe). `notify` must outlive this.
  Journal(Notify& notify, bool acts) : notify_(notify), acts_(acts) {}

  /// The verdict has changed.
  void verdict(const Snapshot& snapshot);
  /// `before`: the alarms of the last decision. `two_primaries`: the positions of both are worth a word.
  void alarms(const Snapshot& snapshot, const std::vector<std::string>& before, bool two_primaries);
  /// All that is wrong just now; each is told when it was not wrong the last time.
  void problems(const std::vector<std::string>& problems);

 private:
  Notify& notify_;
  const bool acts_;
  std::vector<std::string> told_;  // what was wrong the last time
};

}  // namespace picket
