"""State of a session: control values and their revision, scenes, morphs and undo. Pure.

Checked positions come in, the changes for all clients come out; what moves at once is one revision.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from styletune.controls import ControlTable
from styletune.errors import SceneError
from styletune.session.outgoing import ChangedMessage, ScenesMessage
from styletune.session.scenes import Morph, Scene, SceneList, glide, interpolate, is_stored
from styletune.session.undo import GESTURE_GAP_S, UndoStack


@dataclass(frozen=True, slots=True)
class _LeftEnd:
    """Where the controls stood when the crossfade left an end without a scene."""

    ends: tuple[str | None, str | None]
    positions: Mapping[str, float]


# In the undo stack, beside the names of controls.
_PICTURES = "pictures"


class SessionState:
    """The values of one running session.

    Args:
        positions: of every fader and switch.
        scenes: those of earlier sessions.
        clock: seconds that only rise, for gestures and morphs.
        wall_clock: seconds since 1970, for when a scene was stored.
        thumbnail: makes one of the painting as it is now; see `images.thumbnail`.

    Attributes:
        rev: revision of the values; a picture painted with them carries it.
        positions: of every fader and switch, in the order of the table; the same object always.
        scenes: the stored ones.
        pictures: ids of those to paint from, content and styles; undo and redo change it.
    """

    def __init__(
        self,
        table: ControlTable,
        positions: Mapping[str, float],
        scenes: SceneList | None,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        thumbnail: Callable[[], str | None],
    ) -> None:
        self.table = table
        self.rev = 0
        self.positions = {name: positions[name] for name in table.valued}
        self.scenes = scenes or SceneList()
        self.pictures: tuple[str, ...] = ()
        self._undo_stack = UndoStack()
        self._morph: Morph | None = None
        self._morph_count = 0
        self._clock = clock
        self._wall_clock = wall_clock
        self._thumbnail = thumbnail
        self._left = _LeftEnd((None, None), {})
        self._scenes_message = ScenesMessage()
        self._scenes_key: Hashable = None

    def controls(self) -> dict[str, float | bool | str]:
        """All values as messages show them."""
        return self.table.to_json(self.positions)

    def scenes_message(self) -> ScenesMessage:
        """Scenes, crossfade, morph and undo, for clients; the same object while nothing changes."""
        morph = None if self._morph is None else self._morph.as_message()
        undo, redo = self._undo_stack.undo_depth, self._undo_stack.redo_depth
        key = (self.scenes.version, self.scenes.current, morph, undo, redo)
        if key != self._scenes_key:
            self._scenes_key = key
            a, b = self.scenes.ends
            chosen = {"a": self.scenes.a, "b": self.scenes.b}
            self._scenes_message = ScenesMessage(
                scenes=self.scenes.entries(),
                a=a,
                b=b,
                chosen=tuple(end for end, name in chosen.items() if name is not None),
                current=self.scenes.current,
                morph=morph,
                undo=undo,
                redo=redo,
            )
        return self._scenes_message

    # ---------------------------------------------------------------- moves

    def move(
        self,
        changes: Mapping[str, float],
        source: str,
        seq: int | None = None,
        *,
        gesture: Hashable = None,
        gap_s: float | None = None,
        undoable: bool = True,
    ) -> ChangedMessage:
        """Move checked controls in one revision.

        Args:
            gesture: all moves of one are undone at once; None: this move is one by itself.
            gap_s: see `UndoStack.record`.
            undoable: whether the move can be undone at all.
        """
        if undoable:
            after = {name: at for name, at in changes.items() if self.table[name].undoable}
            before = {name: self.positions[name] for name in after}
            gesture = ("move", self.rev + 1) if gesture is None else gesture
            self._undo_stack.record(gesture, before, after, self._clock(), gap_s=gap_s)
        return self._change(changes, source, seq)

    def restore(self, controls: Mapping[str, object], source: str) -> tuple[ChangedMessage, int]:
        """Take over values from outside, such as those embedded in a picture, all or none.

        Returns:
            The change, and how many of the controls this session lacks.

        Raises:
            ControlError: a value that its control does not take.
        """
        known = {
            name: value
            for name, value in controls.items()
            if name in self.table and is_stored(self.table[name])
        }
        checked = self.table.check(known)
        self._morph = None
        skipped = sum(name not in self.table for name in controls)
        return self.move(self._differing(checked), source), skipped

    def move_by_user(
        self,
        positions: Mapping[str, float],
        source: str,
        seq: int | None,
        gesture: Hashable,
        gap_s: float | None,
        *,
        by_hand: bool = False,
    ) -> ChangedMessage:
        """Move checked controls as a person does; see `move`.

        The crossfade moves others along; a morph lets go of what the person moves.

        Args:
            by_hand: drag or turn, not a value that a program sets.
        """
        if "crossfade" in positions:
            along = self._crossfade_positions(positions["crossfade"], by_hand=by_hand)
            positions = {**along, **positions}
        self._cancel_morph(positions)
        return self.move(positions, source, seq, gesture=gesture, gap_s=gap_s)

    def move_smoothly(self, positions: Mapping[str, float], source: str) -> ChangedMessage:
        """Move checked faders one step on, in one revision, each as a gesture of its own."""
        self._cancel_morph(positions)
        now = self._clock()
        for name, position in positions.items():
            gesture = (source, frozenset((name,)))
            before = {name: self.positions[name]}
            self._undo_stack.record(gesture, before, {name: position}, now, gap_s=GESTURE_GAP_S)
        return self.move(positions, source, undoable=False)

    def change_pictures(
        self, pictures: tuple[str, ...], changes: Mapping[str, float], source: str
    ) -> ChangedMessage | None:
        """Paint from other pictures, and move checked controls along, as one gesture.

        Returns:
            The change of the controls; None where none moves.
        """
        changes = self._differing(changes)
        before = {name: self.positions[name] for name in changes} | {_PICTURES: self.pictures}
        after = {**changes, _PICTURES: pictures}
        self._undo_stack.record(object(), before, after, self._clock())
        self.pictures = pictures
        self._cancel_morph(changes)
        return self._change(changes, source, None) if changes else None

    def _change(self, changes: Mapping[str, float], source: str, seq: int | None) -> ChangedMessage:
        self.rev += 1
        self.positions.update(changes)
        return ChangedMessage(
            rev=self.rev, controls=self.table.to_json(changes), source=source, seq=seq
        )

    def _differing(self, positions: Mapping[str, float]) -> dict[str, float]:
        return {name: at for name, at in positions.items() if at != self.positions[name]}

    # --------------------------------------------------------------- scenes

    def store(self, name: str) -> Scene:
        """Store all present values as a scene.

        Raises:
            SceneError: there are too many.
        """
        stored = {n: at for n, at in self.positions.items() if is_stored(self.table[n])}
        scene = Scene(
            name=name,
            saved=self._wall_clock(),
            controls=self.table.to_json(stored),
            thumbnail=self._thumbnail(),
        )
        self.scenes.add(scene)
        self.scenes.current = name
        return scene

    def recall(self, name: str, seconds: float, seq: int | None) -> ChangedMessage | None:
        """Go to a scene at once, or start a morph to it; frozen layers stay where they are.

        Raises:
            SceneError: there is none of that name.
        """
        target = {
            control: position
            for control, position in self.scenes[name].positions(self.table).items()
            if not self._is_frozen(control)
        }
        self.scenes.current = name
        self._morph = None
        if not seconds:
            return self.move(self._differing(target), f"scene:{name}", seq)
        now = self._clock()
        self._morph_count += 1
        morph = Morph(self.table, name, self.positions, target, seconds=seconds, now=now)
        self._undo_stack.begin(("morph", self._morph_count), morph.start, now)
        self._morph = morph
        return None

    @property
    def is_morphing(self) -> bool:
        """Whether a morph is under way."""
        return self._morph is not None

    def step_morph(self) -> ChangedMessage | None:
        """Take the next step of a morph; call it `MORPH_RATE_HZ` times a second while there is one.

        Returns:
            The change, or None where nothing has moved.
        """
        morph = self._morph
        if morph is None:
            return None
        morph.release([name for name in self.positions if self._is_frozen(name)])
        moved = self._differing(morph.step(self._clock()))
        if morph.finished:
            self._morph = None
        if not moved:
            return None
        return self.move(moved, f"scene:{morph.scene}", gesture=("morph", self._morph_count))

    def _crossfade_positions(self, part: float, *, by_hand: bool) -> dict[str, float]:
        """Where the crossfade at `part`, 0..1, puts all controls that are not frozen.

        Args:
            by_hand: go on from where they stand, so that nothing jumps; else exactly that part.
        """
        names, at = self.scenes.ends, self.positions["crossfade"]
        if names == (None, None):
            return {}
        nameless = 0.0 if names[0] is None else 1.0  # if either end is
        if self._left.ends != names or at == nameless:
            stored = {n: p for n, p in self.positions.items() if is_stored(self.table[n])}
            self._left = _LeftEnd(names, stored)
        a, b = (
            self._left.positions if name is None else self.scenes[name].positions(self.table)
            for name in names
        )
        if by_hand:
            positions = glide(self.table, self.positions, (a, b), at, part)
        else:
            positions = interpolate(self.table, a, b, part)
        return {name: at for name, at in positions.items() if not self._is_frozen(name)}

    def _is_frozen(self, name: str) -> bool:
        layer = self.table[name].layer
        return layer is not None and bool(self.positions[f"freeze.{layer}"])

    def _cancel_morph(self, names: Mapping[str, float]) -> None:
        """Take these controls out of a morph, and end it when none is left."""
        if self._morph is not None:
            self._morph.release(names)
            if self._morph.finished:
                self._morph = None

    # ----------------------------------------------------------------- undo

    def undo(self, seq: int | None) -> ChangedMessage:
        """Undo the last gesture.

        Raises:
            SceneError: there is none.
        """
        values = self._undo_stack.undo()
        if values is None:
            raise SceneError("nothing to take back", code="nothing_to_undo")
        return self._put_back(values, "undo", seq)

    def redo(self, seq: int | None) -> ChangedMessage:
        """Redo the gesture that was undone last.

        Raises:
            SceneError: there is none.
        """
        values = self._undo_stack.redo()
        if values is None:
            raise SceneError("nothing to make again", code="nothing_to_redo")
        return self._put_back(values, "redo", seq)

    def _put_back(self, values: Mapping[str, Any], source: str, seq: int | None) -> ChangedMessage:
        positions = dict(values)
        self.pictures = positions.pop(_PICTURES, self.pictures)
        self._cancel_morph(positions)
        return self._change(positions, source, seq)
