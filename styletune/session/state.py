"""The performance: control values and their revision, scenes, morphs and undo. Pure: no I/O.

Checked positions come in; the changes that everybody is told go out. What moves at once is one
revision. Both clocks come in as functions. Knows nothing about messages that come in, and
nothing about sockets, shared memory and pictures. Lives in the web process.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping

from styletune.controls import ControlTable
from styletune.errors import SceneError
from styletune.session.incoming import CrossfadeMessage
from styletune.session.outgoing import ChangedMessage, ScenesMessage
from styletune.session.scenes import Morph, Scene, SceneList, interpolate, is_held
from styletune.session.undo import GESTURE_GAP_S, UndoStack


class SessionState:
    """The values of one running session.

    Attributes:
        rev: revision of the values; a picture painted with them carries it.
        positions: of every fader and switch, in the order of the table.
        counts: of what has come in, of each kind.
        book: the scenes.
    """

    def __init__(
        self,
        table: ControlTable,
        positions: Mapping[str, float],
        book: SceneList | None,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.table = table
        self.rev = 0
        self.positions = {name: positions[name] for name in table.valued}
        self.counts: Counter[str] = Counter()
        self.book = book or SceneList()
        self._history = UndoStack()
        self._morph: Morph | None = None
        self._morphs = 0
        self._clock = clock
        self._wall = wall
        self._scenes = ScenesMessage()
        self._scenes_of: Hashable = None

    def controls(self) -> dict[str, float | bool | str]:
        """All values as messages show them."""
        return self.table.to_json(self.positions)

    def scenes(self) -> ScenesMessage:
        """Scenes, crossfade, morph and undo as clients see them; the same object while the same."""
        morph = None if self._morph is None else self._morph.shown
        undo, redo = self._history.undo_depth, self._history.redo_depth
        of = (self.book.version, self.book.current, morph, undo, redo)
        if of != self._scenes_of:
            self._scenes_of = of
            self._scenes = ScenesMessage(
                scenes=self.book.entries(),
                a=self.book.a,
                b=self.book.b,
                current=self.book.current,
                morph=morph,
                undo=undo,
                redo=redo,
            )
        return self._scenes

    # ---------------------------------------------------------------- moves

    def move(
        self,
        changes: Mapping[str, float],
        source: str,
        seq: int | None = None,
        *,
        group: Hashable = None,
        pause_s: float | None = None,
        undoable: bool = True,
    ) -> ChangedMessage:
        """Move checked controls in one revision.

        Args:
            group: the gesture that undo takes back as one; None: this move is one by itself.
            pause_s: see `UndoStack.record`.
            undoable: whether undo knows of it at all.
        """
        before = {name: self.positions[name] for name in changes}
        self.rev += 1
        self.positions.update(changes)
        if undoable:
            group = ("move", self.rev) if group is None else group
            self._history.record(group, before, changes, self._clock(), pause_s=pause_s)
        return ChangedMessage(
            rev=self.rev, controls=self.table.to_json(changes), source=source, seq=seq
        )

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
            if name in self.table and is_held(self.table[name])
        }
        checked = self.table.check(known)
        self._morph = None
        skipped = sum(name not in self.table for name in controls)
        return self.move(self._differing(checked), source), skipped

    def play(
        self,
        checked: dict[str, float],
        source: str,
        seq: int | None,
        group: Hashable,
        pause_s: float | None,
    ) -> ChangedMessage:
        """Move checked controls by a hand; see `move`. The crossfade moves others along."""
        if "crossfade" in checked:
            checked = {**self._crossfaded(checked["crossfade"]), **checked}
        self._let_go(checked)
        self.counts["set"] += 1
        return self.move(checked, source, seq, group=group, pause_s=pause_s)

    def slide(self, places: Mapping[str, float], source: str) -> ChangedMessage:
        """Move checked faders on, in one revision; each one's way is a gesture of its own."""
        self._let_go(places)
        self.counts["set"] += len(places)
        now = self._clock()
        for name, place in places.items():
            group = (source, frozenset((name,)))
            before = {name: self.positions[name]}
            self._history.record(group, before, {name: place}, now, pause_s=GESTURE_GAP_S)
        return self.move(places, source, undoable=False)

    def _differing(self, positions: Mapping[str, float]) -> dict[str, float]:
        return {name: at for name, at in positions.items() if at != self.positions[name]}

    # --------------------------------------------------------------- scenes

    def store(self, name: str) -> Scene:
        """Keep all present values as a scene.

        Raises:
            SceneError: there are too many.
        """
        held = {n: at for n, at in self.positions.items() if is_held(self.table[n])}
        scene = Scene(name=name, saved=self._wall(), controls=self.table.to_json(held))
        self.book.add(scene)
        self.book.current = name
        return scene

    def step(self) -> ChangedMessage | None:
        """Take the next step of a morph; call it `RATE_HZ` times a second while `morphing`."""
        morph = self._morph
        if morph is None:
            return None
        morph.release([name for name in self.positions if self._frozen(name)])
        moved = self._differing(morph.step(self._clock()))
        if morph.done:
            self._morph = None
        if not moved:
            return None
        return self.move(moved, f"scene:{morph.scene}", group=("morph", self._morphs))

    @property
    def morphing(self) -> bool:
        """Whether a recall is under way."""
        return self._morph is not None

    def recall(self, name: str, seconds: float, seq: int | None) -> ChangedMessage | None:
        """Go to a scene, or begin to; frozen layers stay where they are."""
        target = {
            control: position
            for control, position in self.book[name].positions(self.table).items()
            if not self._frozen(control)
        }
        self.counts["recall"] += 1
        self.book.current = name
        self._morph = None
        if not seconds:
            return self.move(self._differing(target), f"scene:{name}", seq)
        now = self._clock()
        self._morphs += 1
        morph = Morph(self.table, name, self.positions, target, seconds=seconds, now=now)
        self._history.begin(("morph", self._morphs), morph.start, now)
        self._morph = morph
        return None

    def snapshot(self, seq: int | None) -> None:
        """Keep all present values as a scene with a name of its own."""
        self.store(self.book.new_name())

    def assign(self, message: CrossfadeMessage) -> None:
        """Say between which scenes the crossfade moves."""
        given = message.model_fields_set
        self.book.assign_crossfade(
            message.a if "a" in given else self.book.a,
            message.b if "b" in given else self.book.b,
        )

    def _crossfaded(self, part: float) -> dict[str, float]:
        """Where the crossfade at `part` has all controls that are not frozen."""
        if self.book.a is None or self.book.b is None:
            return {}
        a, b = (self.book[name].positions(self.table) for name in (self.book.a, self.book.b))
        mixed = interpolate(self.table, a, b, part)
        return {name: at for name, at in mixed.items() if not self._frozen(name)}

    def _frozen(self, name: str) -> bool:
        layer = self.table[name].layer
        return layer is not None and bool(self.positions[f"freeze.{layer}"])

    def _let_go(self, names: Mapping[str, float]) -> None:
        """A hand has these controls now: a morph leaves them alone."""
        if self._morph is not None:
            self._morph.release(names)
            if self._morph.done:
                self._morph = None

    # ----------------------------------------------------------------- undo

    def undo(self, seq: int | None) -> ChangedMessage:
        """Take back the last move of a hand.

        Raises:
            SceneError: there is none.
        """
        return self._put_back(self._history.undo(), "undo", "nothing to take back", seq)

    def redo(self, seq: int | None) -> ChangedMessage:
        """Make the move again that was taken back; see `undo`."""
        return self._put_back(self._history.redo(), "redo", "nothing to make again", seq)

    def _put_back(
        self, positions: Mapping[str, float] | None, what: str, none: str, seq: int | None
    ) -> ChangedMessage:
        if positions is None:
            raise SceneError(none, code=f"nothing_to_{what}")
        self._let_go(positions)
        self.rev += 1
        self.positions.update(positions)
        return ChangedMessage(
            rev=self.rev, controls=self.table.to_json(positions), source=what, seq=seq
        )
