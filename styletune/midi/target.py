"""What a control of a controller plays: a control, both terms of a strip, a scene.

A target's name comes in, as profiles write it, and the session's table; the controls come
out. Layers may be named or counted: `content.3` is the third strip's fader, whichever layer
the session plays there, so that a profile fits every network. Pure.

Targets that are no controls of the table:
    solo.<layer>, mute.<layer>  the switches of both terms of a layer: of the whole strip
    scene:<name>                recall this scene
    scene.<n>                   recall the n-th scene of the list
"""

from dataclasses import dataclass

from styletune.controls import Control, ControlTable, Kind

SCENE = "scene:"
_STRIP = ("solo", "mute")
_OF_LAYERS = ("content", "style", "freeze", *_STRIP)


@dataclass(frozen=True, slots=True)
class Target:
    """Controls that move as one, or a scene to recall.

    Attributes:
        controls: one, or the switches of both terms; empty for a scene.
        scene: its name, or its place in the list, counted from 1.
    """

    controls: tuple[Control, ...] = ()
    scene: str | int | None = None

    @property
    def kind(self) -> Kind:
        """What it is to a hand: a scene is a trigger."""
        return self.controls[0].kind if self.controls else Kind.TRIGGER

    @property
    def names(self) -> tuple[str, ...]:
        """As messages name it."""
        if self.controls:
            return tuple(control.name for control in self.controls)
        return (
            (f"{SCENE}{self.scene}",) if isinstance(self.scene, str) else (f"scene.{self.scene}",)
        )


def resolve(target: str, table: ControlTable) -> Target | None:
    """What `target` is in this session; None: it has no such thing."""
    if target.startswith(SCENE):
        return Target(scene=target.removeprefix(SCENE)) if target != SCENE else None
    first, *rest = target.split(".")
    if first == "scene" and len(rest) == 1 and _place(rest[0]):
        return Target(scene=int(rest[0]))
    if first in _OF_LAYERS and rest and (place := _place(rest[0])):
        if place > len(table.layers):
            return None
        rest[0] = table.layers[place - 1]
    name = ".".join((first, *rest))
    if first in _STRIP and len(rest) == 1:
        names = [f"{term}.{rest[0]}.{first}" for term in ("content", "style")]
    else:
        names = [name]
    if not all(name in table for name in names):
        return None
    return Target(tuple(table[name] for name in names))


def counted(target: str, table: ControlTable) -> str:
    """`target` with its layer counted instead of named: what is learnt fits every network."""
    first, *rest = target.split(".")
    if first in _OF_LAYERS and rest and rest[0] in table.layers:
        rest[0] = str(table.layers.index(rest[0]) + 1)
        return ".".join((first, *rest))
    return target


def _place(text: str) -> int:
    """A number from 1, or 0: it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else 0
