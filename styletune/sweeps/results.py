"""The results folder: what has been painted stays, whatever happens next.

sweep.json       which sweep it is, and what painted it
points/0001.png  a picture each, its state inside
results.jsonl    a line each, as soon as it is painted
results.csv      the same as a table; sheet*.png, losses.svg, index.html: the report
                 Made at the end, and whenever it is interrupted
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from styletune import files
from styletune.errors import SweepError
from styletune.sweeps.points import Layout, Point
from styletune.sweeps.spec import SweepSpec, Value


@dataclass(frozen=True, slots=True)
class Term:
    """The loss term of one layer at the last step."""

    layer: str
    term: str
    raw: float
    weight: float
    weighted: float


@dataclass(frozen=True, slots=True)
class Result:
    """A painted point: a line of JSON, a row of the table, the state within its PNG.

    Attributes:
        key: of the point; see `points.Point.key`.
        index: of the point.
        file: its PNG, relative to the folder.
        labels: what distinguishes it, by name.
        at: numbers to plot against, by name.
        place: index of its value on each axis.
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

    def to_json(self) -> str:
        """The result as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> "Result":
        """Parse a line of `to_json`.

        Raises:
            ValueError: it is not whole, or no result.
        """
        return _RESULT.validate_json(line)

    def table_row(self) -> dict[str, object]:
        """A row of `results.csv`: what is swept, what came of it, all controls."""
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
            **{f"picture {slot}": name for slot, name in self.pictures.items()},
            **self.controls,
        }

    @property
    def state(self) -> dict[str, object]:
        """What is embedded in its PNG: `controls`, as in all of ours, and the whole result."""
        return {"controls": dict(self.controls), "sweep": json.loads(self.to_json())}

    def scene(self, name: str) -> dict[str, Any]:
        """The controls as a scene that the dashboard takes."""
        # Recalling a look should not stop or start the painting.
        controls = {name: value for name, value in self.controls.items() if name != "paused"}
        return {"name": name, "saved": self.time, "controls": controls}


_RESULT = TypeAdapter(Result)


@dataclass(frozen=True, slots=True)
class AxisLabels:
    """An axis as the report shows it: its name and the labels of its values."""

    name: str
    labels: tuple[str, ...]
    log: bool = False


class ResultsFolder:
    """The results of one sweep.

    Attributes:
        path: the folder.
        base: values of the controls that the sweep does not name, as they were at the start.
        axes: as they are shown.
        count: of all points, done or not.
        done: results by the key of their point.
    """

    def __init__(self, path: Path, spec: SweepSpec) -> None:
        """Open the folder, or create it.

        Raises:
            SweepError: it holds another sweep or other files, or cannot be created.
        """
        self.path = path
        self.base: dict[str, Value] | None = None
        self.done: dict[str, Result] = {}
        self.axes: list[AxisLabels] = []
        self.count = 0
        self._spec = spec
        self._painter: Mapping[str, Any] | None = None
        try:
            (path / "points").mkdir(parents=True, exist_ok=True)
            manifest = path / "sweep.json"
            if manifest.exists():
                self._resume(json.loads(manifest.read_text(encoding="utf-8")))
            elif any(child.name != "points" for child in path.iterdir()):
                raise SweepError(f"{path}: the folder holds other files; name a new folder with -o")
        except (OSError, ValueError, RecursionError) as error:
            raise _write_error(path, error) from None
        except (KeyError, TypeError, AttributeError):
            raise SweepError(f"{path}: damaged `sweep.json`; name a new folder with -o") from None

    def _resume(self, manifest: Mapping[str, Any]) -> None:
        if manifest.get("sweep") != _fingerprint(self._spec):
            raise SweepError(
                f"{self.path}: the folder holds another sweep, `{manifest.get('name', '?')}`, or "
                "this one before it was changed; name a new folder with -o"
            )
        self.base, self._painter = manifest["base"], manifest["painter"]
        self.count = manifest["count"]
        self.axes = [
            AxisLabels(axis["name"], tuple(axis["labels"]), axis["log"])
            for axis in manifest["lines"]
        ]
        lines = (self.path / "results.jsonl").read_text(encoding="utf-8").splitlines()
        for line in lines:
            try:
                result = Result.from_json(line)
            except ValueError:
                continue  # cut short by a crash: painted again
            if (self.path / result.file).is_file():
                self.done[result.key] = result

    def start(self, layout: Layout, base: Mapping[str, Value], painter: Mapping[str, Any]) -> None:
        """Write `sweep.json` the first time; later, check that the same painter goes on.

        Args:
            painter: network, weights, layers, size and pictures, by name.

        Raises:
            SweepError: the points done were painted by something else.
        """
        if self._painter is not None:
            for what, was in self._painter.items():
                if painter.get(what) != was:
                    raise SweepError(
                        f"{self.path}: its points were painted with {what} {_format(was)}; "
                        f"received {_format(painter.get(what))}: name a new folder with -o"
                    )
            return
        self.base, self._painter = dict(base), dict(painter)
        self.count = layout.count
        self.axes = [
            AxisLabels(axis.name, tuple(value.label for value in axis.values), axis.log)
            for axis in layout.axes
        ]
        manifest = {
            "name": self._spec.name,
            "sweep": _fingerprint(self._spec),
            "plan": self._spec.model_dump(mode="json", by_alias=True),
            "base": self.base,
            "painter": self._painter,
            "count": self.count,
            "lines": [asdict(axis) for axis in self.axes],
        }
        self.write("results.jsonl", b"")
        self.write(
            "sweep.json",
            json.dumps(manifest, indent=1, ensure_ascii=False).encode(errors="replace"),
        )

    @property
    def painter(self) -> Mapping[str, Any]:
        """What painted the points; see `start`."""
        return self._painter or {}

    def file_of(self, point: Point) -> str:
        """Where the picture of a point lies; numbered from 1, as people count."""
        return f"points/{point.index + 1:04}.png"

    def add(self, result: Result, png: bytes) -> None:
        """Save a painted point: picture first, so that a line never lacks its picture.

        Raises:
            SweepError: the disk is full or read-only; all that was saved before stays.
        """
        self.write(result.file, png)
        try:
            with (self.path / "results.jsonl").open("r+b") as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    if file.read(1) != b"\n":  # a line cut short stays by itself
                        file.write(b"\n")
                file.write(result.to_json().encode(errors="replace") + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _write_error(self.path, error) from None
        self.done[result.key] = result

    def results(self) -> list[Result]:
        """All that is done, in the order of the points."""
        return sorted(self.done.values(), key=lambda result: result.index)

    def write_table(self) -> None:
        """Write `results.csv` from what is done."""
        rows = [result.table_row() for result in self.results()]
        names = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.write("results.csv", text.getvalue().encode(errors="replace"))

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the folder, whole or not at all.

        Raises:
            SweepError: the disk is full or read-only.
        """
        try:
            files.write_bytes_atomically(self.path / name, data)
        except OSError as error:
            raise _write_error(self.path / name, error) from None


def _fingerprint(spec: SweepSpec) -> str:
    """The same for the same sweep; its name and its session file may change."""
    plain = spec.model_dump(mode="json", exclude={"name", "session"})
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _write_error(path: Path, error: Exception) -> SweepError:
    reason = getattr(error, "strerror", None) or error
    return SweepError(f"cannot write {path}: {reason}; what was painted before is kept")


def _format(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
