#pragma once
// For how long repmgr's hooks (`picket gate vote`, `picket gate promote`) wait for the lease, in seconds (--within).

namespace picket {

constexpr unsigned default_gate_wait = 20, longest_gate_wait = 600;

}  // namespace picket
