#pragma once
// global/pg_control taken apart: how PostgreSQL would start from this data directory
// (src/include/catalog/pg_control.h). Knows the layout of control version 1300, which PostgreSQL 13 to 17 share, on
// 64-bit little-endian machines. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/facts.hpp"

namespace picket {

struct ControlFile {
  uint64_t system_identifier = 0;
  std::string state;  ///< as pg_controldata prints it, e.g. "in production"
  Lsn checkpoint_lsn = 0;
  uint32_t checkpoint_timeline = 0;  ///< of the latest checkpoint; lags after a promotion
  uint32_t min_recovery_timeline = 0;
  bool wal_log_hints = false;
  bool checksums = false;         ///< data_checksum_version is not 0
  uint32_t wal_segment_size = 0;  ///< bytes; a power of two from 1 MB to 1 GB
};

/// Parses the file's first bytes (at least 292). Returns nothing and fills `error` for a short file, an unknown
/// version, or a checksum that does not match, which may also mean that the server was writing just then: read again.
std::optional<ControlFile> parse_pg_control(std::span<const unsigned char> bytes, std::string& error);

/// CRC-32C (Castagnoli), as PostgreSQL computes it.
uint32_t crc32c(std::span<const unsigned char> bytes);

}  // namespace picket
