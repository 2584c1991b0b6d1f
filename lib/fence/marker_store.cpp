#include "fence/marker_store.hpp"

#include <memory>
#include <utility>

namespace picket {
namespace {

bool same(const MarkerFacts& a, const MarkerFacts& b) {
  return a.state == b.state && a.why == b.why && a.reasons == b.reasons && a.sentence == b.sentence &&
         a.timeline == b.timeline;
}

}  // namespace

MarkerStore::MarkerStore(Loop& loop, Worker& worker, std::string path, std::string fallback_path,
                         std::function<void()> changed)
    : worker_(worker),
      path_(std::move(path)),
      fallback_path_(std::move(fallback_path)),
      retry_timer_(loop, [this] { retry(); }) {
  retry_timer_.every(retry_every);
  take({read_marker(path_), read_marker(fallback_path_)});
  changed_ = std::move(changed);  // what is known at the end of the constructor is no change
}

void MarkerStore::take(const Files& files) {
  using State = MarkerFile::State;
  malformed_.clear();
  for (const auto* file : {&files.durable, &files.fallback}) {
    for (const auto& reason : file->marker.reasons) marker_.add(reason);
    if (file->state == State::malformed) malformed_ += (malformed_.empty() ? "" : "; ") + file->why;
  }
  unreadable_ = files.durable.state == State::unreadable ? files.durable.why : "";
  // Only in the fallback: it came through a time in which the durable place could not be written.
  if (files.durable.marker.reasons != marker_.reasons) dirty_ = true;
  save();
  refresh();
}

void MarkerStore::add(const std::string& reason, const std::string& sentence, uint32_t timeline) {
  if (marker_.add({reason, sentence, wall_clock_now(), timeline})) change();
}

void MarkerStore::clear(const std::string& reason) {
  if (marker_.remove(reason)) change();
}

void MarkerStore::clear_all() {
  if (marker_.reasons.empty() && malformed_.empty() && unreadable_.empty()) return;
  marker_.reasons.clear();
  malformed_.clear();
  unreadable_.clear();
  change();
}

void MarkerStore::change() {
  ++generation_;
  dirty_ = true;
  save();
  refresh();
}

void MarkerStore::save() {
  if (busy_ || !dirty_) return;
  if (!malformed_.empty()) {
    dirty_ = false;  // what is on disk fences already
    return;
  }
  busy_ = true;
  dirty_ = false;
  const bool durable_known = unreadable_.empty();
  const auto written = std::make_shared<Written>();
  worker_.run(
      [marker = marker_, path = path_, fallback = fallback_path_, durable_known, why = unreadable_, written] {
        // The quick place first, so that a fence outlives this process while the disk makes the other write wait.
        if (!marker.reasons.empty()) written->fallback_error = write_marker(fallback, marker);
        written->durable_error = durable_known ? write_marker(path, marker) : why;
        if (written->durable_error.empty()) written->fallback_error = write_marker(fallback, Marker{});
      },
      [this, watch = lifetime_.watch(), marker = marker_, written] {
        if (!watch.expired()) saved(marker, *written);
      });
}

void MarkerStore::saved(const Marker& marker, const Written& written) {
  busy_ = false;
  trouble_ = written.durable_error;
  if (!written.durable_error.empty()) {
    dirty_ = true;
    if (marker.reasons.empty()) {
      trouble_ += "; the marker is cleared, but the file may still fence after a restart";
    } else if (written.fallback_error.empty()) {
      trouble_ += "; the marker is in " + fallback_path_ + " only, which a reboot forgets";
    } else {
      trouble_ += "; " + written.fallback_error + "; the marker is in memory only";
    }
  } else if (!written.fallback_error.empty()) {
    dirty_ = true;
    trouble_ = written.fallback_error + "; the file may still fence after a restart";
  }
  // A change since then does not wait for the next retry.
  if (marker.reasons != marker_.reasons) {
    dirty_ = true;
    save();
  }
  refresh();
}

void MarkerStore::retry() {
  if (!unreadable_.empty()) {
    look_again();
  } else {
    save();
  }
}

void MarkerStore::look_again() {
  if (busy_ || (dirty_ && unreadable_.empty())) return;
  busy_ = true;
  const auto files = std::make_shared<Files>();
  worker_.run(
      [files, path = path_, fallback = fallback_path_] {
        *files = {read_marker(path), read_marker(fallback)};
      },
      [this, watch = lifetime_.watch(), files, generation = generation_] {
        if (watch.expired()) return;
        busy_ = false;
        if (generation == generation_) return take(*files);
        save();
      });
}

void MarkerStore::refresh() {
  MarkerFile memory;
  memory.marker = marker_;
  memory.state = MarkerFile::State::present;
  if (!malformed_.empty()) {
    memory.state = MarkerFile::State::malformed;
    memory.why = malformed_;
  } else if (!unreadable_.empty()) {
    memory.state = MarkerFile::State::unreadable;
    memory.why = unreadable_;
  }
  auto facts = marker_facts(memory, {});
  if (facts.why.empty()) facts.why = trouble_;
  const bool differs = !same(facts, facts_);
  facts_ = std::move(facts);
  const auto changed = changed_;
  if (differs && changed) changed();
}

}  // namespace picket
