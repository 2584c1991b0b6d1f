"""kill -9 of the primary's postmaster, with time before repmgrd acts: its agent starts it again where it was."""

BOUNDS = {"writes_back_s": ("<=", 1.5), "same_primary": ("==", True), "same_timeline": ("==", True), "vip_follows_primary": ("==", True),
          "lost_acked": ("==", 0)}


def run(lab):
    timeline, node = lab.cluster.primaries()[0]
    lab.fault(f"kill -9 of the postmaster on {node}", node.kill_postmaster)
    lab.await_writes(20)
    lab.hold(8, "is another promoted all the same?")
    after = lab.cluster.primaries()
    lab.note("same_primary", [at for _, at in after] == [node])
    lab.note("same_timeline", [number for number, _ in after] == [timeline])
