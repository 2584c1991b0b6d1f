#pragma once
// The ports that other programs ask: the health page, and those that answer everybody the same. All of them show the
// agent's one snapshot.

#include <functional>
#include <memory>
#include <vector>

#include "config/config.hpp"
#include "http/server.hpp"
#include "report/pages.hpp"

namespace picket {

class Faces {
 public:
  using Look = std::function<const Snapshot*()>;

  /// Listens at once on every port that the configuration names. Throws std::runtime_error that names address and port.
  /// `loop` must outlive this; `look` is called for each request.
  Faces(Loop& loop, const Config& config, Look look);

  /// The health page's.
  int port() const { return health_.port(); }
  /// The other ports, for the journal: "agent-check of the primary 8108", ...; empty when there are none.
  std::string others() const;

 private:
  struct Fixed {
    std::string name;
    FixedPage page;
    std::unique_ptr<Server> server;
  };
  void open(Loop& loop, const Config& config, const char* name, int port, FixedPage page);
  HttpUse use() const;

  Loop& loop_;
  Look look_;
  Pages pages_;
  std::vector<std::unique_ptr<Fixed>> fixed_;
  Server health_;
};

}  // namespace picket
