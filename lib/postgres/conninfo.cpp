#include "postgres/conninfo.hpp"

#include <libpq-fe.h>
#include <netdb.h>

#include <memory>

#include "postgres/answers.hpp"

namespace picket {

std::optional<ConnInfo> parse_conninfo(const std::string& text, std::string& error) {
  char* words = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed{PQconninfoParse(text.c_str(), &words),
                                                                              PQconninfoFree};
  const std::unique_ptr<char, void (*)(void*)> owned_words{words, PQfreemem};
  if (!parsed) {
    error = words ? one_line(words) : "out of memory";
    return {};
  }
  ConnInfo info;
  for (const auto* option = parsed.get(); option->keyword; ++option) {
    if (!option->val) continue;
    const std::string key = option->keyword, value = option->val;
    if (key == "service") {
      error = "service= is not supported: it is read from a file";
      return {};
    }
    if (key == "host") info.host = value;
    if (key == "hostaddr") info.hostaddr = value;
    if (key == "port") info.port = value;
    if (key == "user") info.user = value;
    info.options.emplace_back(key, value);
  }
  return info;
}

bool host_is_name(const std::string& host) {
  if (host.empty() || host.front() == '/' || host.front() == '@') return false;
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;  // asks nobody
  addrinfo* found = nullptr;
  const int r = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (found) freeaddrinfo(found);
  return r != 0;
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> items;
  for (size_t comma = list.find(','); comma != list.npos; comma = list.find(',')) {
    items.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma + 1);
  }
  items.emplace_back(list);
  return items;
}

}  // namespace picket
