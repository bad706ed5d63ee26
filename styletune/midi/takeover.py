"""What becomes of a value when the hardware stands elsewhere than the control.

A position of the hardware, that of the control and the time come in; the control's new
position comes out, or None: nothing happens yet. Pure; one `SoftTakeover` for each fader.
Source: Mixxx, `src/controllers/softtakeover.cpp` (the truth table of `pickup`).
"""

from enum import StrEnum

THRESHOLD = 3 / 128  # near enough to be the same place
SAME_GESTURE_S = 0.050  # within one move of a hand
_SAME = 1e-6  # far below a step of 14 bits; a curve and its inverse differ by less


class Mode(StrEnum):
    """How a fader takes over a control that stands elsewhere."""

    JUMP = "jump"  # at once
    PICKUP = "pickup"  # when it gets there, or sweeps across
    SCALE = "scale"  # at once, by so much of the way that is left
    RELATIVE = "relative"  # at once, by as much as the fader moves


class SoftTakeover:
    """One fader of hardware."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self.forget()

    def forget(self) -> None:
        """Its place is not known any more: unplugged, another bank."""
        self._before: float | None = None
        self._left: float | None = None  # where it has left the control
        self._before_at = float("-inf")

    @property
    def place(self) -> float | None:
        """Where the hardware stands, 0..1; None: not known."""
        return self._before

    def take(self, position: float, current: float, now: float) -> float | None:
        """Say where the control goes.

        Args:
            position: of the hardware, 0..1.
            current: of the control, 0..1, on the hardware's own scale.
            now: seconds of any clock that only goes forward.
        """
        before, since_s = self._before, now - self._before_at
        self._before, self._before_at = position, now
        # Nobody else has moved the control: it is in hand, however long the hand, or a network,
        # has rested. Mixxx cannot know that, and lets go after 50 ms.
        in_hand = self._left is not None and abs(current - self._left) <= _SAME
        match self._mode:
            case Mode.JUMP:
                target: float | None = position
            case Mode.PICKUP:
                held = not in_hand and ignores(position, before, current, since_s)
                target = None if held else position
            case Mode.SCALE:
                target = None if before is None else _scaled(position, before, current)
            case Mode.RELATIVE:
                target = None if before is None else current + position - before
        if target is None:
            return None
        self._left = min(1.0, max(0.0, target))
        return self._left


def ignores(position: float, before: float | None, current: float, since_s: float) -> bool:
    """Mixxx's truth table: whether `pickup` holds a value back.

        side of the one before   the one before   this one   in time   held back
        any                      any              near       any       no
        it is the first                           far        any       yes
        same                     far              far        any       yes
        same                     near             far        soon      no
        same                     near             far        late      yes
        opposite                 any              far        soon      no
        opposite                 any              far        late      yes

    Differs from Mixxx: `since_s` is counted from the last value, held back or not, as Mixxx's
    comment says, and not only from the last accepted one, as its code does; else a quick
    sweep in steps of 10 over a control at rest would pass it by without a catch. And the
    first value of all is held back only if it is far: one that is near makes no jump.
    """
    if abs(current - position) <= THRESHOLD:
        return False
    if before is None:
        return True
    late = since_s > SAME_GESTURE_S
    if (current - before) * (current - position) < 0:
        return late
    return abs(current - before) > THRESHOLD or late


def _scaled(position: float, before: float, current: float) -> float:
    """Move by the same part of the way that is left to the end: both ends meet."""
    if position == before:
        return current
    if position > before:
        return current + (1 - current) * (position - before) / (1 - before)
    return current * position / before
