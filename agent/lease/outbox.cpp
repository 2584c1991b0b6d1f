#include "lease/outbox.hpp"

#include <algorithm>
#include <memory>

#include "lease/promise_file.hpp"

namespace picket {
namespace {

constexpr Millis write_again{500};

}  // namespace

Outbox::Outbox(Loop& loop, std::string path, const Promise& durable, int self,
               std::function<void(const Envelope&)> leave)
    : path_(std::move(path)),
      self_(self),
      leave_(std::move(leave)),
      newest_(durable),
      durable_(durable),
      disk_(loop),
      again_(loop, [this] { write(); }) {}

void Outbox::put(const Promise& promise, bool anew, std::vector<Envelope> envelopes) {
  newest_ = promise;
  if (anew) ++made_;
  for (Envelope& envelope : envelopes) {
    if (written_ == made_ || may_leave(envelope)) {
      leave_(envelope);
      continue;
    }
    std::erase_if(waiting_, [&](const Waiting& w) {
      return w.envelope.to == envelope.to && w.envelope.message.kind == envelope.message.kind;
    });
    waiting_.push_back({made_, std::move(envelope)});
  }
  write();
}

// A heartbeat follows from the promise of its own term, and that was on disk before it was won.
bool Outbox::may_leave(const Envelope& envelope) const {
  return envelope.message.kind == LeaseMessage::Kind::heartbeat && durable_.to == self_ && newest_.to == self_ &&
         envelope.message.term <= durable_.term;
}

void Outbox::let_go() {
  for (const Waiting& w : waiting_)
    if (w.needs <= written_) leave_(w.envelope);
  std::erase_if(waiting_, [&](const Waiting& w) { return w.needs <= written_; });
}

void Outbox::write() {
  if (writing_ != 0 || written_ == made_ || again_.armed()) return;
  writing_ = made_;
  under_way_ = newest_;
  const auto error = std::make_shared<std::string>();
  disk_.run([path = path_, promise = newest_, error] { *error = write_promise(path, promise); },
            [this, watch = lifetime_.watch(), error] {
              if (!watch.expired()) written(*error);
            });
}

void Outbox::written(const std::string& error) {
  error_ = error;
  const uint64_t number = std::exchange(writing_, 0);
  if (!error.empty()) {
    // What has waited is out of date by the time the disk takes it; it is said anew.
    waiting_.clear();
    return again_.start(write_again);
  }
  written_ = number;
  durable_ = under_way_;
  let_go();
  write();
}

}  // namespace picket
