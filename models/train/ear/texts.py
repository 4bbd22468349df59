"""The texts of labels and clips that are sampled in training: some of their words, or synonyms of them."""

import numpy as np
import torch
from torch import Tensor

from ear.config import Config
from ear.words import Vocabulary, reworded


def sample_label_texts(words: Vocabulary, config: Config, rng: np.random.Generator) -> list[list[str]]:
    """Return a text for each label: its words, or synonyms of them."""
    return [_reworded(label, words, config, rng) for label in words.label_words]


def sample_clip_texts(
    of_clips: list[tuple[str, ...]], words: Vocabulary, config: Config, rng: np.random.Generator
) -> tuple[list[list[str]], Tensor]:
    """Return a text for each clip, some of its words, and which clips each text fits, shape (n, n)."""
    kept = []
    for own in of_clips:
        n = min(len(own), int(rng.integers(1, 4)))
        kept.append(tuple(own[i] for i in sorted(rng.permutation(len(own))[:n])))
    texts = [_reworded(text, words, config, rng) for text in kept]
    sets = [frozenset(own) for own in of_clips]
    fits = np.array([[text <= own for text in map(frozenset, kept)] for own in sets], np.float32)
    return texts, torch.from_numpy(fits)


def _reworded(text: tuple[str, ...], words: Vocabulary, config: Config, rng: np.random.Generator) -> list[str]:
    return reworded(text, words.synonyms, rng, share=config.reworded_share, related_share=0.1)
