#pragma once
// The words that values in picket.toml are written in: durations, sizes, addresses; and the nearest known word to a
// misspelt one. Pure; each parser returns nothing rather than a guess.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/time.hpp"

namespace picket {

/// "250ms", "4s", "1.5s", "2m", "1h": a decimal number and a unit, without blanks, in whole milliseconds.
std::optional<Millis> parse_duration(std::string_view text);

/// The shortest exact spelling that parse_duration() reads: "250ms", "4s", "2m".
std::string duration_text(Millis duration);

/// "16MB": a whole number and one of B, kB, MB, GB, TB (multiples of 1024, as PostgreSQL spells them).
std::optional<uint64_t> parse_size(std::string_view text);

/// "zone=a noloadbalance=true": names and values, parted by blanks or commas, each name once.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_tags(std::string_view text);

/// "1=10.0.0.1 2=db2:8010 3=[fd00::3]:8009": node ids (> 0, each once) and where their agents are, parted by blanks or
/// commas, the port 8009 where none is given. In ascending order of the ids.
std::optional<std::vector<Config::Voter>> parse_voters(std::string_view text);

/// An IPv4 or IPv6 address; with `prefix_allowed` also "10.0.0.5/24".
bool is_address(const std::string& text, bool prefix_allowed);

/// The candidate that a human most likely meant by `word`; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace picket
