#include "gate/gate_table.hpp"

#include <stdexcept>

#include "loop/loop.hpp"

namespace picket {
namespace {

// The kernel's timeouts end with a tick, which is 10 ms at most.
constexpr Millis tick{10};

const char* const late = "the order came too late: the kernel was busy, or this process did not run";

/// Adds what is missing and replaces the rules, in one transaction; what is open stays open. A packet belongs to the
/// gate by the port that its connection was made to: after the redirection it shows PostgreSQL's, as replication does.
/// Connections of this host to another node's gate are that node's matter: hence the directions.
std::string definition(const std::string& client, const std::string& server) {
  const std::string redirect = " fib daddr type local tcp dport " + client + " dnat to :" + server + "\n";
  const std::string ours = " ct original proto-dst " + client + " jump gate\n";
  return "add table inet picket\n"
         "add set inet picket open { type inet_service; flags timeout; }\n"
         "add set inet picket permit { type inet_service; flags timeout; }\n"
         "add chain inet picket redirect_in { type nat hook prerouting priority -100; }\n"
         "add chain inet picket redirect_out { type nat hook output priority -100; }\n"
         "add chain inet picket statements { type filter hook input priority 0; }\n"
         "add chain inet picket answers { type filter hook output priority 0; }\n"
         "add chain inet picket gate\n"
         "flush table inet picket\n"
         "add rule inet picket redirect_in" +
         redirect + "add rule inet picket redirect_out" + redirect +
         "add rule inet picket statements meta l4proto tcp ct direction original" + ours +
         "add rule inet picket answers meta l4proto tcp ct direction reply" + ours +
         "add rule inet picket gate meta l4proto tcp ct original proto-dst @open return\n"
         // A reset acknowledges nothing, and tells a client whose session was cut.
         "add rule inet picket gate tcp flags & rst == rst return\n"
         // Who knocks is told at once, so that a balancer tries the next one.
         "add rule inet picket gate tcp flags & (fin|syn|rst|ack) == syn reject with tcp reset\n"
         "add rule inet picket gate drop\n";
}

const char* const listing = "list table inet picket";

}  // namespace

GateTable::GateTable(int client_port, int server_port)
    : client_port_(std::to_string(client_port)), server_port_(std::to_string(server_port)) {
  if (const std::string error = make(); !error.empty()) throw std::runtime_error(error);
}

std::string GateTable::make() {
  const std::string text = definition(client_port_, server_port_);
  std::string error = nft_.run(text);
  // A table of that name that is made otherwise, perhaps by another version.
  if (!error.empty()) error = nft_.run("add table inet picket\ndelete table inet picket\n" + text);
  return error.empty() ? nft_.ask(listing, as_made_) : error;
}

// `listed` is empty when there is no such table, of which the kernel says the same as of a question that failed. Which
// of the two it is, the names of all tables tell.
std::string GateTable::look(std::string& listed) {
  listed.clear();
  std::string error = nft_.ask(listing, listed);
  if (error.empty()) return {};
  std::string names;
  const bool gone = nft_.ask("list tables inet", names).empty() && names.find("table inet picket\n") == names.npos;
  return gone ? "" : error;
}

// The kernel's words for a permit that has run out are those for a table that is not there.
std::string GateTable::in_words(std::string error) {
  if (error.find("No such file or directory") == error.npos) return error;
  std::string listed;
  const bool whole = look(listed).empty() && listed == as_made_;
  return whole ? late : "the table is gone, or was changed";
}

// The element must not come later than it was reckoned for: between reading the clock and the kernel's taking the order
// this process may sleep for as long as it likes. So the order takes a permit away that was laid down before the clock
// was read and that ends by itself: a late one finds none, and the kernel refuses all of it.
std::string GateTable::open(Instant until, Instant latest) {
  const Millis patience = latest - until - 2 * tick;
  if (patience < least) return "its end is too near that of the lease";
  const std::string port = "{ " + client_port_ + " }", timed = "{ " + client_port_ + " timeout ";
  const auto text = [](Millis time) { return std::to_string(time.count()) + "ms }\n"; };
  const std::string error =
      nft_.run("flush set inet picket permit\nadd element inet picket permit " + timed + text(patience));
  if (!error.empty()) return in_words(error);
  const Millis life = until - boot_now();
  if (life < least) return late;
  return in_words(nft_.run("delete element inet picket permit " + port +
                           "\nflush set inet picket open\nadd element inet picket open " + timed + text(life)));
}

std::string GateTable::close() {
  return in_words(nft_.run("flush set inet picket permit\nflush set inet picket open\n"));
}

std::string GateTable::mend(bool& changed) {
  std::string listed;
  const std::string no_answer = look(listed);
  changed = no_answer.empty() && listed != as_made_;
  return changed ? make() : no_answer;
}

}  // namespace picket
