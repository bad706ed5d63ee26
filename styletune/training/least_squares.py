"""Least squares between the student's and the teacher's activations: map, error, metric."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.floating[Any]]
Array = npt.NDArray[np.float32]


def solve_ridge(moment: Matrix, target: Matrix, ridge: float) -> Matrix:
    """Return argmin_B ‖X·B − Y‖² + λ‖B‖² from XᵀX and XᵀY; λ = ridge · mean energy of X."""
    weight = ridge * float(np.trace(moment)) / len(moment) + 1e-12
    solution: Matrix = np.linalg.solve(moment + weight * np.eye(len(moment)), target)
    return solution


@dataclass(slots=True)
class Moments:
    """Sums over positions that least squares needs; `add` batches, then solve."""

    ours: Any = 0.0  # FᵀF (c, c)
    cross: Any = 0.0  # FᵀT (c, channels)
    energy: float = field(default=0.0)  # ΣT²

    def add(self, ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> None:
        """Take in activations (…, c) of the student and (…, channels) of the teacher."""
        a = np.asarray(ours, np.float32).reshape(-1, ours.shape[-1])
        b = np.asarray(theirs, np.float32).reshape(-1, theirs.shape[-1])
        self.ours = self.ours + (a.T @ a).astype(np.float64)
        self.cross = self.cross + (a.T @ b).astype(np.float64)
        self.energy += float(np.sum(np.square(b), dtype=np.float64))

    def linear_map(self, ridge: float = 1e-5) -> Matrix:
        """Return A (c, channels) for which F·A is nearest to T."""
        return solve_ridge(self.ours, self.cross, ridge)

    def relative_error(self, linear_map: npt.NDArray[Any]) -> float:
        """Return ‖F·A − T‖² / ‖T‖²: 0 is perfect, 1 is no better than nothing."""
        explained = 2.0 * np.sum(linear_map * self.cross)
        explained -= np.sum(linear_map * (self.ours @ linear_map))
        return float((self.energy - explained) / self.energy)


def metric(linear_map: npt.NDArray[Any]) -> Array:
    """Return the teacher's metric M = (A Aᵀ)^½ (c, c) in the student's space.

    If F_teacher ≈ F·A for the map A (c, channels), then
    ‖G_teacher − G'_teacher‖ ≈ ‖Aᵀ(G − G')A‖ = ‖M(G − G')M‖ (Frobenius), so a style loss on
    M·G·M weighs the student's directions as the teacher would.
    """
    values, vectors = np.linalg.eigh(np.asarray(linear_map @ linear_map.T, np.float64))
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return np.asarray((root + root.T) / 2.0, dtype=np.float32)
