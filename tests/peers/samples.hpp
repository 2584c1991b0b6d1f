#pragma once
// Datagrams as agents send them, for the tests of the peer link and its fuzzer.

#include <vector>

#include "peers/codec.hpp"

namespace picket::test {

inline PeerReport a_report() {
  PeerReport report;
  report.rule = Rule::R10c;
  report.advert = Advert::replica;
  report.role = Role::standby;
  report.timeline = 7;
  report.lsn = 0x1234'5678'9abc'def0;
  report.system_identifier = 0xfedc'ba98'7654'3210;
  report.fenced = true;
  report.failover = {std::chrono::seconds(20), std::chrono::seconds(60)};
  report.unreachable = {1, 3, 2'000'000'000};
  return report;
}

inline LeaseMessage a_message(LeaseMessage::Kind kind) {
  LeaseMessage message;
  message.kind = kind;
  message.term = 41;
  message.sent = Instant{Millis{123'456'789'012}};
  message.position = {.timeline = 9, .lsn = 0x0102'0304'0506'0708};
  message.promised = 42;
  message.why = Denial::behind;
  message.wait = Millis{3'200};
  message.won_term = 40;
  message.won_by = 2;
  return message;
}

/// One of each kind of message, with and without a report, empty, and the longest there is.
inline std::vector<PeerDatagram> datagrams() {
  std::vector<PeerDatagram> list;
  list.push_back({});
  list.push_back({.report = a_report(), .lease = {}});
  list.push_back({.report = PeerReport{}, .lease = {}});
  for (int kind = 0; kind <= static_cast<int>(LeaseMessage::Kind::release); ++kind)
    list.push_back({.report = std::nullopt, .lease = {a_message(static_cast<LeaseMessage::Kind>(kind))}});
  PeerDatagram longest{.report = a_report(), .lease = {}};
  longest.report->unreachable.assign(most_unreachable, 5);
  longest.lease.assign(most_lease_messages, a_message(LeaseMessage::Kind::grant));
  list.push_back(longest);
  return list;
}

}  // namespace picket::test
