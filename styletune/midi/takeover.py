"""Soft takeover: what a fader does while it is not where its control is. Pure; time comes in.

Source: Mixxx, `src/controllers/softtakeover.cpp` (the truth table of `pickup`).
"""

from enum import StrEnum

THRESHOLD = 3 / 128  # near enough to be the same position
SAME_GESTURE_S = 0.050  # between two messages of one move
_SAME = 1e-6  # far below a step of 14 bits; a curve and its inverse differ by less


class Mode(StrEnum):
    """How a fader takes over a control that is elsewhere."""

    JUMP = "jump"  # at once
    PICKUP = "pickup"  # when it gets there, or sweeps across
    SCALE = "scale"  # at once, in proportion to what is left to the end
    RELATIVE = "relative"  # at once, by as much as the fader moves


class SoftTakeover:
    """One fader of hardware."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self.reset()

    def reset(self) -> None:
        """Forget where the fader is: it was unplugged, or another bank is on."""
        self._last: float | None = None
        self._last_at = float("-inf")
        self._set_to: float | None = None  # where this fader has put the control

    @property
    def last_position(self) -> float | None:
        """Where the fader is, 0..1, or None before its first message."""
        return self._last

    def apply(self, position: float, current: float, now: float) -> float | None:
        """Take a position of the fader; return the control's new one, or None: it stays.

        Args:
            position: of the fader, 0..1.
            current: of the control, 0..1, on the fader's scale.
            now: seconds of any clock that only goes forward.
        """
        before, since_s = self._last, now - self._last_at
        self._last, self._last_at = position, now
        # Nobody else has moved the control: the fader keeps it, however long it, or a network,
        # has rested. Mixxx cannot know that, and lets go after 50 ms.
        owned = self._set_to is not None and abs(current - self._set_to) <= _SAME
        match self._mode:
            case Mode.JUMP:
                target: float | None = position
            case Mode.PICKUP:
                held = not owned and is_held_back(position, before, current, since_s)
                target = None if held else position
            case Mode.SCALE:
                target = None if before is None else _scaled(position, before, current)
            case Mode.RELATIVE:
                target = None if before is None else current + position - before
        if target is None:
            return None
        self._set_to = min(1.0, max(0.0, target))
        return self._set_to


def is_held_back(position: float, before: float | None, current: float, since_s: float) -> bool:
    """Mixxx's truth table: whether `pickup` ignores a value.

        side of the one before   the one before   this one   in time   held back
        any                      any              near       any       no
        it is the first                           far        any       yes
        same                     far              far        any       yes
        same                     near             far        soon      no
        same                     near             far        late      yes
        opposite                 any              far        soon      no
        opposite                 any              far        late      yes

    Differs from Mixxx: `since_s` counts from the last value, held back or not, as Mixxx's comment
    says, and not only from the last accepted one, as its code does; else a quick sweep in steps
    of 10 across a control at rest would miss it. And the first value of all is held back only
    if it is far: one that is near makes no jump.
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
    """Move by the same part of what is left to the end: both reach it together."""
    if position == before:
        return current
    if position > before:
        return current + (1 - current) * (position - before) / (1 - before)
    return current * position / before
