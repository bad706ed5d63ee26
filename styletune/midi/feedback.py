"""Feedback for a device's LEDs, rings and motors: the newest of each control, at a limited rate.

A fader that is being moved gets none: one that answers itself shakes. A MIDI loop, a cable that
leads back, is detected. Pure; time comes in.
"""

from collections import deque
from collections.abc import Mapping

from styletune.midi.message import ControlId

TOUCH_HOLD_S = 0.300  # without feedback after the last message of a fader
PERIOD_S = 0.020  # of one control: 16 of them at 50 a second are what a DIN cable carries
LOOP_PER_S = 200  # nobody sends back so often exactly what was sent
ECHO_S = 0.100  # a cable and two drivers take less to bring a message back

Raw = tuple[int, ...]


class FeedbackQueue:
    """The feedback of one device.

    Attributes:
        loop_detected: whether its output leads to its input; then nothing more is sent.
    """

    def __init__(self) -> None:
        self.loop_detected = False
        self._desired: dict[ControlId, Raw] = {}
        self._waiting: dict[ControlId, None] = {}  # may show something else than desired
        self._shown: dict[ControlId, Raw] = {}
        self._sent: dict[ControlId, Raw] = {}
        self._sent_at: dict[ControlId, float] = {}
        self._input_at: dict[ControlId, float] = {}
        self._echoes: deque[float] = deque(maxlen=LOOP_PER_S + 1)

    def reset(self) -> None:
        """Forget what the device shows: it was plugged in again."""
        self.loop_detected = False
        self._waiting = dict.fromkeys(self._desired)
        self._shown.clear()
        self._sent.clear()
        self._sent_at.clear()
        self._input_at.clear()
        self._echoes.clear()

    def note_input(self, source: ControlId, data: Raw, now: float, *, is_absolute: bool) -> bool:
        """Take note of a message from the device.

        Args:
            is_absolute: whether the control is where the message says, as a fader is. A button
                waits for its light and an endless encoder for its ring.

        Returns:
            Whether it is an echo of what was just sent, to be ignored.
        """
        sent_at = self._sent_at.get(source, float("-inf"))
        if data == self._sent.get(source) and now - sent_at <= ECHO_S:
            self._echoes.append(now)
            if len(self._echoes) == self._echoes.maxlen and now - self._echoes[0] <= 1.0:
                self.loop_detected = True
            return True
        if is_absolute:
            self._input_at[source] = now
            self._shown[source] = data
            self._waiting[source] = None
        return False

    def set_desired(self, messages: Mapping[ControlId, Raw]) -> None:
        """Set what each control of the device should show."""
        self._desired.update(messages)
        self._waiting.update(dict.fromkeys(messages))

    def pop_due(self, now: float) -> list[Raw]:
        """The messages to send now."""
        if self.loop_detected:
            return []
        messages = []
        for source in self._outdated():
            if now >= self._allowed_at(source):
                data = self._shown[source] = self._sent[source] = self._desired[source]
                self._sent_at[source] = now
                messages.append(data)
        return messages

    @property
    def due(self) -> float | None:
        """When `pop_due` returns something, or None."""
        if self.loop_detected or not self._waiting:
            return None
        return min(map(self._allowed_at, self._outdated()), default=None)

    def _outdated(self) -> list[ControlId]:
        """The controls that show something else than desired."""
        desired, shown = self._desired, self._shown
        outdated = [s for s in self._waiting if s in desired and shown.get(s) != desired[s]]
        self._waiting = dict.fromkeys(outdated)
        return outdated

    def _allowed_at(self, source: ControlId) -> float:
        never = float("-inf")
        return max(
            self._sent_at.get(source, never) + PERIOD_S,
            self._input_at.get(source, never) + TOUCH_HOLD_S,
        )
