#include "config/entries.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "config/config.hpp"

namespace picket {
namespace {

std::string type_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::array: return "an array";
    case toml::node_type::table: return "a table";
    default: return "a date or time";
  }
}

void collect(const toml::table& table, const std::string& prefix, std::vector<Entry>& out) {
  for (const auto& [key, node] : table) {
    Entry entry;
    entry.path = prefix + std::string(key.str());
    // A key's own place, since a table's may be unset (one that only a dotted key implies).
    entry.line = static_cast<int>(key.source().begin.line);
    entry.type = type_of(node);
    entry.table = node.is_table();
    if (const auto* text = node.as_string()) entry.value = text->get();
    if (const auto* number = node.as_integer()) entry.value = number->get();
    if (const auto* truth = node.as_boolean()) entry.value = truth->get();
    out.push_back(entry);
    if (const toml::table* inner = node.as_table()) collect(*inner, entry.path + ".", out);
  }
}

}  // namespace

std::vector<Entry> read_entries(std::string_view text, const std::string& filename) {
  std::vector<Entry> entries;
  try {
    collect(toml::parse(text, std::string_view(filename)), "", entries);
  } catch (const toml::parse_error& error) {
    throw ConfigError(filename + ":" + std::to_string(error.source().begin.line) + ": " +
                      std::string(error.description()));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.line < b.line; });
  return entries;
}

}  // namespace picket
