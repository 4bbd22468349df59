"""Teach the table of words what the trained ear hears; the audio network stays as it is.

Words that nobody wrote of a clip are learned where the thesaurus says that they stand for one that was written. Those
that remain lie among the words that the thesaurus puts beside them.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from augment import batch
from data import Floats, Index, drawing_weights
from losses import contrast, soft_cross_entropy
from network import Ear
from plan import Material, Plan
from sayings import said_clips, said_labels
from scoring import embedded
from torch import Tensor
from torch.nn import functional
from words import Vocabulary, WordTable, numbers

VIEW_STEPS: Final = (64, 128, 192, 128)
"""Lengths at which each clip is heard anew, changed."""

ENOUGH: Final = 3.0
"""A word that was said so often has been learned."""


@dataclass(frozen=True, slots=True)
class WordPlan:
    """How words are learned."""

    n_steps: int = 800
    n_sounds: int = 512
    rate: float = 5e-3
    own_dropout: float = 0.2
    text_scale: float = 14.0
    noise: float = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What words are learned from.

    Attributes
    ----------
    words : Vocabulary
    views : ndarray, shape (n_views, n_clips, n_dims), float32
        What the ear says of every clip, whole and changed.
    labels : ndarray, shape (n_clips,), int64
    said : tuple of tuple of str
        The words of every clip.
    weights : ndarray, shape (n_clips,)
        How often each is drawn.
    """

    words: Vocabulary
    views: Floats
    labels: Index
    said: tuple[tuple[str, ...], ...]
    weights: Floats


@torch.no_grad()
def lessons_of(ear: Ear, material: Material, words: Vocabulary, plan: Plan) -> Lessons:
    """Hear every clip that was trained on, whole, then changed in several ways."""
    chosen = material.trained_on
    clips = [material.clips[i] for i in chosen]
    views = [embedded(ear, material.heard, material.acoustic, chosen)]
    strength = replace(plan.strength, mix_share=0.0)
    device = next(ear.parameters()).device
    ear.eval()
    for number, n_steps in enumerate(VIEW_STEPS):
        rng = np.random.default_rng([plan.seed, 777, number])
        parts = []
        for start in range(0, len(chosen), 96):
            own = chosen[start : start + 96]
            made = batch(material.heard, own, n_steps=n_steps, strength=strength, rng=rng, device=device)
            given = torch.from_numpy(material.acoustic[own]).to(device)
            parts.append(ear(made.mel.to(memory_format=torch.channels_last), given).cpu().numpy())
        views.append(np.concatenate(parts))
    return Lessons(
        words=words,
        views=np.stack(views),
        labels=material.label_numbers[chosen],
        said=tuple(clip.words for clip in clips),
        weights=drawing_weights(clips),
    )


def fit_words(table: WordTable, lessons: Lessons, plan: Plan, how: WordPlan) -> Floats:
    """Learn the table in place; give how often each word was said, shape (n_words,)."""
    optimiser = torch.optim.Adam(table.parameters(), lr=how.rate)
    torch.manual_seed(plan.seed)
    said = np.zeros(len(lessons.words.words), np.float32)
    n_views, n_clips, n_dims = lessons.views.shape
    for step in range(how.n_steps):
        rng = np.random.default_rng([plan.seed, 888, step])
        for group in optimiser.param_groups:
            group["lr"] = how.rate * 0.5 * (1.0 + np.cos(np.pi * step / how.n_steps))
        drawn = rng.choice(n_clips, size=how.n_sounds, p=lessons.weights)
        vectors = torch.from_numpy(lessons.views[rng.integers(n_views, size=len(drawn)), drawn])
        vectors = functional.normalize(vectors + torch.randn_like(vectors) * how.noise / n_dims**0.5, dim=1)
        label_texts = numbers(said_labels(lessons.words, plan, rng), lessons.words.number_of)
        texts, fits = said_clips([lessons.said[i] for i in drawn], lessons.words, plan, rng)
        clip_texts = numbers(texts, lessons.words.number_of)
        for given in (label_texts, clip_texts):
            np.add.at(said, given[given >= 0].numpy(), 1.0)
        of_words = table.vectors(own_dropout=how.own_dropout)
        to_labels = how.text_scale * vectors @ table.texts(label_texts, of_words).T
        to_texts = how.text_scale * vectors @ table.texts(clip_texts, of_words).T
        loss = _label_loss(to_labels, torch.from_numpy(lessons.labels[drawn])) + contrast(to_texts, fits)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return said


def _label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Which label's text fits a sound, and which of the sounds fit a label's text."""
    targets = functional.one_hot(labels, logits.shape[1]).float()
    is_there = targets.sum(dim=0) > 0
    back = soft_cross_entropy(logits.T[is_there], (targets / targets.sum(dim=0).clamp_min(1.0)).T[is_there])
    return soft_cross_entropy(logits, targets, smoothing=0.1) + 0.5 * back


@torch.no_grad()
def finished(table: WordTable, words: Vocabulary, said: Floats) -> tuple[Floats, Floats]:
    """Vectors and weights of all words; those never said lie among those that the thesaurus puts beside them.

    Returns
    -------
    ndarray, shape (n_words, n_dims), float32
    ndarray, shape (n_words,), float32
    """
    vectors = table.vectors().cpu().numpy().copy()
    weights = table.weights().cpu().numpy().copy()
    is_known = said >= ENOUGH
    lengths = np.linalg.norm(vectors, axis=1)
    usual_length, usual_weight = float(np.median(lengths[is_known])), float(np.median(weights[is_known]))
    own = {number: vectors[number] / lengths[number] for number in np.flatnonzero(is_known)}
    for number, word in enumerate(words.words):
        if is_known[number]:
            continue
        weights[number] = usual_weight
        stand = words.stands.get(word)
        near = [(one, 1.0) for one in stand.same] + [(one, 0.5) for one in stand.wider] if stand else []
        total = np.zeros(vectors.shape[1], np.float32)
        for one, share in near:
            parts = [words.number_of.get(part, -1) for part in one.split()]
            if all(part in own for part in parts):
                mean = np.mean([own[part] for part in parts], axis=0)
                total += share * mean / max(float(np.linalg.norm(mean)), 1e-6)
        length = float(np.linalg.norm(total))
        vectors[number] *= usual_length / max(float(lengths[number]), 1e-6)
        if length > 1e-6:
            vectors[number] = total * (usual_length / length)
    return vectors, weights


def write_words(
    path: Path, words: Vocabulary, vectors: Floats, weights: Floats, grams: Floats, *, temperature: float
) -> None:
    """Write what the program reads: a bag of these vectors is a text's; labels are what it may suggest."""
    labels = [" ".join(one) for one in words.label_words if one and one != ("other",)]
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
