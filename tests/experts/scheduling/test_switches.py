"""Counting switches."""

from experts.scheduling.switches import Switch, SwitchCounts, count


def test_switches_are_counted_by_kind() -> None:
    kinds = ["new_process", "reload", "reload", "new_engine"]
    counts = count([Switch(expert="a", kind=kind, seconds=0.1) for kind in kinds])  # type: ignore[arg-type]
    assert counts == SwitchCounts(new_process=1, reload=2, new_engine=1)
    assert counts.total == 4
    assert counts + counts - counts == counts
