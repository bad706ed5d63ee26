"""Faults on purpose: refused unless allowed, and each happens once, at its step."""

import pytest

from styletune.errors import ConfigError
from styletune.ipc.exit_codes import FatalCause, classify_exception
from styletune.worker import faults
from styletune.worker.faults import KINDS, FaultInjector, from_environment, parse


def test_a_plan_is_read_in_the_order_of_its_steps() -> None:
    assert parse("kill@500 nan@20") == [("nan", 20), ("kill", 500)]
    assert parse("") == []
    assert set(KINDS) == {"nan", "hang", "exit", "oom", "slow", "kill", "torn", "diskfull"}


@pytest.mark.parametrize("plan", ["nan", "nan@", "nan@-1", "explode@3", "nan@1,kill@2"])
def test_other_plans_are_refused(plan: str) -> None:
    with pytest.raises(ConfigError, match=r"list of KIND@STEP, with kinds nan.*; received"):
        parse(plan)


@pytest.mark.parametrize("allowed", [{}, {"STYLETUNE_FAULTS": "0"}, {"STYLETUNE_FAULTS": ""}])
def test_faults_are_refused_unless_they_are_allowed(allowed: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"refused unless STYLETUNE_FAULTS=1; received"):
        from_environment(0, {"STYLETUNE_FAULT": "nan@1", **allowed})
    from_environment(0, allowed)


def test_each_happens_once_at_its_step_and_not_again_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []
    for kind in ("nan", "kill"):
        monkeypatch.setitem(faults._FAULTS, kind, lambda *_, kind=kind: happened.append(kind))
    plan = FaultInjector("kill@30 nan@10", first_step=0)
    for step, expected in ((0, []), (9, []), (12, ["nan"]), (13, ["nan"]), (40, ["nan", "kill"])):
        plan.inject(step, None, None)
        assert happened == expected
    FaultInjector("kill@30 nan@10", first_step=31).inject(50, None, None)
    assert happened == ["nan", "kill"]


def test_memory_that_no_machine_has_is_recognised() -> None:
    with pytest.raises(Exception, match=r"OOM|RESOURCE_EXHAUSTED|memory") as caught:
        faults._oom(None, None)
    assert classify_exception(caught.value) is FatalCause.OUT_OF_MEMORY
