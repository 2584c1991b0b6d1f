#pragma once
// The reading end of Keepalived's notify FIFO. The FIFO is made here, before Keepalived starts: one that Keepalived
// makes belongs to root and vanishes at every reload. Opened for reading and writing, so that a Keepalived that goes
// away never spins the loop. What cannot be had now (no folder, a regular file in the place) is in problem() and tried
// again.

#include <functional>
#include <memory>
#include <string>

#include "keepalived/notify_event.hpp"
#include "loop/fd.hpp"
#include "loop/sources.hpp"

namespace picket {

class NotifyFifo {
 public:
  /// `heard` runs on the loop for each line that makes sense, and may destroy this object. Never throws for the file's
  /// sake.
  NotifyFifo(Loop& loop, std::string path, std::function<void(const NotifyEvent&)> heard);
  ~NotifyFifo();
  NotifyFifo(const NotifyFifo&) = delete;
  NotifyFifo& operator=(const NotifyFifo&) = delete;

  /// Empty while the FIFO is open and in its place.
  const std::string& problem() const { return problem_; }
  /// Lines that were no notification, since the start.
  size_t ignored_lines() const { return ignored_; }

 private:
  void look();
  bool in_place() const;
  void open_fifo();
  void read_lines();
  void take(std::string& text);

  Loop& loop_;
  std::string path_;
  std::function<void(const NotifyEvent&)> heard_;
  std::string problem_;
  std::string pending_;  ///< the beginning of a line whose end has not come yet
  size_t ignored_ = 0;
  Fd fd_;
  std::unique_ptr<Io> io_;
  Timer again_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace picket
