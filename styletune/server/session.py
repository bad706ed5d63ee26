"""The session: control values, their revision, triggers, scenes and undo. Pure: no I/O.

Checked messages come in with the name of who sent them; messages to send come out. A set is
obeyed whole or not at all, and raises the revision by one. Both clocks come in as functions.
Knows nothing about sockets, shared memory and pictures. Lives in the web process.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence

from styletune.controls import ControlTable, Kind
from styletune.errors import ControlError, MessageError, SceneError
from styletune.midi.device import Move, Recall, Strike
from styletune.midi.profile import Profile
from styletune.server.controllers import Controllers, Outcome
from styletune.server.messages import (
    Changed,
    CrossfadeMessage,
    DeleteMessage,
    Error,
    Incoming,
    LearnMessage,
    ListenMessage,
    MidiMessage,
    Outgoing,
    Painting,
    PaintMessage,
    RecallMessage,
    RenameMessage,
    Scenes,
    SetMessage,
    SnapshotRequest,
    StoreMessage,
    Triggered,
    TriggerMessage,
    UnlearnMessage,
    UnlistenMessage,
    parse,
    seq_of,
)
from styletune.server.morph import Morph
from styletune.server.scenes import Scene, SceneBook, is_held, mixture
from styletune.server.undo import PAUSE_S, History

Answers = list[Outgoing]


class LiveSession:
    """The values of one running session.

    Attributes:
        rev: revision of the values; a picture painted with them carries it.
        positions: of every fader and switch, in the order of the table.
        triggers: how often each trigger has been sent.
        runs: how many `paint`s were begun.
        counts: of what came in: `set`, `trigger`, `midi`, and of each error's code.
        book: the scenes.
        controllers: the hardware in use.
    """

    def __init__(
        self,
        table: ControlTable,
        positions: Mapping[str, float],
        *,
        profiles: Sequence[Profile] = (),
        profile: Profile | None = None,
        keep: Callable[[str, Profile], None] = lambda name, profile: None,
        book: SceneBook | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Start at revision 0.

        Args:
            positions: of every fader and switch.
            profiles: of known controllers, chosen by device name.
            profile: for every device, whatever its name.
            keep: takes the profile of a device's name that a person has changed.
            book: the scenes kept before.
            clock: seconds that only rise, for gestures and morphs.
            wall: seconds since 1970, for when a scene was stored.
        """
        self.table = table
        self.rev = self.runs = 0
        self.positions = {name: positions[name] for name in table.valued}
        self.triggers = dict.fromkeys(table.triggers, 0)
        self.counts: Counter[str] = Counter()
        self.book = book or SceneBook()
        self._history = History()
        self._morph: Morph | None = None
        self._morphs = 0
        self._clock = clock
        self._wall = wall
        self._scenes = Scenes()
        self._scenes_of: Hashable = None
        self.controllers = Controllers(table, profiles, profile, keep, self.counts)
        self._own: Mapping[str, Callable[[int | None], Changed | None]] = {
            "undo": self._undo,
            "redo": self._redo,
            "snapshot": self._snapshot,
            "next_scene": lambda seq: self._recall(self.book.beside(+1), 0.0, seq),
            "previous_scene": lambda seq: self._recall(self.book.beside(-1), 0.0, seq),
        }

    def controls(self) -> dict[str, float | bool | str]:
        """All values as messages show them."""
        return self.table.public(self.positions)

    def scenes(self) -> Scenes:
        """Scenes, crossfade, morph and undo as clients see them; the same object while the same."""
        morph = None if self._morph is None else self._morph.shown
        undo, redo = self._history.undo_depth, self._history.redo_depth
        of = (self.book.version, self.book.current, morph, undo, redo)
        if of != self._scenes_of:
            self._scenes_of = of
            self._scenes = Scenes(
                scenes=self.book.entries(),
                a=self.book.a,
                b=self.book.b,
                current=self.book.current,
                morph=morph,
                undo=undo,
                redo=redo,
            )
        return self._scenes

    def receive(self, text: str | bytes, source: str) -> Answers | None:
        """Obey one raw message from /ws; see `apply`. Never raises, whatever the text.

        Returns:
            None when the sender asks for a snapshot.
        """
        try:
            message = parse(text)
        except MessageError as error:
            return [self._refuse(error.code, str(error), seq_of(text))]
        if isinstance(message, SnapshotRequest):
            self.counts["snapshot"] += 1
            return None
        return self.apply(message, source)

    def apply(self, message: Incoming, source: str) -> Answers:
        """Obey one checked message; `source` is who sent it.

        Returns:
            What to send: errors to the sender, the others to everybody. What has become of
            scenes and undo is in `scenes`.
        """
        try:
            match message:
                case SetMessage():
                    return [self._set(message.controls, source, message.seq, message.gesture)]
                case TriggerMessage():
                    return self._trigger(message, source)
                case MidiMessage():
                    return self._midi(message, source)
                case PaintMessage():
                    return self._paint(message, source)
                case SnapshotRequest():
                    return []
                case RecallMessage():
                    changed = self._recall(message.scene, message.seconds, message.seq)
                    return [] if changed is None else [changed]
                case StoreMessage():
                    self.store(message.scene)
                case RenameMessage():
                    self.book.rename(message.scene, message.to)
                case DeleteMessage():
                    self.book.delete(message.scene)
                case CrossfadeMessage():
                    self._assign(message)
                case LearnMessage():
                    return [self.controllers.learn(message.target)]
                case UnlearnMessage():
                    return self.controllers.unlearn(message.target, message.device)
                case ListenMessage():
                    return list(self.controllers.listen(source, message.device, self.positions))
                case UnlistenMessage():
                    return self.controllers.unlisten(source, message.device)
        except SceneError as error:
            return [self._refuse(error.code, str(error), message.seq)]
        self.counts[message.type] += 1
        return []

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
    ) -> Changed:
        """Move checked controls in one revision.

        Args:
            group: the gesture that undo takes back as one; None: this move is one by itself.
            pause_s: see `History.record`.
            undoable: whether undo knows of it at all.
        """
        before = {name: self.positions[name] for name in changes}
        self.rev += 1
        self.positions.update(changes)
        if undoable:
            group = ("move", self.rev) if group is None else group
            self._history.record(group, before, changes, self._clock(), pause_s=pause_s)
        return Changed(rev=self.rev, controls=self.table.public(changes), source=source, seq=seq)

    def restore(self, controls: Mapping[str, object], source: str) -> tuple[Changed, int]:
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

    def _set(
        self,
        controls: Mapping[str, object],
        source: str,
        seq: int | None,
        gesture: str | None = None,
    ) -> Changed | Error:
        checked: dict[str, float] = {}
        for name, position in controls.items():
            try:
                checked[name] = self.table[name].check(position)
            except ControlError as error:
                return self._refuse(self._code(name, position), str(error), seq)
        group: Hashable = (source, gesture) if gesture is not None else (source, frozenset(checked))
        pause_s = PAUSE_S if gesture is None else None
        return self._moved(checked, source, seq, group, pause_s)

    def _moved(
        self,
        checked: dict[str, float],
        source: str,
        seq: int | None,
        group: Hashable,
        pause_s: float | None,
    ) -> Changed:
        if "crossfade" in checked:
            checked = {**self._crossfaded(checked["crossfade"]), **checked}
        self._let_go(checked)
        self.counts["set"] += 1
        return self.move(checked, source, seq, group=group, pause_s=pause_s)

    def _code(self, name: str, position: object) -> str:
        """Why the control `name` did not take `position`, for programs."""
        if name not in self.table:
            return "unknown_control"
        if self.table[name].kind is Kind.FADER and type(position) in (int, float):
            return "out_of_range"
        return "bad_value"

    def _differing(self, positions: Mapping[str, float]) -> dict[str, float]:
        return {name: at for name, at in positions.items() if at != self.positions[name]}

    # --------------------------------------------------------------- scenes

    def store(self, name: str) -> Scene:
        """Keep all present values as a scene.

        Raises:
            SceneError: there are too many.
        """
        held = {n: at for n, at in self.positions.items() if is_held(self.table[n])}
        scene = Scene(name=name, saved=self._wall(), controls=self.table.public(held))
        self.book.put(scene)
        self.book.current = name
        return scene

    def step(self) -> Changed | None:
        """Take the next step of a morph; call it `RATE_HZ` times a second while `morphing`."""
        morph = self._morph
        if morph is None:
            return None
        morph.leave([name for name in self.positions if self._frozen(name)])
        moved = self._differing(morph.step(self._clock()))
        if morph.over:
            self._morph = None
        if not moved:
            return None
        return self.move(moved, f"scene:{morph.scene}", group=("morph", self._morphs))

    @property
    def morphing(self) -> bool:
        """Whether a recall is under way."""
        return self._morph is not None

    def _recall(self, name: str, seconds: float, seq: int | None) -> Changed | None:
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

    def _snapshot(self, seq: int | None) -> None:
        self.store(self.book.new_name())

    def _assign(self, message: CrossfadeMessage) -> None:
        given = message.model_fields_set
        self.book.assign(
            message.a if "a" in given else self.book.a,
            message.b if "b" in given else self.book.b,
        )

    def _crossfaded(self, part: float) -> dict[str, float]:
        """Where the crossfade at `part` has all controls that are not frozen."""
        if self.book.a is None or self.book.b is None:
            return {}
        a, b = (self.book[name].positions(self.table) for name in (self.book.a, self.book.b))
        mixed = mixture(self.table, a, b, part)
        return {name: at for name, at in mixed.items() if not self._frozen(name)}

    def _frozen(self, name: str) -> bool:
        layer = self.table[name].layer
        return layer is not None and bool(self.positions[f"freeze.{layer}"])

    def _let_go(self, names: Mapping[str, float]) -> None:
        """A hand has these controls now: a morph leaves them alone."""
        if self._morph is not None:
            self._morph.leave(names)
            if self._morph.over:
                self._morph = None

    # ------------------------------------------------------------- triggers

    def _trigger(self, message: TriggerMessage, source: str) -> Answers:
        name = message.name
        try:
            kind = self.table[name].kind
        except ControlError as error:
            return [self._refuse("unknown_control", str(error), message.seq)]
        if kind is not Kind.TRIGGER:
            text = f"control `{name}` is no trigger; triggers are {', '.join(self.triggers)}"
            return [self._refuse("not_a_trigger", text, message.seq)]
        changed = self._own[name](message.seq) if name in self._own else None
        self.triggers[name] += 1
        self.counts["trigger"] += 1
        triggered = Triggered(name=name, source=source, seq=message.seq)
        return [triggered] if changed is None else [triggered, changed]

    def _undo(self, seq: int | None) -> Changed:
        return self._put_back(self._history.undo(), "undo", "nothing to take back", seq)

    def _redo(self, seq: int | None) -> Changed:
        return self._put_back(self._history.redo(), "redo", "nothing to make again", seq)

    def _put_back(
        self, positions: Mapping[str, float] | None, what: str, none: str, seq: int | None
    ) -> Changed:
        if positions is None:
            raise SceneError(none, code=f"nothing_to_{what}")
        self._let_go(positions)
        self.rev += 1
        self.positions.update(positions)
        return Changed(rev=self.rev, controls=self.table.public(positions), source=what, seq=seq)

    def _paint(self, message: PaintMessage, source: str) -> Answers:
        answers: Answers = []
        if message.controls:
            # One gesture: undo takes back a whole sweep, not its last point.
            changed = self._set(message.controls, source, message.seq, message.type)
            if isinstance(changed, Error):
                return [changed]
            answers.append(changed)
        self.runs += 1
        self.counts["paint"] += 1
        painting = Painting(
            run=self.runs,
            rev=self.rev,
            steps=message.steps,
            start=message.start,
            seed=message.seed,
            settle=message.settle,
            source=source,
            seq=message.seq,
        )
        return [*answers, painting]

    # ------------------------------------------------------------- hardware

    def _midi(self, message: MidiMessage, client: str) -> Answers:
        self.counts["midi"] += 1
        outcomes = self.controllers.hear(
            client, message.device, message.data, self.positions, self._clock()
        )
        return [
            answer
            for outcome in outcomes
            for answer in self._played(outcome, message.device, message.seq)
        ]

    def late(self) -> Answers:
        """What hardware has begun and time has decided; call it at `controllers.due`."""
        outcomes = self.controllers.late(self.positions, self._clock())
        return [answer for name, outcome in outcomes for answer in self._played(outcome, name)]

    def follow(self) -> list[tuple[str | None, Outgoing]]:
        """What hardware is to be told, by client; call it after any change and at `due`."""
        return self.controllers.follow(self.positions, self._clock())

    @property
    def due_s(self) -> float | None:
        """In how many seconds `late` and `follow` are to be called, or None."""
        due = self.controllers.due
        return None if due is None else max(0.0, due - self._clock())

    def _played(self, outcome: Outcome, device: str, seq: int | None = None) -> Answers:
        """Carry out what a controller has done."""
        source = f"midi:{device}"
        try:
            match outcome:
                case Move():
                    moved = dict(outcome.positions)
                    group = (source, frozenset(moved))
                    return [self._moved(moved, source, seq, group, PAUSE_S)]
                case Strike():
                    strike = TriggerMessage(type="trigger", name=outcome.name, seq=seq)
                    return self._trigger(strike, source)
                case Recall():
                    changed = self._recall(self._scene_name(outcome.scene), 0.0, seq)
                    return [] if changed is None else [changed]
                case Error():
                    return [outcome.model_copy(update={"seq": seq})]
        except SceneError as error:
            return [self._refuse(error.code, str(error), seq)]
        return [outcome]

    def _scene_name(self, scene: str | int) -> str:
        if isinstance(scene, str):
            return scene
        if scene > len(self.book):
            text = f"there is no scene {scene} yet; the list has {len(self.book)}"
            raise SceneError(text, code="unknown_scene")
        return self.book.all[scene - 1].name

    def _refuse(self, code: str, message: str, seq: int | None) -> Error:
        self.counts[code] += 1
        return Error(code=code, message=message, seq=seq)
