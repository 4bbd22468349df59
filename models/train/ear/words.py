"""Words in training: the vocabulary, the synonyms of each word, and the table of vectors that is learned.

The tokenizer, the thesaurus reader and the hash of letter sequences are the program's own, so that what is trained is
what is looked up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bowerbird.encoders.ear.thesaurus import Group
from bowerbird.encoders.ear.words import gram_buckets
from ear.data import Clip, clip_words

N_BUCKETS: Final = 4096
"""Buckets of hashed letter sequences."""


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Phrases that may replace a word: of the same meaning, and of a related or broader one."""

    same: tuple[str, ...] = ()
    related: tuple[str, ...] = ()


def phrase(text: str) -> str:
    """Return the learned words of a text, separated by single spaces."""
    return " ".join(clip_words(text))


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Every word that is learned, and the words of labels and clips.

    Attributes
    ----------
    words : tuple of str
        Sorted.
    number_of : dict of str to int
    labels : tuple of str
        Sorted.
    label_words : tuple of tuple of str
        The words of each label.
    synonyms : dict of str to Synonyms
        By word or phrase.
    """

    words: tuple[str, ...]
    number_of: dict[str, int]
    labels: tuple[str, ...]
    label_words: tuple[tuple[str, ...], ...]
    synonyms: dict[str, Synonyms]


def vocabulary(clips: list[Clip], groups: Sequence[Group]) -> Vocabulary:
    """Collect the words of clips, labels and the thesaurus."""
    labels = tuple(sorted({clip.label for clip in clips}))
    found = {word for clip in clips for word in clip.words}
    found |= {word for label in labels for word in clip_words(label)}
    same: dict[str, list[str]] = {}
    related: dict[str, list[str]] = {}
    for group in groups:
        members = _phrases([group.name, *group.words, *group.german])
        others = _phrases([*group.related, *group.parents])
        for member in members:
            same.setdefault(member, []).extend(other for other in members if other != member)
            related.setdefault(member, []).extend(others)
        found |= {word for member in (*members, *others) for word in member.split()}
    words = tuple(sorted(found))
    return Vocabulary(
        words=words,
        number_of={word: number for number, word in enumerate(words)},
        labels=labels,
        label_words=tuple(clip_words(label) for label in labels),
        synonyms={
            word: Synonyms(tuple(dict.fromkeys(same[word])), tuple(dict.fromkeys(related[word]))) for word in same
        },
    )


def _phrases(texts: Sequence[str]) -> list[str]:
    return [text for text in dict.fromkeys(phrase(text) for text in texts) if text]


def reworded(
    words: tuple[str, ...],
    synonyms: dict[str, Synonyms],
    rng: np.random.Generator,
    *,
    share: float,
    related_share: float,
) -> list[str]:
    """Replace words by synonyms: the whole phrase where the thesaurus has it, else word by word."""
    whole = " ".join(words)
    if len(words) > 1 and whole in synonyms and rng.uniform() < share:
        return _synonym(whole, synonyms, rng, related_share=related_share).split()
    text: list[str] = []
    for word in words:
        if word in synonyms and rng.uniform() < share:
            text.extend(_synonym(word, synonyms, rng, related_share=related_share).split())
        else:
            text.append(word)
    return text


def _synonym(word: str, synonyms: dict[str, Synonyms], rng: np.random.Generator, *, related_share: float) -> str:
    known = synonyms[word]
    pool = known.related if known.related and (rng.uniform() < related_share or not known.same) else known.same
    return str(pool[rng.integers(len(pool))]) if pool else word


def numbers(texts: list[list[str]], number_of: dict[str, int]) -> Tensor:
    """Return the word numbers of texts, shape (n, longest); -1 after the end of a text."""
    longest = max([1, *(len(text) for text in texts)])
    table = np.full((len(texts), longest), -1, np.int64)
    for row, text in enumerate(texts):
        known = [number_of[word] for word in text if word in number_of]
        table[row, : len(known)] = known
    return torch.from_numpy(table)


class WordTable(nn.Module):
    """Vectors of words: a vector of each word, plus the mean of its letter sequences' vectors.

    Parameters
    ----------
    words : tuple of str
    n_dims : int
    """

    def __init__(self, words: tuple[str, ...], n_dims: int, n_buckets: int = N_BUCKETS) -> None:
        super().__init__()
        lists = [gram_buckets(word, n_buckets) for word in words]
        self.register_buffer("flat", torch.tensor([bucket for grams in lists for bucket in grams]))
        self.register_buffer("offsets", torch.tensor(np.concatenate([[0], np.cumsum([len(g) for g in lists])[:-1]])))
        self.own = nn.Parameter(0.1 * torch.randn(len(words), n_dims))
        self.grams = nn.Parameter(0.1 * torch.randn(n_buckets, n_dims))
        self.weight = nn.Parameter(torch.full((len(words),), 0.54))

    def vectors(self, *, own_dropout: float = 0.0) -> Tensor:
        """Return the vectors of all words, shape (n_words, n_dims).

        With `own_dropout`, some words are represented by their letter sequences alone.
        """
        grams = functional.embedding_bag(self.flat, self.grams, self.offsets, mode="mean")
        own = self.own
        if own_dropout:
            own = own * (torch.rand(len(own), 1, device=own.device) >= own_dropout)
        return own + grams

    def weights(self) -> Tensor:
        """Return the weight of each word in a text, positive, shape (n_words,)."""
        return functional.softplus(self.weight)

    def texts(self, table: Tensor, vectors: Tensor) -> Tensor:
        """Encode texts, shape (n, longest) of word numbers to (n, n_dims), rows of unit length."""
        is_word = (table >= 0).to(vectors.dtype)
        rows = table.clamp_min(0)
        bags = (vectors[rows] * (self.weights()[rows] * is_word)[..., None]).sum(dim=1)
        return functional.normalize(bags, dim=1)
