#include "postgres/status_constants.hpp"

#include <algorithm>

#include "postgres/status_columns.hpp"

namespace picket {
namespace {

constexpr size_t first_follower_column = server_columns.size();
static_assert(follower_columns[0].name == "follower_pid");

bool fits(const Rows& rows) {
  return !rows.empty() && std::ranges::all_of(rows, [](const Row& row) { return row.size() == status_width; });
}

void fill(Row& row, const Row& from, size_t first, size_t end) {
  for (size_t i = first; i < end; ++i) {
    const Column& column = i < first_follower_column ? server_columns[i] : follower_columns[i - first_follower_column];
    if (column.lasts == Lasts::a_session) row[i] = from[i];
  }
}

}  // namespace

void StatusConstants::keep(const Rows& whole) {
  server_.clear();
  followers_.clear();
  if (!fits(whole)) return;
  server_ = whole.front();
  for (const Row& row : whole)
    if (const Cell& pid = row[first_follower_column]) followers_[*pid] = row;
}

bool StatusConstants::complete(Rows& brief) const {
  if (server_.empty() || !fits(brief)) return false;
  for (Row& row : brief) {
    fill(row, server_, 0, first_follower_column);
    const Cell& pid = row[first_follower_column];
    if (!pid) continue;
    const auto known = followers_.find(*pid);
    if (known == followers_.end()) return false;
    fill(row, known->second, first_follower_column, status_width);
  }
  return true;
}

}  // namespace picket
