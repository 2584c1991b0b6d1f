// The pure part of unit.hpp: which unit a text of /proc/PID/cgroup names.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "systemd/unit.hpp"

namespace picket {
namespace {

// systemd puts "_" before a component that would clash with a file of the cgroup file system.
std::string_view unescaped(std::string_view component) {
  return component.starts_with('_') ? component.substr(1) : component;
}

bool is_unit(std::string_view component) {
  constexpr std::array<std::string_view, 5> types{".service", ".scope", ".socket", ".mount", ".swap"};
  for (const auto type : types)
    if (component.size() > type.size() && component.ends_with(type)) return true;
  return false;
}

// The paths of the hierarchies that systemd may keep its units in: the unified one, then its own. On a hybrid system
// both name the unit; in a container that has the unified one to itself, its own is the host's and says nothing about
// us.
std::vector<std::string_view> systemd_paths(std::string_view text) {
  std::string_view unified, own;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) unified = line.substr(second + 1);
    if (controllers == "name=systemd") own = line.substr(second + 1);
  }
  return {unified, own};
}

// The first component that `accept`s, as its begin and end in `path`.
template <class Accept>
std::optional<std::pair<size_t, size_t>> find_component(std::string_view path, Accept accept) {
  size_t begin = 0;
  while (begin < path.size()) {
    size_t end = path.find('/', begin);
    if (end == std::string_view::npos) end = path.size();
    if (accept(unescaped(path.substr(begin, end - begin)))) return std::pair{begin, end};
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> unit_of_cgroup(std::string_view text) {
  for (const auto path : systemd_paths(text))
    if (const auto found = find_component(path, is_unit))
      return std::string{unescaped(path.substr(found->first, found->second - found->first))};
  return std::nullopt;
}

std::optional<std::string> cgroup_of_unit(std::string_view text, std::string_view unit) {
  const auto is_it = [unit](std::string_view component) { return component == unit; };
  for (const auto path : systemd_paths(text))
    if (const auto found = find_component(path, is_it)) return std::string{path.substr(0, found->second)};
  return std::nullopt;
}

}  // namespace picket
