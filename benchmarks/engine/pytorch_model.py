"""Our own rendering of the model in PyTorch, in a process of its own: what it is held against.

The same picture, network, 16 losses (content and Gram mean squares), nine-point smoothness and
Adam on the normalised gradient with clamping, as the engine has them, written as one writes them
in PyTorch. Imports nothing of styletune, so that it can run in another environment.
Speaks as `benchmarks.engine.bare_step` does: seconds on stdin, bursts of steps as JSON on stdout.
Run as: python -m benchmarks.engine.pytorch_model SPEC.json
"""

import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

_STRETCH_S = 0.4
_WARM_UP_STEPS = 3
# 12 × the Laplacian of a pixel and its eight neighbours: see `engine/losses.py`.
_LAPLACIAN = torch.tensor([[-1.0, -4, -1], [-4, 20, -4], [-1, -4, -1]]) / 12


def main(spec_file: str) -> None:
    """Answer each line on stdin until it ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    twin = Twin(json.loads(Path(spec_file).read_text()))
    print(json.dumps(twin.description()), file=answers, flush=True)
    for line in sys.stdin:
        asked = line.split()
        if asked[0] == "loss":
            print(json.dumps({"loss": twin.loss_at_start}), file=answers, flush=True)
        else:
            print(json.dumps({"bursts": twin.run(float(asked[0]))}), file=answers, flush=True)


class Twin:
    """The painting in PyTorch.

    Args:
        spec: `weights` (npz of kernels HWIO and biases), `convolutions` ([name, pooled before]),
            `layers` played, `content` and `style` (npy, (h, w, 3) uint8), `content_weights`,
            `style_weights`, `smooth`, `learning_rate`, `beta_1`, `beta_2`, `epsilon`, `means`.
    """

    def __init__(self, spec: dict[str, Any]) -> None:
        torch.set_num_threads(spec["threads"])
        self._spec = spec
        self._convolutions = [
            (*self._kernel(name), name, pool) for name, pool in spec["convolutions"]
        ]
        content, style = (self._picture(spec[name]) for name in ("content", "style"))
        with torch.no_grad():
            self._content = self._features(content)
            self._grams = [gram(f) for f in self._features(style)]
        self._x = content.clone().requires_grad_(True)
        self._adam = torch.optim.Adam(
            [self._x],
            lr=spec["learning_rate"],
            betas=(spec["beta_1"], spec["beta_2"]),
            eps=spec["epsilon"],
        )
        self.loss_at_start = float(self._loss().detach())
        self._step_s = self._burst(_WARM_UP_STEPS) / _WARM_UP_STEPS

    def description(self) -> dict[str, Any]:
        """What paints on what."""
        return {
            "backend": f"torch {torch.__version__}",
            "device": f"CPU · {torch.get_num_threads()} threads",
        }

    def _kernel(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        with np.load(self._spec["weights"]) as arrays:
            kernel = np.ascontiguousarray(arrays[f"{name}.kernel"].transpose(3, 2, 0, 1))
            bias = arrays[f"{name}.bias"]
        if name == self._spec["convolutions"][0][0]:
            kernel = kernel[:, ::-1].copy()  # BGR → RGB
        return torch.from_numpy(kernel), torch.from_numpy(bias)

    def _picture(self, path: str) -> torch.Tensor:
        array = np.load(path).astype(np.float32).transpose(2, 0, 1)[None]
        return torch.from_numpy(np.ascontiguousarray(array))

    def _features(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """Activations of the played layers, (1, c, h, w) each."""
        means = torch.tensor(self._spec["means"]).reshape(1, 3, 1, 1)
        x = F.pad(picture - means, (1, 1, 1, 1), mode="replicate")
        found = []
        for index, (kernel, bias, name, pool) in enumerate(self._convolutions):
            if pool:
                x = F.max_pool2d(x, 2)
            x = F.relu(F.conv2d(x, kernel, bias, padding=1 if index else 0))
            if name in self._spec["layers"]:
                found.append(x)
        return found

    def _loss(self) -> torch.Tensor:
        """Mean of the 16 weighted losses, plus the smoothness."""
        spec, features = self._spec, self._features(self._x)
        terms = [
            weight * F.mse_loss(f, target)
            for weight, f, target in zip(
                spec["content_weights"], features, self._content, strict=True
            )
        ] + [
            weight * F.mse_loss(gram(f), target)
            for weight, f, target in zip(spec["style_weights"], features, self._grams, strict=True)
        ]
        bordered = F.pad(self._x, (1, 1, 1, 1), mode="replicate")
        curvature = F.conv2d(bordered, _LAPLACIAN.expand(3, 1, 3, 3), groups=3)
        smooth = (self._x * curvature).sum() / self._x.numel()
        return torch.stack(terms).mean() + spec["smooth"] * smooth

    def step(self) -> None:
        """One step of Adam on the gradient divided by its norm; pixels stay in 0..255."""
        self._adam.zero_grad(set_to_none=True)
        self._loss().backward()
        gradient = self._x.grad
        assert gradient is not None
        gradient.div_(gradient.norm().clamp(min=1e-30))
        self._adam.step()
        with torch.no_grad():
            self._x.clamp_(0, 255)

    def run(self, seconds: float) -> list[tuple[float, int]]:
        """Take steps for some seconds; seconds and steps of each burst."""
        self._step_s = self._burst(1)
        ends = time.perf_counter() + seconds
        bursts: list[tuple[float, int]] = []
        while not bursts or time.perf_counter() < ends:
            steps = max(1, math.ceil(_STRETCH_S / self._step_s))
            taken_s = self._burst(steps)
            self._step_s = taken_s / steps
            bursts.append((taken_s, steps))
        return bursts

    def _burst(self, steps: int) -> float:
        started = time.perf_counter()
        for _ in range(steps):
            self.step()
        return time.perf_counter() - started


def gram(features: torch.Tensor) -> torch.Tensor:
    """(1, c, h, w) → F·Fᵀ / (h·w·c), (c, c)."""
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.numel()


if __name__ == "__main__":
    main(sys.argv[1])
