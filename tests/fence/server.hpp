#pragma once
// What the tests of the fence need of a real PostgreSQL beyond Throwaway: its FenceTarget, and a backend that commits
// in a loop and does not look up, so that it outlives a killed postmaster.

#include <libpq-fe.h>

#include <memory>

#include "fence/proof.hpp"
#include "postgres/throwaway.hpp"

namespace picket::test {

/// Of a running server, as the agent would read it from postmaster.pid. Without a unit.
FenceTarget target_of(const Throwaway& server);

class EndlessCommitter {
 public:
  /// Returns once the backend commits.
  explicit EndlessCommitter(Throwaway& server);
  int backend() const { return backend_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
  int backend_ = 0;
};

}  // namespace picket::test
