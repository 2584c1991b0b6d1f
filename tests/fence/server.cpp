#include "fence/server.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "loop/loop.hpp"
#include "postgres/postmaster_pid.hpp"

namespace picket::test {

FenceTarget target_of(const Throwaway& server) {
  std::ifstream in(server.data() + "/postmaster.pid");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::string error;
  const auto file = parse_postmaster_pid(text, error);
  if (!file || file->shm_id < 0) throw std::runtime_error("postmaster.pid: " + error);
  FenceTarget target;
  target.data_directory = std::filesystem::canonical(server.data()).string();
  target.postmaster_pid = file->pid;
  target.shared_memory_id = file->shm_id;
  target.tcp_host = file->listen_address;
  target.port = file->port;
  target.socket_folder = file->socket_folder;
  return target;
}

EndlessCommitter::EndlessCommitter(Throwaway& server) {
  server.sql("CREATE TABLE IF NOT EXISTS ticks (n bigint)");
  server.sql(
      "CREATE OR REPLACE PROCEDURE tick() LANGUAGE plpgsql AS $$ BEGIN LOOP INSERT INTO ticks VALUES (1); COMMIT; "
      "END LOOP; END $$");
  connection_.reset(PQconnectdb(server.socket_conninfo().c_str()));
  backend_ = PQbackendPID(connection_.get());
  if (PQsendQuery(connection_.get(), "CALL tick()") != 1) throw std::runtime_error(PQerrorMessage(connection_.get()));
  const Instant begin = boot_now();
  while (server.sql("SELECT count(*) > 0 FROM ticks") != "t")
    if (boot_now() - begin > Millis{5000}) throw std::runtime_error("the backend does not commit");
}

}  // namespace picket::test
