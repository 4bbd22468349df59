"""Deterministic training: the same seed gives the same weights on the same device."""

import os
from typing import Final

import torch

_CUBLAS: Final = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
"""Makes cuBLAS add in the same order every time; without it torch refuses to multiply on a GPU."""


def be_deterministic() -> None:
    """Make torch deterministic. Call it before anything is computed: cuBLAS reads its setting only once."""
    os.environ.setdefault(*_CUBLAS)
    torch.use_deterministic_algorithms(True)
