"""The file system under the primary's data becomes read-only after an error, under load: PostgreSQL ends by itself and cannot come back there."""

from lab import disks

BOUNDS = {"read_only": ("==", True), "written_by_old": ("==", False), "writes_back_s": ("<=", 20), "server_of_old_is_gone": ("==", True),
          "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    disk = disks.move_to_own(lab, old)
    lab.fault(f"the disk of {old} fails", disk.fail, justifies_fence_of=old)
    lab.note("read_only", disk.refusals() == ["Read-only file system"] * 2)
    lab.await_writes(60, by_another_than=old)
    lab.note("written_by_old", lab.facts.get("written_by") == old.name)
    lab.hold(5)
    lab.note("server_of_old_is_gone", not old.postmaster())
