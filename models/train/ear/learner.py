"""Everything that is learned together, and the losses of a batch."""

from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ear.augment import Batch, batch
from ear.config import Config, Dataset
from ear.data import Index
from ear.losses import Prototypes, contrast, mixed_targets, soft_cross_entropy
from ear.network import Decoder, Ear, coarse
from ear.texts import sample_clip_texts, sample_label_texts
from ear.words import Vocabulary, WordTable, numbers


class Learner(nn.Module):
    """Everything that is learned; only the audio network and the words ship."""

    def __init__(self, config: Config, words: Vocabulary, *, n_descriptors: int) -> None:
        super().__init__()
        self.ear = Ear(config.shape)
        self.labels = Prototypes(len(words.labels), config.shape.n_dims, scale=config.label_scale)
        self.table = WordTable(words.words, config.shape.n_dims)
        self.decoder = Decoder(config.shape.n_dims)
        self.descriptors = nn.Linear(self.ear.n_pooled, n_descriptors)


def step_losses(
    learner: Learner, dataset: Dataset, chosen: Index, *, config: Config, n_steps: int, rng: np.random.Generator
) -> dict[str, Tensor]:
    """Losses of one batch by name, weighted.

    The audio and the acoustic branch get the same losses separately, so that neither can rely on the other: given both
    from the start, the acoustic vector explains the training clips so well that the audio branch learns little.
    """
    device = learner.table.own.device
    made = batch(dataset.features, chosen, n_steps=n_steps, strength=config.strength, rng=rng, device=device)
    mel = made.mel.to(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16) if config.is_bfloat16 else nullcontext():
        pooled = learner.ear.pooled(mel)
    branches = {"audio": (1.0, learner.ear.head(pooled.float()))}
    if config.shape.n_acoustic:
        acoustic = _mixed_acoustic(dataset, made, noise=config.acoustic_noise)
        branches["acoustic"] = (config.described_weight, learner.ear.described(acoustic))
    words, clips = dataset.words, dataset.clips
    own = torch.from_numpy(dataset.label_numbers[chosen]).to(device)
    first = functional.one_hot(own, len(words.labels)).float()
    targets = mixed_targets(first, first[made.order], made.share)
    parts = {}
    for name, (weight, vectors) in branches.items():
        parts[f"{name} label"] = weight * soft_cross_entropy(
            learner.labels(vectors), targets, smoothing=config.smoothing
        )
    if config.contrast_weight:
        of_words = learner.table.vectors(own_dropout=config.own_dropout)
        label_texts = learner.table.texts(
            numbers(sample_label_texts(words, config, rng), words.number_of).to(device), of_words
        )
        texts, fits = sample_clip_texts([clips[i].words for i in chosen], words, config, rng)
        clip_texts = learner.table.texts(numbers(texts, words.number_of).to(device), of_words)
        fits = fits.to(device)
        fits = mixed_targets(fits, fits[made.order], made.share)
        for name, (weight, vectors) in branches.items():
            to_labels = soft_cross_entropy(
                config.text_scale * vectors @ label_texts.T, targets, smoothing=config.smoothing
            )
            to_texts = contrast(config.text_scale * vectors @ clip_texts.T, fits)
            parts[f"{name} texts"] = 0.5 * weight * config.contrast_weight * (to_labels + to_texts)
    if config.descriptor_weight:
        wanted = torch.from_numpy(dataset.descriptors[made.first]).to(device)
        wrong = functional.smooth_l1_loss(learner.descriptors(pooled.float()), wanted, reduction="none").mean(dim=1)
        # A mixture has no descriptors of its own; those of its louder clip serve when it is barely mixed.
        is_clear = (made.share > 0.8).float()
        parts["descriptors"] = config.descriptor_weight * (wrong * is_clear).sum() / is_clear.sum().clamp_min(1.0)
    if config.drawing_weight:
        drawn = learner.decoder(branches["audio"][1])
        parts["drawing"] = config.drawing_weight * functional.mse_loss(drawn, coarse(made.mel.contiguous()))
    return parts


def _mixed_acoustic(dataset: Dataset, made: Batch, *, noise: float) -> Tensor:
    """Approximate the acoustic vectors of mixtures: the mean of both, and noise, as they were fitted on these clips."""
    first = torch.from_numpy(dataset.acoustic[made.first]).to(made.mel.device)
    second = torch.from_numpy(dataset.acoustic[made.second]).to(made.mel.device)
    mixed = first * made.share[:, None] + second * (1.0 - made.share)[:, None]
    return functional.normalize(mixed + torch.randn_like(mixed) * (noise / mixed.shape[1] ** 0.5), dim=1)
