// Feeds mutated datagrams to what reads them: the payload decoder, the envelope, and a whole link over loopback. The
// same seed gives the same payloads and the same mutations; key and nonces are random.
//   fuzz_peers [--seed N] [--datagrams N] [--seconds N]

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "peers/link.hpp"
#include "peers/samples.hpp"

namespace picket::test {
namespace {

using Random = std::mt19937_64;

size_t below(Random& random, size_t bound) { return bound == 0 ? 0 : random() % bound; }

// Values at which something changes: signs, widths, the counts of the protocol.
constexpr unsigned char edges[] = {0, 1, 2, 3, 5, 7, 15, 16, 17, 31, 32, 33, 127, 128, 254, 255};

void mutate_once(std::string& bytes, const std::string& other, Random& random) {
  const size_t at = below(random, bytes.size() + 1);
  switch (below(random, 8)) {
    case 0:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
      break;
    case 1:
      if (at < bytes.size()) bytes[at] = static_cast<char>(edges[below(random, sizeof edges)]);
      break;
    case 2:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random());
      break;
    case 3: bytes.erase(at); break;
    case 4: bytes.insert(at, below(random, 40), static_cast<char>(random())); break;
    case 5: bytes.erase(at, below(random, 40)); break;
    case 6: bytes = bytes.substr(0, at) + other.substr(std::min(other.size(), below(random, other.size() + 1))); break;
    default:  // the same byte all over a number
      for (size_t i = at; i < std::min(bytes.size(), at + 8); ++i) bytes[i] = bytes[at];
  }
}

std::string mutated(std::string bytes, const std::string& other, Random& random) {
  for (size_t times = below(random, 4) + 1; times > 0; --times) mutate_once(bytes, other, random);
  return bytes;
}

[[noreturn]] void found(const char* what, const std::string& bytes) {
  std::printf("%s:", what);
  for (const char byte : bytes) std::printf(" %02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  std::printf("\n");
  std::exit(1);
}

/// Either words or a valid value that comes back as it went.
bool try_payload(const std::string& bytes) {
  std::string error;
  const auto read = decode(bytes, error);
  if (read.has_value() != error.empty()) found("neither a value nor words", bytes);
  if (!read) return false;
  if (!wrong_with(*read).empty()) found("an invalid value was accepted", bytes);
  const std::string again = encode(*read);
  if (again.size() != bytes.size()) found("accepted with a rest", bytes);
  if (decode(again, error) != read) found("does not come back as it went", bytes);
  return true;
}

/// A link that is sent to by somebody with the key and by somebody without it.
class Target {
 public:
  explicit Target(const std::vector<std::string>& payloads) : payloads_(payloads) {
    link_.send(2, {});
    char bytes[2000];
    const ssize_t size = recv(near_.fd.get(), bytes, sizeof bytes, 0);
    if (size > 0) echo_ = read_header({bytes, static_cast<size_t>(size)}).header.challenge;
    to_ = *socket_address("127.0.0.1", link_.status().port, AF_INET);
  }
  void strike(const std::string& payload, Random& random) {
    const std::string sealed = seal(key_, next_head(), payload.substr(0, largest_payload));
    send(below(random, 2) == 0 ? sealed : mutated(sealed, payloads_[below(random, payloads_.size())], random));
    if (++sent_ % PeerLink::most_per_turn == 0) settle();
  }
  /// Until all that was sent is accounted for.
  void settle() {
    if (!loop_.run_until([this] { return link_.status().drops.total() + heard_ == sent_; }, Millis{10'000}))
      found("the link neither dropped nor handed on", "");
  }
  uint64_t heard() const { return heard_; }
  const LinkStatus& status() const { return link_.status(); }

 private:
  DatagramHeader next_head() {
    return {.from = 2, .to = 1, .run = 9, .sequence = ++sequence_, .challenge = 8, .echo = echo_, .fingerprint = 7};
  }
  void send(const std::string& bytes) {
    (void)sendto(near_.fd.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to_.bytes),
                 to_.size);
  }

  const std::vector<std::string>& payloads_;
  Loop loop_;
  Worker names_{loop_};
  ClusterKey key_ = random_key();
  UdpSocket near_ = open_udp("127.0.0.1", 0);
  uint64_t heard_ = 0, sent_ = 0, sequence_ = 0, echo_ = 0;
  SocketAddress to_;
  PeerLink link_{loop_,
                 names_,
                 {.address = "127.0.0.1",
                  .port = 0,
                  .self = 1,
                  .key = key_,
                  .fingerprint = 7,
                  .peers = {{.id = 2, .host = "127.0.0.1", .port = near_.port}}},
                 [this](const Heard& said) {
                   ++heard_;
                   if (said.peer != 2 || !wrong_with(said.datagram).empty()) found("the link handed on nonsense", "");
                 }};
};

int run(uint64_t seed, uint64_t count, Millis length) {
  Random random(seed);
  std::vector<std::string> payloads;
  for (const auto& datagram : datagrams()) payloads.push_back(encode(datagram));
  Target target(payloads);
  const Instant begin = boot_now();
  uint64_t tried = 0, accepted = 0;
  while (length > Millis{0} ? boot_now() - begin < length : tried < count) {
    const std::string bytes =
        mutated(payloads[below(random, payloads.size())], payloads[below(random, payloads.size())], random);
    accepted += try_payload(bytes) ? 1 : 0;
    if (read_header(bytes).drop == Drop::none) found("a payload was taken for an envelope", bytes);
    if (++tried % 4 == 0) target.strike(bytes, random);
  }
  target.settle();
  std::printf("seed %llu: %llu payloads, %llu valid; over the link %llu handed on, %llu dropped; %lld ms\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(tried),
              static_cast<unsigned long long>(accepted), static_cast<unsigned long long>(target.heard()),
              static_cast<unsigned long long>(target.status().drops.total()),
              static_cast<long long>((boot_now() - begin).count()));
  for (size_t i = 0; i < drop_kinds; ++i)
    std::printf("  %s %llu\n", std::string(word(static_cast<Drop>(i))).c_str(),
                static_cast<unsigned long long>(target.status().drops.by_reason[i].count));
  // A fuzzer that never gets past the first check looks at nothing.
  if (accepted == 0 || target.heard() == 0 || accepted == tried) found("the mutations all end the same way", "");
  return 0;
}

}  // namespace
}  // namespace picket::test

int main(int argc, char** argv) {
  uint64_t seed = 1, count = 200'000, seconds = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--seed") seed = value;
    if (option == "--datagrams") count = value;
    if (option == "--seconds") seconds = value;
  }
  return picket::test::run(seed, count, std::chrono::seconds(seconds));
}
