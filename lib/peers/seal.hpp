#pragma once
// The envelope of a datagram between agents (docs/protocol.md): a header that anybody can read, and a payload that only
// holders of the cluster key can read; neither can be made, altered, or sent on to somebody else without the key
// (XChaCha20-Poly1305 with the header as additional data, libsodium). Whether a datagram is fresh is for freshness.hpp.

#include <optional>
#include <string>
#include <string_view>

#include "peers/drops.hpp"
#include "peers/key.hpp"

namespace picket {

/// Goes up when the bytes come to mean something else. DatagramHeader, key and fingerprint are read in the light of it.
constexpr uint16_t protocol_version = 1;
constexpr size_t largest_datagram = 1200;  ///< with headers below every MTU in use: never fragmented

struct DatagramHeader {
  int from = 0;  ///< node ids, both > 0
  int to = 0;
  uint64_t run = 0;          ///< random, of this start of the sender
  uint64_t sequence = 0;     ///< of this run, from 1 upwards
  uint64_t challenge = 0;    ///< random, not 0: what the receiver is to send back, to show that it hears us now
  uint64_t echo = 0;         ///< the receiver's own challenge as last heard; 0 = none heard
  uint64_t fingerprint = 0;  ///< of what all nodes must agree on
  bool operator==(const DatagramHeader&) const = default;
};

/// The whole datagram. Throws std::invalid_argument when it would be longer than `largest_datagram`.
std::string seal(const ClusterKey& key, const DatagramHeader& header, std::string_view payload);

struct HeaderReading {
  Drop drop = Drop::none;  ///< or oversized, truncated, malformed, unknown_version
  int claimed_from = 0;    ///< who it says it is from; 0 if it is too short or no datagram of picket at all
  uint16_t version = 0;
  DatagramHeader header;  ///< when drop is none; anybody can have written it
};

/// Reads the header. Pure and total.
HeaderReading read_header(std::string_view datagram);

/// The payload of a datagram whose envelope could be read; nothing when it was not sealed with this key, or header or
/// payload are not as they were then.
std::optional<std::string> unseal(const ClusterKey& key, std::string_view datagram);

/// Random, never 0. For runs and challenges.
uint64_t random_number();

/// 64 bits of a BLAKE2b hash of `agreed`, the text form of what all nodes must have alike.
uint64_t fingerprint(std::string_view agreed);

}  // namespace picket
