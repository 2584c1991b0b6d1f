#include "postgres/status_query.hpp"

#include <algorithm>
#include <charconv>

#include "postgres/status_columns.hpp"

namespace picket {
namespace {

// Who streams is asked of pg_stat_replication's parts: the view makes a row of every session before it looks which of
// them stream, and to ask for a session's own data at all makes the server copy those of all.
constexpr std::string_view senders = "pg_stat_get_wal_senders() f";
constexpr std::string_view senders_and_names =
    "(pg_stat_get_wal_senders() f JOIN LATERAL pg_stat_get_activity(f.pid) a ON true)";

std::string build_query(StatusForm form) {
  const bool whole = form == StatusForm::whole;
  const auto text = [whole](const Column& c) { return whole || c.lasts == Lasts::a_look ? c.sql : "NULL"; };
  // OFFSET 0 keeps the planner from folding the subqueries into the join and evaluating their functions once per
  // follower.
  std::string sql = "SELECT s.*";
  for (const auto& c : follower_columns) (sql += ", ").append(text(c));
  sql += " FROM (SELECT ";
  for (size_t i = 0; i < server_columns.size(); ++i) {
    if (i > 0) sql += ", ";
    (sql.append(text(server_columns[i])) += " AS ").append(server_columns[i].name);
  }
  sql +=
      " FROM (SELECT pg_is_in_recovery() AS r OFFSET 0) r LEFT JOIN pg_stat_wal_receiver w ON true OFFSET 0) s"
      " LEFT JOIN ";
  sql.append(whole ? senders_and_names : senders) += " ON true";
  return sql;
}

// Reads the cells of one row by name and remembers the first that made no sense.
class Reader {
 public:
  Reader(const Row& row, std::string& error) : row_(row), error_(error) {}

  const Cell& cell(std::string_view name) const {
    size_t i = 0;
    for (const auto& c : server_columns) {
      if (c.name == name) return row_[i];
      ++i;
    }
    for (const auto& c : follower_columns) {
      if (c.name == name) break;
      ++i;
    }
    return row_.at(i);
  }
  std::string text(std::string_view name) const { return cell(name).value_or(""); }

  template <class Number>
  std::optional<Number> number(std::string_view name, int base = 10) const {
    return cell(name) ? parse<Number>(name, *cell(name), base) : std::nullopt;
  }
  template <class Number>
  std::optional<Number> parse(std::string_view name, std::string_view digits, int base) const {
    Number value{};
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (failed == std::errc{} && end == digits.data() + digits.size()) return value;
    return complain<Number>(name, digits);
  }
  std::optional<Lsn> lsn(std::string_view name) const {
    if (!cell(name)) return {};
    const auto value = parse_lsn(*cell(name));
    return value ? value : complain<Lsn>(name, *cell(name));
  }
  std::optional<bool> flag(std::string_view name) const {
    if (!cell(name)) return {};
    if (*cell(name) == "t") return true;
    if (*cell(name) == "f") return false;
    return complain<bool>(name, *cell(name));
  }
  std::optional<Millis> age(std::string_view name) const {
    const auto ms = number<int64_t>(name);
    if (!ms) return {};
    return Millis{std::max<int64_t>(*ms, 0)};  // the sender's commit time may lie ahead of this server's clock
  }

 private:
  template <class Value>
  std::optional<Value> complain(std::string_view name, std::string_view value) const {
    if (error_.empty())
      error_ = "status query: " + std::string(name) + " is \"" + std::string(value.substr(0, 40)) + "\"";
    return {};
  }
  const Row& row_;
  std::string& error_;
};

Follower follower_of(const Reader& in) {
  return {in.text("follower_name"),
          in.text("follower_addr"),
          in.text("follower_state"),
          in.text("follower_sync_state"),
          in.lsn("follower_replay_lsn").value_or(0),
          in.number<int>("follower_port").value_or(0)};
}

Receiver receiver_of(const Reader& in) {
  return {in.text("receiver_status"),
          in.text("sender_host"),
          in.number<int>("sender_port").value_or(0),
          in.number<uint32_t>("received_tli").value_or(0),
          in.lsn("latest_end_lsn").value_or(0),
          in.age("message_age_ms").value_or(Millis{0})};
}

uint32_t timeline_of(const Reader& in, bool in_recovery) {
  if (!in_recovery) {
    // Its first eight digits (access/xlog_internal.h, XLogFileName).
    const std::string file = in.text("wal_file");
    return in.parse<uint32_t>("wal_file", std::string_view(file).substr(0, 8), 16).value_or(0);
  }
  const auto received = in.number<uint32_t>("received_tli").value_or(0);
  return received > 0 ? received : in.number<uint32_t>("replayed_tli").value_or(0);
}

}  // namespace

const std::string& status_query(StatusForm form) {
  static const std::string whole = build_query(StatusForm::whole), brief = build_query(StatusForm::brief);
  return form == StatusForm::whole ? whole : brief;
}

std::optional<Lsn> parse_lsn(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == text.npos) return {};
  uint32_t halves[2] = {0, 0};
  const std::string_view parts[2] = {text.substr(0, slash), text.substr(slash + 1)};
  for (int i = 0; i < 2; ++i) {
    const auto* end = parts[i].data() + parts[i].size();
    const auto [at, failed] = std::from_chars(parts[i].data(), end, halves[i], 16);
    if (failed != std::errc{} || at != end) return {};
  }
  return Lsn{halves[0]} << 32 | halves[1];
}

void keep_timeline(const ServerFacts& before, ServerFacts& now) {
  const bool same_server = before.system_identifier == now.system_identifier && before.started_us == now.started_us;
  if (same_server && now.role == Role::standby && before.role == Role::standby)
    now.timeline = std::max(now.timeline, before.timeline);
}

std::optional<ServerFacts> decode_status(const Rows& rows, std::string& error) {
  error.clear();
  if (rows.empty()) {
    error = "status query: no row";
    return {};
  }
  for (const auto& row : rows) {
    if (row.size() == status_width) continue;
    error = "status query: " + std::to_string(row.size()) + " columns instead of " + std::to_string(status_width);
    return {};
  }
  const Reader in(rows.front(), error);
  ServerFacts facts;
  const auto in_recovery = in.flag("in_recovery");
  if (!in_recovery) {
    if (error.empty()) error = "status query: in_recovery is null";
    return {};
  }
  facts.role = *in_recovery ? Role::standby : Role::primary;
  facts.timeline = timeline_of(in, *in_recovery);
  facts.system_identifier = in.number<uint64_t>("system_identifier").value_or(0);
  facts.replay_lsn = in.lsn("replay_lsn").value_or(0);
  facts.lsn =
      *in_recovery ? std::max(in.lsn("receive_lsn").value_or(0), facts.replay_lsn) : in.lsn("current_lsn").value_or(0);
  facts.transactions = in.number<int64_t>("transactions").value_or(0);
  facts.insert_lsn = in.lsn("insert_lsn").value_or(0);
  facts.replay_delay = in.age("replay_delay_ms");
  facts.replay_paused = in.flag("replay_paused").value_or(false);
  facts.started_us = in.number<int64_t>("started_us").value_or(0);
  facts.server_version = in.number<int>("server_version").value_or(0);
  if (in.cell("receiver_pid")) facts.receiver = receiver_of(in);
  for (const auto& row : rows) {
    const Reader one(row, error);
    if (one.cell("follower_pid")) facts.followers.push_back(follower_of(one));
  }
  if (!error.empty()) return {};
  return facts;
}

}  // namespace picket
