#include "peers/codec.hpp"

#include <stdexcept>

#include "peers/bytes.hpp"

namespace picket {
namespace {

enum Flag : uint8_t { flag_fenced = 1, flag_maintenance = 2, all_flags = 3 };

// A rule goes by its word, padded with zeros: the numbers of the enum change whenever a row is put into the table.
constexpr size_t rule_width = 4;

std::string rule_bytes(Rule rule) {
  std::string bytes(word(rule));
  bytes.resize(rule_width, '\0');
  return bytes;
}

Rule rule_of(std::string_view bytes) {
  for (int i = 0; i < static_cast<int>(Rule::R16); ++i)
    if (rule_bytes(static_cast<Rule>(i)) == bytes) return static_cast<Rule>(i);
  return Rule::R16;
}

// An agent that knows nothing of them reads the two as one number that it does not use, as long as the last bit is 0.
uint16_t seconds(Millis time) {
  return static_cast<uint16_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

void put(ByteWriter& out, const PeerReport& report) {
  out.put_bytes(rule_bytes(report.rule));
  out.put(static_cast<uint8_t>(report.advert));
  out.put(static_cast<uint8_t>(report.role));
  out.put(static_cast<uint8_t>((report.fenced ? flag_fenced : 0) | (report.maintenance ? flag_maintenance : 0)));
  out.put(report.timeline);
  out.put(report.lsn);
  out.put(report.system_identifier);
  out.put(seconds(report.failover.vote_wait));
  out.put(seconds(report.failover.notification));
  out.put(static_cast<uint8_t>(report.unreachable.size()));
  for (const int id : report.unreachable) out.put(static_cast<int32_t>(id));
}

void put(ByteWriter& out, const LeaseMessage& message) {
  out.put(static_cast<uint8_t>(message.kind));
  out.put(message.term);
  out.put(static_cast<int64_t>(message.sent.time_since_epoch().count()));
  out.put(message.position.timeline);
  out.put(message.position.lsn);
  out.put(message.promised);
  out.put(static_cast<uint8_t>(message.why));
  out.put(static_cast<int64_t>(message.wait.count()));
  out.put(message.won_term);
  out.put(static_cast<int32_t>(message.won_by));
}

PeerReport take_report(ByteReader& in, std::string& error) {
  PeerReport report;
  report.rule = rule_of(in.take_bytes(rule_width));
  report.advert = static_cast<Advert>(in.take<uint8_t>());
  report.role = static_cast<Role>(in.take<uint8_t>());
  const auto flags = in.take<uint8_t>();
  if ((flags & ~all_flags) != 0) error = "the report has unknown flags";
  report.fenced = (flags & flag_fenced) != 0;
  report.maintenance = (flags & flag_maintenance) != 0;
  report.timeline = in.take<uint32_t>();
  report.lsn = in.take<uint64_t>();
  report.system_identifier = in.take<uint64_t>();
  report.failover.vote_wait = std::chrono::seconds(in.take<uint16_t>());
  report.failover.notification = std::chrono::seconds(in.take<uint16_t>());
  const size_t count = in.take<uint8_t>();
  for (size_t i = 0; i < count && !in.ended_early(); ++i) report.unreachable.push_back(in.take<int32_t>());
  return report;
}

LeaseMessage take_message(ByteReader& in) {
  LeaseMessage message;
  message.kind = static_cast<LeaseMessage::Kind>(in.take<uint8_t>());
  message.term = in.take<uint64_t>();
  message.sent = Instant{Millis{in.take<int64_t>()}};
  message.position.timeline = in.take<uint32_t>();
  message.position.lsn = in.take<uint64_t>();
  message.promised = in.take<uint64_t>();
  message.why = static_cast<Denial>(in.take<uint8_t>());
  message.wait = Millis{in.take<int64_t>()};
  message.won_term = in.take<uint64_t>();
  message.won_by = in.take<int32_t>();
  return message;
}

std::string wrong_with(const PeerReport& report) {
  if (report.rule > Rule::R16) return "the report has no such rule";
  if (report.advert > Advert::primary) return "the report has no such advert";
  if (report.role > Role::standby) return "the report has no such role";
  for (const Millis time : {report.failover.vote_wait, report.failover.notification})
    if (time < Millis{0} || time > FailoverTimes::longest) return "the report has a time of repmgrd's that cannot be";
  if (report.unreachable.size() > most_unreachable) return "the report names more unreachable nodes than there can be";
  for (const int id : report.unreachable)
    if (id < 1) return "the report calls unreachable what is no node id";
  return {};
}

std::string wrong_with(const LeaseMessage& message) {
  if (message.kind > LeaseMessage::Kind::release) return "a lease message is of no known kind";
  if (message.why > Denial::behind) return "a lease message has no such reason";
  if (message.term > highest_term || message.promised > highest_term || message.won_term > highest_term)
    return "a lease message has a term that nobody can have reached";
  if (message.sent < Instant{} || message.sent > latest_instant) return "a lease message was sent at no possible time";
  if (message.wait < Millis{0} || message.wait > longest_wait) return "a lease message waits for no possible time";
  if (message.won_by < 0) return "a lease message names a winner that is no node id";
  return {};
}

}  // namespace

std::string wrong_with(const PeerDatagram& datagram) {
  if (datagram.report)
    if (std::string wrong = wrong_with(*datagram.report); !wrong.empty()) return wrong;
  if (datagram.lease.size() > most_lease_messages) return "too many lease messages";
  for (const auto& message : datagram.lease)
    if (std::string wrong = wrong_with(message); !wrong.empty()) return wrong;
  return {};
}

std::string encode(const PeerDatagram& datagram) {
  if (const std::string wrong = wrong_with(datagram); !wrong.empty()) throw std::invalid_argument(wrong);
  ByteWriter out;
  out.put(static_cast<uint8_t>(datagram.report ? 1 : 0));
  if (datagram.report) put(out, *datagram.report);
  out.put(static_cast<uint8_t>(datagram.lease.size()));
  for (const auto& message : datagram.lease) put(out, message);
  return out.take();
}

std::optional<PeerDatagram> decode(std::string_view payload, std::string& error) {
  error.clear();
  ByteReader in(payload);
  PeerDatagram datagram;
  const auto reports = in.take<uint8_t>();
  if (reports > 1) error = "more than one report";
  if (reports == 1) datagram.report = take_report(in, error);
  const size_t count = in.take<uint8_t>();
  if (error.empty() && count > most_lease_messages) error = "too many lease messages";
  if (!error.empty()) return std::nullopt;
  for (size_t i = 0; i < count && !in.ended_early(); ++i) datagram.lease.push_back(take_message(in));
  if (in.ended_early())
    error = "it ends in the middle";
  else if (in.left() > 0)
    error = std::to_string(in.left()) + " bytes too many";
  else
    error = wrong_with(datagram);
  if (!error.empty()) return std::nullopt;
  return datagram;
}

}  // namespace picket
