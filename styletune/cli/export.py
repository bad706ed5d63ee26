"""`styletune export`: the network of a look for other programs, by Keras' own exports."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from styletune import files
from styletune.cli.arguments import add_command
from styletune.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from styletune.cli.arguments import Subparsers
    from styletune.looks.file import Look

_SUFFIXES = {"saved_model": "", "onnx": ".onnx", "litert": ".tflite"}


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune export`."""
    parser = add_command(
        subparsers,
        "export",
        run,
        "Export the network of a look for other programs.",
        epilog="examples:\n"
        "  styletune export strokes --to onnx -o strokes.onnx\n"
        "  styletune export gogh.keras --to saved_model -o gogh/\n"
        "  styletune export gogh.keras --to litert -o gogh.tflite --size 320x240\n"
        "docs/looks.md lists its inputs.",
    )
    parser.add_argument("look", metavar="LOOK", help="a look's file, or the name of one that ships")
    parser.add_argument(
        "--to",
        required=True,
        choices=_SUFFIXES,
        help="saved_model: TensorFlow's, a folder; onnx: for ONNX Runtime; litert: a .tflite",
    )
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="where to write it")
    parser.add_argument(
        "--size",
        default="256x256",
        metavar="WxH",
        help="of the pictures that litert takes, multiples of 4 (default 256x256); the others "
        "take all sizes",
    )


def run(arguments: argparse.Namespace) -> int:
    """Export as the options say; returns the exit code."""
    from rich.console import Console

    from styletune.looks import file

    out, suffix = Path(arguments.out), _SUFFIXES[arguments.to]
    if suffix and out.suffix != suffix:
        raise ConfigError(f"{arguments.to} is written as {suffix}; received {arguments.out!r}")
    if not suffix and out.exists():
        raise ConfigError(f"{out} is there already; name a new folder")
    if not out.parent.is_dir():
        raise ConfigError(f"cannot write {out}: the folder {out.parent} does not exist")
    size = _size(arguments.size)
    look = file.read(file.locate(arguments.look))
    console = Console(stderr=True, highlight=False)
    with console.status("Exporting …"):
        try:
            _export(look, arguments.to, out, size)
        except OSError as error:
            raise StorageError(f"cannot write {out}: {error.strerror or error}") from None
    console.print(f"wrote {out}")
    return 0


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    width, height = (int(edge) for edge in found.groups()) if found else (0, 0)
    if min(width, height) < 16 or width % 4 or height % 4:
        raise ConfigError(f"--size takes WxH, multiples of 4 from 16 on; received {text!r}")
    return width, height


def _export(look: "Look", kind: str, out: Path, size: tuple[int, int]) -> None:
    if kind == "onnx":  # it lies in the look's file
        files.write_bytes_atomically(out, look.onnx)
        return
    from styletune.engine.imports import fast_import

    with fast_import():
        from styletune.training.looks.export import export_litert, export_saved_model
    if kind == "saved_model":
        export_saved_model(look.path, out)
    else:
        files.write_bytes_atomically(out, export_litert(look.path, *size))
