#pragma once
// `picket gate start INSTANCE`: asked by systemd before each start of PostgreSQL (ExecStartPre=+). It lives for one
// question, needs no agent, and fails closed: what it cannot find out is a refusal, except at level "observe", where it
// only says what it would do.

#include <string>

namespace picket {

/// Answers for `instance` (see instance.hpp): 0 = start, 1 = do not. Says why in one line on standard error. Begins as
/// root and goes on as the owner of the data directory. Blocks for at most guard.start_gate_within.
int run_start_gate(const std::string& config_path, const std::string& instance);

}  // namespace picket
