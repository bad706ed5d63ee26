"""What a controller is told, and when: its LEDs, rings and motors follow the controls.

Messages that show the present positions and the time come in; those to be sent now come out,
the newest of each control, never faster than a cable carries. What a hand is moving is not
told where it is: a fader that answers itself shakes. A cable that leads back is noticed.
Pure; one `FeedbackQueue` for each device. Knows nothing about profiles.
"""

from collections import deque
from collections.abc import Mapping

from styletune.midi.message import ControlId

TOUCH_HOLD_S = 0.300  # after the last message of a hand; then its control is told, if it differs
PERIOD_S = 0.020  # of one control: 16 at 50 a second are what a DIN cable carries
LOOP_PER_S = 200  # no hand sends back so often just what it was sent
ECHO_S = 0.100  # a cable and two drivers take less to bring a message back

Raw = tuple[int, ...]


class FeedbackQueue:
    """What is told to one device.

    Attributes:
        off: it was found to be connected to itself; nothing more is sent.
    """

    def __init__(self) -> None:
        self.off = False
        self._wanted: dict[ControlId, Raw] = {}
        self._waiting: dict[ControlId, None] = {}  # what may show something else than is wanted
        self._shown: dict[ControlId, Raw] = {}
        self._sent: dict[ControlId, Raw] = {}
        self._sent_at: dict[ControlId, float] = {}
        self._heard_at: dict[ControlId, float] = {}
        self._echoes: deque[float] = deque(maxlen=LOOP_PER_S + 1)

    def forget(self) -> None:
        """The device was plugged in anew: nobody knows what it shows."""
        self.off = False
        self._waiting = dict.fromkeys(self._wanted)
        self._shown.clear()
        self._sent.clear()
        self._sent_at.clear()
        self._heard_at.clear()
        self._echoes.clear()

    def heard(self, source: ControlId, data: Raw, now: float, *, follows: bool) -> bool:
        """Take note of a message from the device; True: it is what was just sent, come back.

        What has come back is no hand's move and should be left alone.

        Args:
            follows: it stands where it says, such as a fader. A button waits for its light and
                an endless encoder for its ring: that is an answer, not an echo.
        """
        sent_at = self._sent_at.get(source, float("-inf"))
        if data == self._sent.get(source) and now - sent_at <= ECHO_S:
            self._echoes.append(now)
            if len(self._echoes) == self._echoes.maxlen and now - self._echoes[0] <= 1.0:
                self.off = True
            return True
        if follows:
            self._heard_at[source] = now
            self._shown[source] = data
            self._waiting[source] = None
        return False

    def want(self, messages: Mapping[ControlId, Raw]) -> None:
        """Say what each control of the device should show."""
        self._wanted.update(messages)
        self._waiting.update(dict.fromkeys(messages))

    def take(self, now: float) -> list[Raw]:
        """What is to be sent now."""
        if self.off:
            return []
        messages = []
        for source in self._unlike():
            if now >= self._free_at(source):
                data = self._shown[source] = self._sent[source] = self._wanted[source]
                self._sent_at[source] = now
                messages.append(data)
        return messages

    @property
    def due(self) -> float | None:
        """When `take` has something to give, or None."""
        if self.off or not self._waiting:
            return None
        return min(map(self._free_at, self._unlike()), default=None)

    def _unlike(self) -> list[ControlId]:
        """What shows something else than is wanted."""
        wanted, shown = self._wanted, self._shown
        unlike = [s for s in self._waiting if s in wanted and shown.get(s) != wanted[s]]
        self._waiting = dict.fromkeys(unlike)
        return unlike

    def _free_at(self, source: ControlId) -> float:
        never = float("-inf")
        return max(
            self._sent_at.get(source, never) + PERIOD_S,
            self._heard_at.get(source, never) + TOUCH_HOLD_S,
        )
