"""The same model in PyTorch, in a process of its own: what the engine's step is compared with.

The same picture, network, 16 losses (content and Gram mean squares), nine-point smoothness and
Adam over a pyramid on the normalised gradient with clamping, as one writes them in PyTorch.
Imports nothing of styletune, so that it can run in another environment; see `step_server`.
Run as: python -m benchmarks.engine.pytorch_model SPEC.json
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.engine.step_server import WARM_UP_STEPS, serve_steps

# 12 × the Laplacian of a pixel and its eight neighbours: see `engine/losses.py`.
_LAPLACIAN = torch.tensor([[-1.0, -4, -1], [-4, 20, -4], [-1, -4, -1]]) / 12


class PyTorchModel:
    """The painting in PyTorch.

    Args:
        spec: `weights` (npz of kernels HWIO, biases and perhaps metrics), `passes` ([scale,
            [[layer, convolution, pooled before] …]] of the picture), `layers` played and the
            `convolutions` that they are, `centering` of Gram matrices, `content` and `style` (npy,
            (h, w, 3) uint8), `content_weights`, `style_weights`, `smooth`, `learning_rate`,
            `beta_1`, `beta_2`, `epsilon`, `levels`, `means`, `memory_format` (a name in `torch`).
    """

    def __init__(self, spec: dict[str, Any]) -> None:
        torch.set_num_threads(spec["threads"])
        self._spec = spec
        self._format = getattr(torch, spec["memory_format"])
        with np.load(spec["weights"]) as arrays:
            self._arrays = {name: arrays[name] for name in arrays.files if "." in name}
        self._first_layer = spec["passes"][0][1][0][0]
        names = {name for _, computed in spec["passes"] for _, name, _ in computed}
        self._kernels = {name: self._kernel(name) for name in names}
        content, style = (self._picture(spec[name]) for name in ("content", "style"))
        with torch.no_grad():
            self._content = self._features(content)
            self._metrics = [self._metric(name) for name in spec["convolutions"]]
            self._grams = self._gram_matrices(self._features(style))
        self._x = content.clone().requires_grad_(True)
        self._steps = 0
        self._first = torch.zeros_like(content)
        self._seconds = [torch.zeros_like(content)]
        for _ in range(1, spec["levels"]):
            self._seconds.append(halved(self._seconds[-1]))
        self._initial_loss = float(self._loss().detach())
        self.take(WARM_UP_STEPS)

    def description(self) -> dict[str, Any]:
        """What paints on what."""
        return {
            "backend": f"torch {torch.__version__}",
            "device": f"CPU · {torch.get_num_threads()} threads",
        }

    def _kernel(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        # Files may hold float16.
        kernel = self._arrays[f"{name}.kernel"].astype(np.float32).transpose(3, 2, 0, 1)
        bias = torch.from_numpy(self._arrays[f"{name}.bias"].astype(np.float32))
        if name == self._first_layer:
            kernel = kernel[:, ::-1]  # BGR → RGB
        turned = torch.from_numpy(np.ascontiguousarray(kernel))
        return turned.to(memory_format=self._format), bias

    def _metric(self, name: str) -> torch.Tensor | None:
        metric = self._arrays.get(f"{name}.metric")
        return None if metric is None else torch.from_numpy(metric.astype(np.float32))

    def _picture(self, path: str) -> torch.Tensor:
        array = np.load(path).astype(np.float32).transpose(2, 0, 1)[None]
        return torch.from_numpy(np.ascontiguousarray(array)).to(memory_format=self._format)

    def _features(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """Activations of the played layers, (1, c, h, w) each."""
        means = torch.tensor(self._spec["means"]).reshape(1, 3, 1, 1)
        found, seen, at = [], picture - means, 1
        for scale, computed in self._spec["passes"]:
            while at < scale:
                seen, at = blurred_half(seen), 2 * at
            x = F.pad(seen, (1, 1, 1, 1), mode="replicate")
            for index, (layer, name, pool) in enumerate(computed):
                if pool:
                    x = F.max_pool2d(x, 2)
                x = F.relu(F.conv2d(x, *self._kernels[name], padding=1 if index else 0))
                if layer in self._spec["layers"]:
                    found.append(x)
        return found

    def _gram_matrices(self, features: list[torch.Tensor]) -> list[torch.Tensor]:
        """As they are compared: M·G·M where there is a metric."""
        grams = [
            gram_matrix(f, 0.0 if layer == self._first_layer else self._spec["centering"])
            for f, layer in zip(features, self._spec["layers"], strict=True)
        ]
        return [g if m is None else m @ g @ m for g, m in zip(grams, self._metrics, strict=True)]

    def _loss(self) -> torch.Tensor:
        """Mean of the 16 weighted losses, plus the smoothness."""
        spec, features = self._spec, self._features(self._x)
        terms = [
            weight * F.mse_loss(f, target)
            for weight, f, target in zip(
                spec["content_weights"], features, self._content, strict=True
            )
        ] + [
            weight * F.mse_loss(gram, target)
            for weight, gram, target in zip(
                spec["style_weights"], self._gram_matrices(features), self._grams, strict=True
            )
        ]
        bordered = F.pad(self._x, (1, 1, 1, 1), mode="replicate")
        curvature = F.conv2d(bordered, _LAPLACIAN.expand(3, 1, 3, 3), groups=3)
        smooth = (self._x * curvature).sum() / self._x.numel()
        return torch.stack(terms).mean() + spec["smooth"] * smooth

    def step(self) -> None:
        """One step on the gradient divided by its norm; pixels stay in 0..255."""
        self._x.grad = None
        self._loss().backward()
        gradient = self._x.grad
        assert gradient is not None
        with torch.no_grad():
            gradient.div_(gradient.norm().clamp(min=1e-30))
            self._x.sub_(self._adam(gradient)).clamp_(0, 255)

    def _adam(self, gradient: torch.Tensor) -> torch.Tensor:
        """What is subtracted: see `engine/optimizers.py`, `Adam`."""
        spec = self._spec
        beta_1, beta_2, rate = spec["beta_1"], spec["beta_2"], spec["learning_rate"]
        self._steps += 1
        self._first.lerp_(gradient, 1 - beta_1)
        scale = rate * (1 - beta_2**self._steps) ** 0.5 / (1 - beta_1**self._steps)
        steps, first = [], self._first
        for level, second in enumerate(self._seconds):
            if level:
                gradient, first = halved(gradient), halved(first)
            second.mul_(beta_2).addcmul_(gradient, gradient, value=1 - beta_2)
            steps.append(first / second.sqrt().add_(spec["epsilon"]))
        total = steps.pop()
        while steps:
            finer = steps.pop()
            size = finer.shape[2:]
            total = finer + F.interpolate(total, size, mode="bilinear", align_corners=False)
        total *= scale
        if len(self._seconds) > 1:
            longest = rate * (1 / 3 + 2 / 3 * 0.97**self._steps)
            total *= (longest / total.abs().mean().clamp(min=1e-30)).clamp(max=1.0)
        return total

    def take(self, steps: int) -> None:
        """Take steps."""
        for _ in range(steps):
            self.step()

    def commands(self) -> Mapping[str, Callable[[], float]]:
        """The loss at the start."""
        return {"loss": lambda: self._initial_loss}


def halved(x: torch.Tensor) -> torch.Tensor:
    """(1, c, h, w) → (1, c, ⌈h/2⌉, ⌈w/2⌉), averaged."""
    return F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)


def blurred_half(x: torch.Tensor) -> torch.Tensor:
    """(1, c, h, w) → (1, c, ⌊h/2⌋, ⌊w/2⌋), by [1 3 3 1] / 8 in each direction."""
    row = torch.tensor([1.0, 3, 3, 1]) / 8
    kernel = torch.outer(row, row).expand(x.shape[1], 1, 4, 4)
    bordered = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(bordered, kernel, stride=2, groups=x.shape[1])


def gram_matrix(features: torch.Tensor, centering: float) -> torch.Tensor:
    """(1, c, h, w) → (F·Fᵀ / (h·w) − k·μ·μᵀ) / c, (c, c)."""
    flat = features.flatten(2)[0]
    gram = flat @ flat.T / flat.numel()
    if not centering:
        return gram
    mean = flat.mean(1, keepdim=True)
    return gram - mean @ mean.T * (centering / len(flat))


if __name__ == "__main__":
    serve_steps(lambda: PyTorchModel(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
