"""Fit the table of words to the trained audio network, which stays fixed.

Words that describe no clip are learned as synonyms of words that do. The remaining words get the mean of their synonyms
and related words.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ear.augment import batch
from ear.config import Config, Dataset
from ear.data import Floats, Index, drawing_weights
from ear.losses import contrast, soft_cross_entropy
from ear.network import Ear
from ear.scoring import embedded
from ear.texts import sample_clip_texts, sample_label_texts
from ear.words import Vocabulary, WordTable, numbers

VIEW_STEPS: Final = (64, 128, 192, 128)
"""Lengths of the augmented views of each clip."""

ENOUGH: Final = 3.0
"""A word that occurred this often has been learned."""


@dataclass(frozen=True, slots=True)
class WordConfig:
    """Settings of fitting the words."""

    n_steps: int = 800
    n_sounds: int = 512
    rate: float = 5e-3
    own_dropout: float = 0.2
    text_scale: float = 14.0
    noise: float = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class WordDataset:
    """What words are fitted to.

    Attributes
    ----------
    words : Vocabulary
    views : ndarray, shape (n_views, n_clips, n_dims), float32
        Vectors of every clip, whole and augmented.
    labels : ndarray, shape (n_clips,), int64
    clip_words : tuple of tuple of str
    weights : ndarray, shape (n_clips,)
        Sampling weight of each clip.
    """

    words: Vocabulary
    views: Floats
    labels: Index
    clip_words: tuple[tuple[str, ...], ...]
    weights: Floats


@torch.no_grad()
def word_dataset(ear: Ear, dataset: Dataset, words: Vocabulary, config: Config) -> WordDataset:
    """Embed every training clip, whole and in several augmented views."""
    chosen = dataset.trained_on
    clips = [dataset.clips[i] for i in chosen]
    views = [embedded(ear, dataset.features, dataset.acoustic, chosen)]
    strength = replace(config.strength, mix_share=0.0)
    device = next(ear.parameters()).device
    ear.eval()
    for number, n_steps in enumerate(VIEW_STEPS):
        rng = np.random.default_rng([config.seed, 777, number])
        parts = []
        for start in range(0, len(chosen), 96):
            own = chosen[start : start + 96]
            made = batch(dataset.features, own, n_steps=n_steps, strength=strength, rng=rng, device=device)
            given = torch.from_numpy(dataset.acoustic[own]).to(device)
            parts.append(ear(made.mel.to(memory_format=torch.channels_last), given).cpu().numpy())
        views.append(np.concatenate(parts))
    return WordDataset(
        words=words,
        views=np.stack(views),
        labels=dataset.label_numbers[chosen],
        clip_words=tuple(clip.words for clip in clips),
        weights=drawing_weights(clips),
    )


def fit_words(table: WordTable, dataset: WordDataset, config: Config, word_config: WordConfig) -> Floats:
    """Fit the table in place; return how often each word occurred, shape (n_words,)."""
    optimiser = torch.optim.Adam(table.parameters(), lr=word_config.rate)
    torch.manual_seed(config.seed)
    counts = np.zeros(len(dataset.words.words), np.float32)
    n_views, n_clips, n_dims = dataset.views.shape
    for step in range(word_config.n_steps):
        rng = np.random.default_rng([config.seed, 888, step])
        for group in optimiser.param_groups:
            group["lr"] = word_config.rate * 0.5 * (1.0 + np.cos(np.pi * step / word_config.n_steps))
        drawn = rng.choice(n_clips, size=word_config.n_sounds, p=dataset.weights)
        vectors = torch.from_numpy(dataset.views[rng.integers(n_views, size=len(drawn)), drawn])
        vectors = functional.normalize(vectors + torch.randn_like(vectors) * word_config.noise / n_dims**0.5, dim=1)
        label_texts = numbers(sample_label_texts(dataset.words, config, rng), dataset.words.number_of)
        texts, fits = sample_clip_texts([dataset.clip_words[i] for i in drawn], dataset.words, config, rng)
        clip_texts = numbers(texts, dataset.words.number_of)
        for given in (label_texts, clip_texts):
            np.add.at(counts, given[given >= 0].numpy(), 1.0)
        of_words = table.vectors(own_dropout=word_config.own_dropout)
        to_labels = word_config.text_scale * vectors @ table.texts(label_texts, of_words).T
        to_texts = word_config.text_scale * vectors @ table.texts(clip_texts, of_words).T
        loss = _label_loss(to_labels, torch.from_numpy(dataset.labels[drawn])) + contrast(to_texts, fits)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return counts


def _label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of finding the label of a sound, and the sounds of a label."""
    targets = functional.one_hot(labels, logits.shape[1]).float()
    is_there = targets.sum(dim=0) > 0
    back = soft_cross_entropy(logits.T[is_there], (targets / targets.sum(dim=0).clamp_min(1.0)).T[is_there])
    return soft_cross_entropy(logits, targets, smoothing=0.1) + 0.5 * back


@torch.no_grad()
def finished(table: WordTable, words: Vocabulary, counts: Floats) -> tuple[Floats, Floats]:
    """Return vectors and weights of all words; words that were not learned get the mean of their synonyms.

    Returns
    -------
    ndarray, shape (n_words, n_dims), float32
    ndarray, shape (n_words,), float32
    """
    vectors = table.vectors().cpu().numpy().copy()
    weights = table.weights().cpu().numpy().copy()
    is_known = counts >= ENOUGH
    lengths = np.linalg.norm(vectors, axis=1)
    typical_length, typical_weight = float(np.median(lengths[is_known])), float(np.median(weights[is_known]))
    own = {number: vectors[number] / lengths[number] for number in np.flatnonzero(is_known)}
    for number, word in enumerate(words.words):
        if is_known[number]:
            continue
        weights[number] = typical_weight
        known = words.synonyms.get(word)
        near = [(text, 1.0) for text in known.same] + [(text, 0.5) for text in known.related] if known else []
        total = np.zeros(vectors.shape[1], np.float32)
        for text, share in near:
            parts = [words.number_of.get(part, -1) for part in text.split()]
            if all(part in own for part in parts):
                mean = np.mean([own[part] for part in parts], axis=0)
                total += share * mean / max(float(np.linalg.norm(mean)), 1e-6)
        length = float(np.linalg.norm(total))
        vectors[number] *= typical_length / max(float(lengths[number]), 1e-6)
        if length > 1e-6:
            vectors[number] = total * (typical_length / length)
    return vectors, weights


def write_words(
    path: Path, words: Vocabulary, vectors: Floats, weights: Floats, grams: Floats, *, temperature: float
) -> None:
    """Write the table that the program reads; it may suggest the labels as words for sounds."""
    labels = [" ".join(label) for label in words.label_words if label and label != ("other",)]
    np.savez(
        path,
        words=_lines(words.words),
        vectors=vectors.astype(np.float16),
        weights=weights.astype(np.float16),
        grams=grams.astype(np.float16),
        labels=_lines(labels),
        temperature=np.float32(temperature),
    )


def _lines(texts: tuple[str, ...] | list[str]) -> np.ndarray:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)
