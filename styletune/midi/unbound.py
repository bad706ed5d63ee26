"""What a device sends that nothing is bound to, and turns where positions are expected. Pure.

Most of it comes from a known device in another mode, channel or template.
"""

from styletune.midi.message import RELATIVE, ControlId, Encoding, Event
from styletune.midi.profile import Profile

GATHER_S = 0.1  # between an event and the first report: what comes together is shown together
PERIOD_S = 1.0  # between reports
_SLOW, _FAST = 3, 15  # most steps in one value, turned slowly and fast
_REPEATS = 2  # a fader hardly ever repeats a value
_RUN = 5  # values in one direction: an encoder repeats itself sooner


class UnboundEvents:
    """How many events of one device moved nothing, and when to report them.

    Attributes:
        count: of events.
        source: the last one's.
        hint: what may be the matter with it, or None.
    """

    def __init__(self) -> None:
        self.count = 0
        self.source: ControlId | None = None
        self.hint: str | None = None
        self.due: float | None = None
        self._reported_at = float("-inf")

    def add(self, source: ControlId, hint: str | None, now: float) -> None:
        """Count an event."""
        self.count += 1
        self.source, self.hint = source, hint
        if self.due is None:
            self.due = max(now + GATHER_S, self._reported_at + PERIOD_S)

    def pop_due(self, now: float) -> bool:
        """Whether to report now."""
        if self.due is None or now < self.due:
            return False
        self.due, self._reported_at = None, now
        return True


def mode_hint(profile: Profile, event: Event, *, turns: bool = False) -> str | None:
    """Why a known device may send what its profile does not know, and the remedy; or None.

    Args:
        turns: the values are turns of an endless encoder, where positions are expected.
    """
    known = [source for source, binding in profile.bindings.items() if not binding.learned]
    if not known:
        return None
    channels = sorted({source.channel for source in known if source.status is event.status})
    if turns:
        what = "It sends turns, not positions"
    elif not channels:
        what = f"Its profile has no {event.status.replace('_', ' ')}"
    elif event.channel not in channels:
        what = f"Its profile has channel {', '.join(map(str, channels))}"
    else:
        return None
    needed = profile.mode or "learn its controls, or set it as its maker does"
    return f"{what}: it may be in another mode, channel or template ({needed})"


class TurnDetector:
    """Distinguishes turns of one endless encoder, in any of the four encodings, from positions.

    An encoder that is turned sends the same small step again and again, 1, 1, 1, and 65 or 127 the
    other way; a fader hardly ever repeats a value, and passes through the others.
    """

    def __init__(self) -> None:
        self._turns = False
        self._last: int | None = None
        self._repeats = 0
        self._run = 0
        self._rising = False

    def feed(self, value: int, *, unlikely: bool = False) -> bool:
        """Whether the newest 7-bit value is a turn.

        Args:
            unlikely: as a position it would be a jump that the hardware does not make.
        """
        last, self._last = self._last, value
        repeated = self._repeats > 0
        self._repeats = self._repeats + 1 if value == last else 0
        rising = last is not None and value > last
        self._run = 0 if value == last else 1 + (self._run if rising == self._rising else 0)
        self._rising = rising
        slow = _fewest_steps(value) <= _SLOW
        if self._turns:
            self._turns = _fewest_steps(value) <= _FAST and self._run < _RUN
        elif slow and last is not None:
            # 2, 127 may be a fader that is thrown to its end; 1, 1, 127 is not.
            back = _is_way_back(last, value, Encoding.SIGNED_BIT) or (
                repeated and _is_way_back(last, value, Encoding.TWOS_COMPLEMENT)
            )
            self._turns = back or self._repeats >= _REPEATS
        return self._turns or (slow and unlikely and last in (None, value))


def _fewest_steps(value: int) -> int:
    """Steps of a value in that encoding in which it is the smallest turn; none is 128."""
    return min(abs(encoding.decode_relative(value)) or 128 for encoding in RELATIVE)


def _is_way_back(last: int, value: int, encoding: Encoding) -> bool:
    """Whether two values are small steps in opposite directions."""
    one, other = encoding.decode_relative(last), encoding.decode_relative(value)
    return one * other < 0 and max(abs(one), abs(other)) <= _SLOW
