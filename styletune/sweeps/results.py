"""The results folder: what has been painted stays, whatever happens next.

    sweep.json       which sweep it is, and what painted it
    points/0001.png  a picture each, its state inside
    results.jsonl    a line each, as soon as it is painted
    results.csv      the same as a table; sheet*.png, losses.svg, index.html: all of it shown.
                     Made at the end, and whenever it is interrupted

Files are replaced whole; a line cut short by a crash is painted again. Knows nothing about
painting.
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from styletune import files
from styletune.errors import SweepError
from styletune.sweeps.points import Layout, Point
from styletune.sweeps.report.grid import Shown
from styletune.sweeps.result import Result
from styletune.sweeps.spec import SweepSpec, Value


class Folder:
    """The results of one sweep.

    Attributes:
        path: the folder.
        base: values of the controls that the sweep does not name, as they were when it began.
        lines: its axes as they are shown.
        count: of all points, done or not.
        done: results by the key of their point.
    """

    def __init__(self, path: Path, sweep: SweepSpec) -> None:
        """Open the folder, or make it.

        Raises:
            SweepError: it holds another sweep or other files, or cannot be made.
        """
        self.path = path
        self.base: dict[str, Value] | None = None
        self.done: dict[str, Result] = {}
        self.lines: list[Shown] = []
        self.count = 0
        self._sweep = sweep
        self._painter: Mapping[str, Any] | None = None
        try:
            (path / "points").mkdir(parents=True, exist_ok=True)
            manifest = path / "sweep.json"
            if manifest.exists():
                self._resume(json.loads(manifest.read_text(encoding="utf-8")))
            elif any(child.name != "points" for child in path.iterdir()):
                raise SweepError(f"{path}: the folder holds other files; name a new folder with -o")
        except (OSError, ValueError) as error:
            raise _trouble(path, error) from None

    def _resume(self, manifest: Mapping[str, Any]) -> None:
        if manifest.get("sweep") != _fingerprint(self._sweep):
            raise SweepError(
                f"{self.path}: the folder holds another sweep, `{manifest.get('name', '?')}`, or "
                "this one before it was changed; name a new folder with -o"
            )
        self.base, self._painter = manifest["base"], manifest["painter"]
        self.count = manifest["count"]
        self.lines = [
            Shown(line["name"], tuple(line["labels"]), line["log"]) for line in manifest["lines"]
        ]
        lines = (self.path / "results.jsonl").read_text(encoding="utf-8").splitlines()
        for line in lines:
            try:
                result = Result.parse(line)
            except ValueError:
                continue  # cut short by a crash: painted again
            if (self.path / result.file).is_file():
                self.done[result.key] = result

    def begin(self, laid: Layout, base: Mapping[str, Value], painter: Mapping[str, Any]) -> None:
        """Note what is painted by what, the first time; later, check that it is the same.

        Raises:
            SweepError: the points done were painted by something else.
        """
        if self._painter is not None:
            for what, was in self._painter.items():
                if painter.get(what) != was:
                    raise SweepError(
                        f"{self.path}: its points were painted with {what} {_shown(was)}; received "
                        f"{_shown(painter.get(what))}: name a new folder with -o"
                    )
            return
        self.base, self._painter = dict(base), dict(painter)
        self.count = laid.count
        self.lines = [
            Shown(line.name, tuple(option.label for option in line.options), line.log)
            for line in laid.lines
        ]
        manifest = {
            "name": self._sweep.name,
            "sweep": _fingerprint(self._sweep),
            "plan": self._sweep.model_dump(mode="json", by_alias=True),
            "base": self.base,
            "painter": self._painter,
            "count": self.count,
            "lines": [asdict(line) for line in self.lines],
        }
        self.write("results.jsonl", b"")
        self.write("sweep.json", json.dumps(manifest, indent=1, ensure_ascii=False).encode())

    @property
    def painter(self) -> Mapping[str, Any]:
        """What painted the points."""
        return self._painter or {}

    def file_of(self, point: Point) -> str:
        """Where the picture of a point lies; numbered from 1, as people count."""
        return f"points/{point.index + 1:04}.png"

    def keep(self, result: Result, png: bytes) -> None:
        """Keep a painted point: picture first, so that a line never lacks its picture.

        Raises:
            SweepError: the disk is full or read-only; all that was kept before stays.
        """
        self.write(result.file, png)
        try:
            with (self.path / "results.jsonl").open("r+b") as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    if file.read(1) != b"\n":  # a line cut short stays by itself
                        file.write(b"\n")
                file.write(result.line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _trouble(self.path, error) from None
        self.done[result.key] = result

    def results(self) -> list[Result]:
        """All that is done, in the order of the points."""
        return sorted(self.done.values(), key=lambda result: result.index)

    def write_table(self) -> None:
        """Write `results.csv` from what is done."""
        rows = [result.row() for result in self.results()]
        names = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.write("results.csv", text.getvalue().encode())

    def write_picture(self, name: str, picture: Image.Image) -> None:
        """Write a picture as PNG; see `write`."""
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        self.write(name, buffer.getvalue())

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the folder, whole or not at all.

        Raises:
            SweepError: the disk is full or read-only.
        """
        try:
            files.write_bytes_atomically(self.path / name, data)
        except OSError as error:
            raise _trouble(self.path / name, error) from None


def _fingerprint(sweep: SweepSpec) -> str:
    """The same for the same plan; the name and the session file may change."""
    plan = sweep.model_dump(mode="json", exclude={"name", "session"})
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _trouble(path: Path, error: Exception) -> SweepError:
    reason = getattr(error, "strerror", None) or error
    return SweepError(f"cannot write {path}: {reason}; what was painted before is kept")


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
