#include "rejoin/primary.hpp"

#include <charconv>
#include <stdexcept>

#include "postgres/answers.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/resolver.hpp"

namespace picket {
namespace {

template <class Number>
Number number(const Cell& cell, int base = 10) {
  Number value{};
  if (!cell) throw std::runtime_error("an answer is missing");
  const auto [end, error] = std::from_chars(cell->data(), cell->data() + cell->size(), value, base);
  if (error != std::errc{} || end != cell->data() + cell->size()) throw std::runtime_error("\"" + *cell + "\"");
  return value;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

// pg_checkpoint is a role since PostgreSQL 15.
constexpr const char* facts_query =
    "select pg_is_in_recovery(), (select system_identifier from pg_control_system()),"
    " case when pg_is_in_recovery() then null else left(pg_walfile_name(pg_current_wal_lsn()), 8) end,"
    " (select timeline_id from pg_control_checkpoint()),"
    " (select rolsuper from pg_roles where rolname = current_user) or"
    " exists (select from pg_roles where rolname = 'pg_checkpoint' and pg_has_role(current_user, oid, 'usage'))";

}  // namespace

BlockingSession::BlockingSession(const std::string& conninfo, bool replication)
    : conn_(nullptr, PQfinish), replication_(replication) {
  std::string error;
  const auto info = parse_conninfo(conninfo, error);
  if (!info) throw std::runtime_error(error);
  Parameters all{{"connect_timeout", "5"},  {"tcp_user_timeout", "10000"},
                 {"keepalives_idle", "5"},  {"keepalives_interval", "2"},
                 {"keepalives_count", "3"}, {"fallback_application_name", "picket-rejoin"}};
  if (replication) all.push_back({"replication", "true"});
  all.insert(all.end(), info->options.begin(), info->options.end());  // of one keyword the last counts
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : all) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  conn_.reset(PQconnectdbParams(keywords.data(), values.data(), 0));
  if (PQstatus(conn_.get()) != CONNECTION_OK) throw std::runtime_error(one_line(PQerrorMessage(conn_.get())));
}

Rows BlockingSession::rows(const std::string& sql, Millis most) {
  if (!replication_) PQclear(PQexec(conn_.get(), ("set statement_timeout = " + std::to_string(most.count())).c_str()));
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(conn_.get(), sql.c_str()), PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    throw std::runtime_error(one_line(PQerrorMessage(conn_.get())));
  Rows rows;
  for (int r = 0; r < PQntuples(result.get()); ++r) {
    Row& row = rows.emplace_back();
    for (int c = 0; c < PQnfields(result.get()); ++c)
      row.push_back(PQgetisnull(result.get(), r, c) ? Cell() : Cell(PQgetvalue(result.get(), r, c)));
  }
  return rows;
}

void ask_primary(const std::string& conninfo, int node_id, PrimaryData& into) {
  into.told = false;
  try {
    BlockingSession session(conninfo);
    const Row row = session.rows(facts_query).at(0);
    if (row.at(0) != "f") throw std::runtime_error("it is no primary");
    into.system_identifier = number<uint64_t>(row.at(1));
    into.timeline = number<uint32_t>(row.at(2), 16);
    into.control_timeline = number<uint32_t>(row.at(3));
    into.may_checkpoint = row.at(4) == "t";
    const Rows registered = session.rows("select 1 from repmgr.nodes where type = 'primary' and active and node_id = " +
                                         std::to_string(node_id));
    into.registered = !registered.empty();
  } catch (const std::exception& error) {
    into.why_untold = error.what();
    return;
  }
  // Also the proof that a standby gets in at all: .pgpass needs a line of its own for the database "replication".
  try {
    BlockingSession replication(conninfo, true);
    if (into.timeline > 1)
      into.history = parse_timeline_history(
          replication.rows("TIMELINE_HISTORY " + std::to_string(into.timeline)).at(0).at(1).value_or(""),
          into.timeline);
    into.told = true;
  } catch (const std::exception& error) {
    into.why_untold = std::string("a replication connection to it fails: ") + error.what();
  }
}

uint32_t checkpoint_primary(const std::string& conninfo) {
  BlockingSession session(conninfo);
  session.rows("checkpoint", Millis{600'000});
  return number<uint32_t>(session.rows("select timeline_id from pg_control_checkpoint()").at(0).at(0));
}

uint64_t size_of_primary(const std::string& conninfo) {
  BlockingSession session(conninfo);
  return number<uint64_t>(
      session.rows("select coalesce(sum(pg_database_size(oid)), 0) from pg_database", Millis{60'000}).at(0).at(0));
}

std::optional<std::string> bytes_of_primary(const std::string& conninfo, const std::string& path, uint64_t offset,
                                            uint64_t length) {
  try {
    BlockingSession session(conninfo);
    const Cell hex = session
                         .rows("select encode(pg_read_binary_file(" + quoted(path) + ", " + std::to_string(offset) +
                               ", " + std::to_string(length) + ", true), 'hex')")
                         .at(0)
                         .at(0);
    if (!hex || hex->size() != 2 * length) return {};
    std::string bytes;
    for (size_t i = 0; i < hex->size(); i += 2)
      bytes += static_cast<char>(number<uint8_t>(Cell(hex->substr(i, 2)), 16));
    return bytes;
  } catch (const std::exception&) {
    return {};
  }
}

bool is_followed_by(const std::string& conninfo, const std::string& name) {
  BlockingSession session(conninfo);
  return !session
              .rows("select 1 from pg_stat_replication where state = 'streaming' and application_name = " +
                    quoted(name))
              .empty();
}

}  // namespace picket
