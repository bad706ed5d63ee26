from styletune.server.breath import REST_S, Breath


def rests(*, rate_hz: float, seconds: float = 10.0) -> int:
    """How often a reader rests that waits for each message."""
    breath, now, count = Breath(), 100.0, 0
    until = now + seconds
    while now < until:
        if rest_s := breath.after(now):
            count += 1
            now += rest_s
        now += 1 / rate_hz
    return count


def test_a_hand_never_waits() -> None:
    assert rests(rate_hz=60) == 0
    assert rests(rate_hz=200) == 0


def test_a_burst_never_waits() -> None:
    assert rests(rate_hz=1e6, seconds=0.00004) == 0


def test_a_storm_is_taken_in_handfuls() -> None:
    assert rests(rate_hz=10_000) > 0.8 * 10 / REST_S


def test_a_handful_is_as_many_as_it_holds() -> None:
    breath = Breath()
    assert breath.after(100.0, 50) == 0
    assert breath.after(100.0, 1) == REST_S
    assert breath.after(100.0 + REST_S, 33) == REST_S
    assert breath.after(100.0 + 2 * REST_S, 5) == 0


def test_after_a_storm_a_calm_hand_is_not_kept_waiting() -> None:
    breath = Breath()
    for n in range(150):
        breath.after(100 + n * REST_S, 330)
    assert breath.after(100.2 + 150 * REST_S) == 0
