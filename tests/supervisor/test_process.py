from pathlib import Path

from styletune.supervisor.process import oom_kill_count


def test_the_counts_are_added_and_missing_ones_are_none(tmp_path: Path) -> None:
    group, machine = tmp_path / "memory.events", tmp_path / "vmstat"
    group.write_text("low 0\noom 3\noom_kill 2\noom_group_kill 7\n")
    machine.write_text("nr_free_pages 1\noom_kill 5\n")
    assert oom_kill_count((group, machine, tmp_path / "none")) == 7
    assert oom_kill_count((tmp_path / "none",)) == 0


def test_this_machine_can_be_asked() -> None:
    assert oom_kill_count() >= 0
