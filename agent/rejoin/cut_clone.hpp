#pragma once
// A clone that a power cut (or a kill) has cut short: the old data lies aside, and in its place there is nothing, or a
// copy without pg_control, which pg_basebackup fetches last.

#include <string>

#include "config/config.hpp"
#include "repmgr/repmgr_conf.hpp"

namespace picket {

/// Where the record says so, and nothing works on it any more: removes what there is of the copy, and renames the old
/// data back, as after a clone that failed. Goes on as the owner of the data then (become_owner_of()). Returns a
/// sentence about it; "" = there was nothing to do. `dry`: only throws the sentence. Throws std::runtime_error when it
/// cannot be done.
std::string undo_cut_clone(const Config& config, const RepmgrConf& repmgr, bool dry);

/// Renames the data back to `data` from `aside`, over what a clone has left there; durably. Returns "" or the reason.
std::string put_back(const std::string& aside, const std::string& data);

/// For a data directory that cannot be read: where an earlier clone has put what was in it, and the command that puts
/// it back, as the end of a sentence; "" = there is no such thing.
std::string hint_of_old_data(const std::string& data);

}  // namespace picket
