"""The same model in PyTorch, in a process of its own: what the engine's step is compared with.

The same picture, network, 16 losses (content and Gram mean squares), nine-point smoothness and
Adam on the normalised gradient with clamping, as one writes them in PyTorch. Imports nothing of
styletune, so that it can run in another environment; see `step_server`.
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
            self._grams = [gram_matrix(f) for f in self._features(style)]
        self._x = content.clone().requires_grad_(True)
        self._adam = torch.optim.Adam(
            [self._x],
            lr=spec["learning_rate"],
            betas=(spec["beta_1"], spec["beta_2"]),
            eps=spec["epsilon"],
        )
        self._initial_loss = float(self._loss().detach())
        self.take(WARM_UP_STEPS)

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
            weight * F.mse_loss(gram_matrix(f), target)
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

    def take(self, steps: int) -> None:
        """Take steps."""
        for _ in range(steps):
            self.step()

    def commands(self) -> Mapping[str, Callable[[], float]]:
        """The loss at the start."""
        return {"loss": lambda: self._initial_loss}


def gram_matrix(features: torch.Tensor) -> torch.Tensor:
    """(1, c, h, w) → F·Fᵀ / (h·w·c), (c, c)."""
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.numel()


if __name__ == "__main__":
    serve_steps(lambda: PyTorchModel(json.loads(Path(sys.argv[1]).read_text())))
