#pragma once
// Looks at repmgr.conf again and again, since repmgrd can be told to read it anew at any time, and says when its times
// do not fit those of picket (timing.hpp). A file that cannot be used changes nothing but that this is said.

#include <string>
#include <vector>

#include "loop/lifetime.hpp"
#include "loop/sources.hpp"
#include "loop/worker.hpp"
#include "timing.hpp"

namespace picket {

class FailoverWatch {
 public:
  static constexpr Millis every{10'000};

  /// `first` is what the file said when the agent started. The references must outlive this.
  FailoverWatch(Loop& loop, Worker& disk, const Config& config, const RepmgrConf& first);

  /// As last read.
  const FailoverTimes& times() const { return times_; }
  /// What does not fit, or why the file cannot be used.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void look();
  void judge(const RepmgrConf& repmgr);
  void take(const std::string& text);

  Worker& disk_;
  const Config& config_;
  FailoverTimes times_;
  std::vector<std::string> problems_;
  std::string last_;      // the text that was judged last
  bool looking_ = false;  // a disk that hangs keeps one look waiting, not one more every `every`
  Timer each_;
  Lifetime lifetime_;
};

}  // namespace picket
