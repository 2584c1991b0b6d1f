#include "peers/seal.hpp"

#include <sodium.h>

#include <cstring>
#include <stdexcept>

#include "peers/bytes.hpp"

namespace picket {
namespace {

constexpr std::string_view magic = "pckt";
constexpr size_t header_size = 4 + 2 + 2 * 4 + 5 * 8;
constexpr size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr size_t smallest = header_size + nonce_size + tag_size;

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

void need_sodium() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium finds no source of random numbers");
}

std::string header_bytes(const DatagramHeader& header) {
  ByteWriter out;
  out.put_bytes(magic);
  out.put(protocol_version);
  out.put(static_cast<int32_t>(header.from));
  out.put(static_cast<int32_t>(header.to));
  for (const uint64_t number : {header.run, header.sequence, header.challenge, header.echo, header.fingerprint})
    out.put(number);
  return out.take();
}

}  // namespace

std::string seal(const ClusterKey& key, const DatagramHeader& header, std::string_view payload) {
  if (payload.size() > largest_datagram - smallest) throw std::invalid_argument("too much for one datagram");
  need_sodium();
  std::string nonce(nonce_size, '\0');
  randombytes_buf(nonce.data(), nonce.size());
  const std::string clear = header_bytes(header);
  std::string sealed(payload.size() + tag_size, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw(sealed), nullptr, raw(payload), payload.size(), raw(clear),
                                             clear.size(), nullptr, raw(std::string_view(nonce)), key.bytes.data());
  return clear + nonce + sealed;
}

HeaderReading read_header(std::string_view datagram) {
  HeaderReading reading;
  const auto dropped = [&](Drop why) {
    reading.drop = why;
    return reading;
  };
  ByteReader in(datagram);
  const bool ours = in.take_bytes(magic.size()) == magic;
  reading.version = in.take<uint16_t>();
  DatagramHeader& header = reading.header;
  header.from = in.take<int32_t>();
  header.to = in.take<int32_t>();
  // These stay where they are in every version, so that a node of another one can be named.
  if (ours && !in.ended_early()) reading.claimed_from = header.from;
  if (datagram.size() > largest_datagram) return dropped(Drop::oversized);
  if (!ours && datagram.size() >= magic.size()) return dropped(Drop::malformed);
  if (in.ended_early()) return dropped(Drop::truncated);
  if (reading.version != protocol_version) return dropped(Drop::unknown_version);
  if (datagram.size() < smallest) return dropped(Drop::truncated);
  for (uint64_t* number : {&header.run, &header.sequence, &header.challenge, &header.echo, &header.fingerprint})
    *number = in.take<uint64_t>();
  if (header.from < 1 || header.to < 1 || header.sequence == 0 || header.challenge == 0)
    return dropped(Drop::malformed);
  return reading;
}

std::optional<std::string> unseal(const ClusterKey& key, std::string_view datagram) {
  if (datagram.size() < smallest || datagram.size() > largest_datagram) return std::nullopt;
  const std::string_view clear = datagram.substr(0, header_size);
  const std::string_view nonce = datagram.substr(header_size, nonce_size);
  const std::string_view sealed = datagram.substr(header_size + nonce_size);
  std::string payload(sealed.size() - tag_size, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(raw(payload), nullptr, nullptr, raw(sealed), sealed.size(), raw(clear),
                                                 clear.size(), raw(nonce), key.bytes.data()) != 0)
    return std::nullopt;
  return payload;
}

uint64_t random_number() {
  need_sodium();
  uint64_t number = 0;
  while (number == 0) randombytes_buf(&number, sizeof number);
  return number;
}

uint64_t fingerprint(std::string_view agreed) {
  need_sodium();
  std::string hash(crypto_generichash_BYTES, '\0');
  crypto_generichash(raw(hash), hash.size(), raw(agreed), agreed.size(), nullptr, 0);
  return ByteReader(hash).take<uint64_t>();
}

}  // namespace picket
