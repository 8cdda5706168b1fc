"""Tensors recorded from the reference implementations, and the rule by which both sides draw their weights.

The smaller archives stand in ``tests/data/golden``; the others are read from the shared folder beside the
checkout, where there is one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

_ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = (_ROOT / "tests" / "data" / "golden", _ROOT.parent / "shared" / "specs" / "golden")

Archive = Mapping[str, NDArray[Any]]


def golden(name: str) -> Archive:
    """The arrays of one archive; the test is skipped where it is not on this machine."""
    for folder in _FOLDERS:
        path = folder / f"{name}.npz"
        if path.is_file():
            with np.load(path) as archive:
                return dict(archive)
    pytest.skip(f"{name}.npz is not in tests/data/golden, and there is no shared folder beside the checkout")


def fill_by_rule(network: nn.Module) -> nn.Module:
    """Give every parameter the values that its name stands for; constants (``mask_branch``) stay as built."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if not name.startswith("mask_branch."):
                parameter.copy_(_values(name, tuple(parameter.shape)))
    return network.eval()


def _values(name: str, shape: tuple[int, ...]) -> Tensor:
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    drawn = np.asarray(generator.standard_normal(shape))
    if len(shape) == 0:
        drawn = 0.5 + 0.25 * drawn
    elif len(shape) == 1:
        drawn = 0.1 * drawn
    else:  # a transposed convolution stores its inputs first, and each output sees four of the sixteen taps
        fan_in = 4 * shape[0] if name.startswith("uplayer") else int(np.prod(shape[1:]))
        drawn = drawn / np.sqrt(fan_in)
    return torch.from_numpy(np.asarray(drawn, np.float32))


def assert_close(what: str, ours: object, recorded: object, tolerance: float) -> None:
    """Fail with the largest and mean error and their distribution where any value is off by more."""
    error = np.abs(np.asarray(ours, np.float64) - np.asarray(recorded, np.float64))
    if not error.max() <= tolerance:  # a NaN is off, too
        pytest.fail(f"{what}: {'; '.join(_told(error, tolerance))}")


def _told(error: NDArray[np.float64], tolerance: float) -> Iterator[str]:
    yield f"largest error {np.nanmax(error):.3g}, mean {np.nanmean(error):.3g}, allowed {tolerance:.3g}"
    yield f"{np.isnan(error).mean():.1%} are not numbers"
    for factor in (1, 10, 100, 1000):
        yield f"{(error > factor * tolerance).mean():.2%} are off by more than {factor * tolerance:.0e}"
