"""The losses of training: labels, texts and, for comparison, reconstruction."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Prototypes(nn.Module):
    """A direction for each label; the logits of a vector are its scaled cosines to them."""

    def __init__(self, n_labels: int, n_dims: int, *, scale: float) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(n_labels, n_dims))
        self.scale = scale

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the logits of labels, shape (n, n_labels)."""
        return self.scale * vectors @ functional.normalize(self.directions, dim=1).T


def mixed_targets(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Return the targets of mixtures of two sounds, shape (n, n_texts), with rows of sum 1."""
    return first * share[:, None] + second * (1.0 - share)[:, None]


def soft_cross_entropy(logits: Tensor, targets: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """Return the mean cross entropy against soft targets."""
    if smoothing:
        targets = targets * (1.0 - smoothing) + smoothing / logits.shape[1]
    return -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()


def contrast(logits: Tensor, fits: Tensor) -> Tensor:
    """Return the contrastive loss in both directions; several texts may fit a sound (van den Oord 2018; Khosla 2020).

    Parameters
    ----------
    logits : Tensor, shape (n_sounds, n_texts)
    fits : Tensor, shape (n_sounds, n_texts)
        How well each text fits each sound, at least 0.
    """
    by_sound = fits / fits.sum(dim=1, keepdim=True).clamp_min(1e-6)
    by_text = fits / fits.sum(dim=0, keepdim=True).clamp_min(1e-6)
    there = -(by_sound * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    back = -(by_text * functional.log_softmax(logits, dim=0)).sum(dim=0).mean()
    return 0.5 * (there + back)
