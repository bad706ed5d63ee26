"""The network of a look in PyTorch, as one writes it there, in a process of its own.

The same layers, widths and normalisations with seeded-random weights: the arithmetic is the same.
Imports nothing of styletune, so that it can run in another environment; see `step_server`.
Run as: python -m benchmarks.engine.pytorch_look SPEC.json
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.engine.step_server import WARM_UP_STEPS, serve_steps


class Normalize(nn.Module):
    """Conditional instance normalisation."""

    def __init__(self, channels: int, desk: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.affine = nn.Linear(desk, 2 * channels)

    def forward(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        scale, shift = self.affine(condition)[:, :, None, None].chunk(2, dim=1)
        normal: torch.Tensor = self.norm(x) * (1 + scale) + shift
        return normal


class Look(nn.Module):
    """See `styletune.looks.network.look_network`."""

    def __init__(self, inputs: int, widths: dict[str, int]) -> None:
        super().__init__()
        half, quarter, desk = widths["half"], widths["quarter"], widths["desk"]
        kernel = widths["kernel"]
        self.condition = nn.Linear(inputs, desk)
        reflect: dict[str, Any] = {"padding_mode": "reflect"}
        self.down = nn.ModuleList(
            [
                nn.Conv2d(3, half, 6, 2, 2, **reflect),
                nn.Conv2d(half, quarter, 4, 2, 1, **reflect),
            ]
        )
        self.down_norms = nn.ModuleList([Normalize(half, desk), Normalize(quarter, desk)])
        self.depthwise = nn.ModuleList()
        self.norms = nn.ModuleList()
        self.expand = nn.ModuleList()
        self.project = nn.ModuleList()
        for _ in range(widths["blocks"]):
            self.depthwise.append(
                nn.Conv2d(quarter, quarter, kernel, 1, kernel // 2, groups=quarter, **reflect)
            )
            self.norms.append(Normalize(quarter, desk))
            self.expand.append(nn.Conv2d(quarter, 2 * quarter, 1))
            self.project.append(nn.Conv2d(2 * quarter, quarter, 1))
        self.narrow = nn.Conv2d(quarter, half, 1)
        self.decode = nn.Conv2d(half, half, 3, 1, 1, **reflect)
        self.decode_norm = Normalize(half, desk)
        self.paint = nn.Conv2d(half, 12, 3, 1, 1, **reflect)
        self.gain = nn.Linear(desk, 3)

    def forward(self, picture: torch.Tensor, desk: torch.Tensor) -> torch.Tensor:
        """(1, 3, h, w) and (1, k) → (1, 3, h, w)."""
        condition = F.relu(self.condition(desk))
        x = unit = picture / 127.5 - 1
        for convolve, norm in zip(self.down, self.down_norms, strict=True):
            x = F.relu(norm(convolve(x), condition))
        for index, depthwise in enumerate(self.depthwise):
            y = self.norms[index](depthwise(x), condition)
            x = x + self.project[index](F.relu(self.expand[index](y)))
        x = F.interpolate(self.narrow(x), scale_factor=2, mode="nearest")
        x = F.relu(self.decode_norm(self.decode(x), condition))
        x = F.pixel_shuffle(self.paint(x), 2)
        return torch.tanh(x + unit * self.gain(condition)[:, :, None, None]) * 150 + 127.5


class PyTorchLook:
    """A "step" is a picture painted, from bytes to bytes."""

    def __init__(self, spec: dict[str, Any]) -> None:
        torch.set_num_threads(spec["threads"])
        torch.manual_seed(0)
        self._format = getattr(torch, spec["memory_format"])
        self._model = Look(spec["desk_inputs"], spec["widths"]).eval()
        self._model = self._model.to(memory_format=self._format)
        self._desk = torch.zeros(1, spec["desk_inputs"])
        self._picture = np.load(spec["picture"])
        self.take(WARM_UP_STEPS)

    def description(self) -> dict[str, Any]:
        """What paints on what."""
        return {"backend": f"torch {torch.__version__}"}

    def take(self, steps: int) -> None:
        """Paint so many pictures."""
        with torch.inference_mode():
            for _ in range(steps):
                planes = torch.from_numpy(self._picture).permute(2, 0, 1)[None].float()
                painted = self._model(planes.contiguous(memory_format=self._format), self._desk)
                painted.clamp(0, 255).byte()[0].permute(1, 2, 0).contiguous().numpy()

    def commands(self) -> Mapping[str, Callable[[], float]]:
        """None."""
        return {}


if __name__ == "__main__":
    serve_steps(lambda: PyTorchLook(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
