#pragma once
// What follows from picket.toml and repmgr.conf together: for the daemon and for the start gate alike.

#include <string>

#include "config/config.hpp"
#include "core/facts.hpp"
#include "postgres/probe.hpp"
#include "repmgr/repmgr_conf.hpp"

namespace picket {

/// The data directory that picket guards: the configured one, else repmgr's.
const std::string& guarded_directory(const Config& config, const RepmgrConf& repmgr);

/// Bounds of the policy that depend on repmgrd: a crashed primary is not started again once repmgrd's patience with it
/// (reconnect_attempts times reconnect_interval) is over, for then another is being promoted.
void fit_to_repmgrd(Policy& policy, const RepmgrConf& repmgr);

/// Why this configuration cannot have a lease on this node; empty when it can, or at another level.
std::string wrong_with_lease(const Config& config, const RepmgrConf& repmgr);

/// Whether clients come through the gate (core/verdict.hpp).
bool has_client_gate(const Config& config);

/// How this node's own PostgreSQL is reached: as configured, else as repmgr does.
const std::string& local_conninfo(const Config& config, const RepmgrConf& repmgr);

/// The port of the local PostgreSQL, as its connection string has it.
int server_port(const Config& config, const RepmgrConf& repmgr);

/// How the local server is watched.
ProbeOptions local_probe_options(const Config& config, const RepmgrConf& repmgr);

/// How a peer is watched. Its session tells all that is asked of it; a fresh connection is only worth its price
/// (milliseconds of the peer's processor) on the local server, where it is the one eye for a frozen postmaster.
ProbeOptions peer_probe_options(const Config& config, const Node& node);

}  // namespace picket
