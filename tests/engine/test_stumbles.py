"""When divergences call for a hand."""

from styletune.engine.stumbles import Stumbles


def after(*times: float) -> Stumbles:
    stumbles = Stumbles()
    for time in times:
        stumbles.add(time)
    return stumbles


def test_three_within_a_minute_call_for_a_hand() -> None:
    assert not after(0, 30).stuck
    assert after(0, 30, 59).stuck


def test_three_in_more_than_a_minute_do_not() -> None:
    assert not after(0, 30, 61).stuck
    assert after(0, 30, 61, 62).stuck


def test_a_moved_control_begins_the_count_anew() -> None:
    stumbles = after(0, 1, 2)
    stumbles.clear()
    assert not stumbles.stuck
    stumbles.add(3)
    assert not stumbles.stuck


def test_the_plea_names_the_control_that_was_moved_last() -> None:
    assert "`smooth` was moved last" in Stumbles.plea("too large", "smooth")
    assert Stumbles.plea("too large", "").endswith("reset")
