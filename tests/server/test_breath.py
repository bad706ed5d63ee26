from styletune.server.breath import REST_S, Breath


def rests(*, rate_hz: float, seconds: float = 10.0) -> int:
    """How often a reader rests that waits for each message."""
    breath, now, count = Breath(), 100.0, 0
    until = now + seconds
    while now < until:
        if rest_s := breath.after(now, waited=True):
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
    assert rests(rate_hz=10_000) > 250


def test_what_is_there_already_is_taken_before_the_next_rest() -> None:
    breath, now = Breath(), 100.0
    while not breath.after(now, waited=True):
        now += 0.001
    now += REST_S
    assert [breath.after(now, waited=False) for _ in range(1000)] == [0] * 1000
    assert breath.after(now + 0.0005, waited=True) == REST_S


def test_after_a_storm_a_calm_hand_is_not_kept_waiting() -> None:
    breath = Breath()
    for n in range(5000):
        breath.after(100 + n / 10_000, waited=n % 10 == 0)
    assert breath.after(100.6, waited=True) == 0
