"""The same seed gives the same weights, whatever computes them."""

import os
from typing import Final

import torch

_CUBLAS: Final = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
"""What cuBLAS needs to add in the same order every time; torch refuses to multiply on a GPU without."""


def be_deterministic() -> None:
    """Let torch compute the same every time. Call it before anything is computed: cuBLAS looks only once."""
    os.environ.setdefault(*_CUBLAS)
    torch.use_deterministic_algorithms(True)
