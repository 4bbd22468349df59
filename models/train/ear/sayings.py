"""What is said of labels and clips in training: their words, some of them, or others that mean the same."""

import numpy as np
import torch
from plan import Plan
from torch import Tensor
from words import Vocabulary, reworded


def said_labels(words: Vocabulary, plan: Plan, rng: np.random.Generator) -> list[list[str]]:
    """One text a label: its words, or others that mean the same."""
    return [reworded(one, words.stands, rng, share=plan.reworded_share, wider_share=0.1) for one in words.label_words]


def said_clips(
    of_clips: list[tuple[str, ...]], words: Vocabulary, plan: Plan, rng: np.random.Generator
) -> tuple[list[list[str]], Tensor]:
    """One text a clip, some of its words; and which clips each text fits, shape (n, n)."""
    kept = []
    for own in of_clips:
        n = min(len(own), int(rng.integers(1, 4)))
        kept.append(tuple(own[i] for i in sorted(rng.permutation(len(own))[:n])))
    texts = [reworded(one, words.stands, rng, share=plan.reworded_share, wider_share=0.1) for one in kept]
    sets = [frozenset(own) for own in of_clips]
    fits = np.array([[text <= own for text in map(frozenset, kept)] for own in sets], np.float32)
    return texts, torch.from_numpy(fits)
