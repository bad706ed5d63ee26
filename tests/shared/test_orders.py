"""Orders and reports go through a pipe."""

import pickle

import pytest

from styletune.config import SessionConfig
from styletune.shared.orders import Job, Refused, Report, SetContent, SetStyle, State, Stop


@pytest.mark.parametrize(
    "thing",
    [
        Job(SessionConfig(), "control", "frame", 256, first_epoch=3, first_step=4),
        SetContent("/a.png"),
        SetStyle(1, "/b.png"),
        Stop(),
        Report(State.ROLLING_BACK, "not finite", width=3),
        Refused("style 2", "no picture", "/b.png"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_it_pickles(thing: object) -> None:
    assert pickle.loads(pickle.dumps(thing)) == thing


def test_people_count_styles_from_one() -> None:
    assert SetStyle(0, "x").what == "style 1"
    assert SetContent("x").what == "content"


def test_states_are_the_words_that_people_see() -> None:
    assert [state.value for state in State] == [
        "starting", "compiling", "running", "paused", "rolling back", "restarting", "failed",
    ]  # fmt: skip
