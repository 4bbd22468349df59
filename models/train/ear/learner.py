"""All that is learned together, and what one batch asks of it."""

from contextlib import nullcontext

import numpy as np
import torch
from augment import Batch, batch
from data import Index
from losses import Prototypes, contrast, mixed_targets, soft_cross_entropy
from network import Decoder, Ear, coarse
from plan import Material, Plan
from sayings import said_clips, said_labels
from torch import Tensor, nn
from torch.nn import functional
from words import Vocabulary, WordTable, numbers


class Learner(nn.Module):
    """All that is learned; only the audio network and the words are kept."""

    def __init__(self, plan: Plan, words: Vocabulary, *, n_descriptors: int) -> None:
        super().__init__()
        self.ear = Ear(plan.shape)
        self.labels = Prototypes(len(words.labels), plan.shape.n_dims, scale=plan.label_scale)
        self.table = WordTable(words.words, plan.shape.n_dims)
        self.decoder = Decoder(plan.shape.n_dims)
        self.descriptors = nn.Linear(self.ear.n_pooled, n_descriptors)


def step_losses(
    learner: Learner, material: Material, chosen: Index, *, plan: Plan, n_steps: int, rng: np.random.Generator
) -> dict[str, Tensor]:
    """Losses of one batch by name, weighted.

    What is heard and what is said of the acoustic vector are asked the same, each alone: neither can lean on the
    other. (Told together from the start, the acoustic vector explains the training clips so well that little is left
    to hear.)
    """
    device = learner.table.own.device
    made = batch(material.heard, chosen, n_steps=n_steps, strength=plan.strength, rng=rng, device=device)
    mel = made.mel.to(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16) if plan.is_bfloat16 else nullcontext():
        pooled = learner.ear.pooled(mel)
    opinions = {"heard": (1.0, learner.ear.head(pooled.float()))}
    if plan.shape.n_acoustic:
        acoustic = _mixed_acoustic(material, made, noise=plan.acoustic_noise)
        opinions["described"] = (plan.described_weight, learner.ear.described(acoustic))
    words, clips = material.words, material.clips
    own = torch.from_numpy(material.label_numbers[chosen]).to(device)
    first = functional.one_hot(own, len(words.labels)).float()
    targets = mixed_targets(first, first[made.order], made.share)
    parts = {}
    for name, (weight, vectors) in opinions.items():
        parts[f"{name} label"] = weight * soft_cross_entropy(learner.labels(vectors), targets, smoothing=plan.smoothing)
    if plan.contrast_weight:
        of_words = learner.table.vectors(own_dropout=plan.own_dropout)
        label_texts = learner.table.texts(numbers(said_labels(words, plan, rng), words.number_of).to(device), of_words)
        texts, fits = said_clips([clips[i].words for i in chosen], words, plan, rng)
        clip_texts = learner.table.texts(numbers(texts, words.number_of).to(device), of_words)
        fits = fits.to(device)
        fits = mixed_targets(fits, fits[made.order], made.share)
        for name, (weight, vectors) in opinions.items():
            to_labels = soft_cross_entropy(plan.text_scale * vectors @ label_texts.T, targets, smoothing=plan.smoothing)
            to_texts = contrast(plan.text_scale * vectors @ clip_texts.T, fits)
            parts[f"{name} texts"] = 0.5 * weight * plan.contrast_weight * (to_labels + to_texts)
    if plan.descriptor_weight:
        told = torch.from_numpy(material.descriptors[made.first]).to(device)
        wrong = functional.smooth_l1_loss(learner.descriptors(pooled.float()), told, reduction="none").mean(dim=1)
        # A mixture has no descriptors of its own; those of its louder half do for one that is hardly mixed.
        is_clear = (made.share > 0.8).float()
        parts["descriptors"] = plan.descriptor_weight * (wrong * is_clear).sum() / is_clear.sum().clamp_min(1.0)
    if plan.drawing_weight:
        drawn = learner.decoder(opinions["heard"][1])
        parts["drawing"] = plan.drawing_weight * functional.mse_loss(drawn, coarse(made.mel.contiguous()))
    return parts


def _mixed_acoustic(material: Material, made: Batch, *, noise: float) -> Tensor:
    """Acoustic vectors of mixtures, roughly: the mean of both, with noise, as they were fitted on these very clips."""
    one = torch.from_numpy(material.acoustic[made.first]).to(made.mel.device)
    other = torch.from_numpy(material.acoustic[made.second]).to(made.mel.device)
    mixed = one * made.share[:, None] + other * (1.0 - made.share)[:, None]
    return functional.normalize(mixed + torch.randn_like(mixed) * (noise / mixed.shape[1] ** 0.5), dim=1)
