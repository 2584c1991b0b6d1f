#pragma once
// Every key of picket.toml, in one table: its name, what it may hold and where it goes.

#include <functional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/entries.hpp"

namespace picket {

/// Thrown by a setter: why the value cannot be taken, without file, line and key.
struct Refusal {
  std::string why;
};

struct Key {
  std::string path;
  std::function<void(Config&, const Entry&)> set;  ///< throws Refusal
};

/// All keys, in the order of config/picket.toml.
const std::vector<Key>& known_keys();

}  // namespace picket
