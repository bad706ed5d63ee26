"""What has become of a point: one line of JSON, one row of the table, one picture's state."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from styletune.sweeps.spec import Value


@dataclass(frozen=True, slots=True)
class Term:
    """Content or style of one layer at the last step."""

    layer: str
    term: str
    raw: float
    weight: float
    weighted: float


@dataclass(frozen=True, slots=True)
class Result:
    """A painted point.

    Attributes:
        key: of the point; see `points.Point.key`.
        index: of the point.
        file: its PNG, relative to the folder.
        labels: what sets it apart, by name.
        at: numbers to plot against, by name.
        place: index of its option on each line.
        steps: taken; `settled`: it came to rest before the last one allowed.
        rev: revision of the server's controls; 0 where there was no server.
        disturbed: somebody moved something meanwhile, each time it was tried.
        rollbacks: how often the picture was taken back to a good one.
        time: when it was done, seconds since 1970.
    """

    key: str
    index: int
    file: str
    labels: Mapping[str, str]
    at: Mapping[str, float]
    place: tuple[int, ...]
    controls: Mapping[str, Value]
    pictures: Mapping[str, str]
    seed: int | None
    steps: int
    settled: bool
    seconds: float
    rev: int
    width: int
    height: int
    total: float
    smooth: float
    terms: tuple[Term, ...]
    disturbed: bool
    rollbacks: int
    time: float

    @property
    def line(self) -> str:
        """The result as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def parse(cls, line: str) -> "Result":
        """What `line` was made from.

        Raises:
            ValueError: it is not whole.
        """
        data = json.loads(line)
        try:
            terms = tuple(Term(**term) for term in data.pop("terms"))
            return cls(**{**data, "place": tuple(data["place"]), "terms": terms})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no result: {error}") from None

    def row(self) -> dict[str, object]:
        """The result as a row of the table: what is swept, what came of it, all controls."""
        terms = {
            f"{term.term}.{term.layer}.{what}": getattr(term, what)
            for term in self.terms
            for what in ("raw", "weighted")
        }
        return {
            "index": self.index,
            "file": self.file,
            **{f"swept {name}".rstrip(): label for name, label in self.labels.items()},
            "seed": "" if self.seed is None else self.seed,
            "steps": self.steps,
            "settled": self.settled,
            "seconds": round(self.seconds, 3),
            "rev": self.rev,
            "disturbed": self.disturbed,
            "rollbacks": self.rollbacks,
            "total": self.total,
            "smooth loss": self.smooth,
            **terms,
            **{f"picture {place}": name for place, name in self.pictures.items()},
            **self.controls,
        }

    @property
    def state(self) -> dict[str, object]:
        """What is embedded in the picture: its controls, as in all of our PNG, and the rest."""
        return {"controls": dict(self.controls), "sweep": json.loads(self.line)}

    def scene(self, name: str) -> dict[str, Any]:
        """The controls as a scene that the dashboard takes."""
        # Recalling a look should not stop or start the painting.
        controls = {name: value for name, value in self.controls.items() if name != "paused"}
        return {"name": name, "saved": self.time, "controls": controls}
