"""The word side in training: which words there are, what may stand for what, and a table of their vectors."""

import tomllib
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from data import Clip, spoken
from torch import Tensor, nn
from torch.nn import functional

N_BUCKETS: Final = 4096
"""Of hashed character sequences."""

GRAM_LENGTHS: Final = (3, 4, 5)


@dataclass(slots=True)
class Group:
    """Words that mean one thing, as the thesaurus has them; each is a phrase of one word or more."""

    name: str
    words: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stand:
    """What may be said instead of a word: phrases, and how near in meaning they are."""

    same: tuple[str, ...] = ()
    wider: tuple[str, ...] = ()


def read_groups(path: Path) -> list[Group]:
    """Read a thesaurus; none gives none."""
    if not path.is_file():
        return []
    tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    groups = []
    for table in tables.get("group", []):
        said = [table["name"], *table.get("words", []), *table.get("german", [])]
        groups.append(
            Group(
                name=phrase(table["name"]),
                words=list(dict.fromkeys(phrase(one) for one in said if phrase(one))),
                related=[phrase(one) for one in table.get("related", []) if phrase(one)],
                parents=[phrase(one) for one in table.get("parents", []) if phrase(one)],
            )
        )
    return groups


def phrase(text: str) -> str:
    """Words of a text, one space between."""
    return " ".join(spoken(text))


def grams_of(word: str, n_buckets: int = N_BUCKETS) -> list[int]:
    """Buckets of the sequences of 3 to 5 letters in ``^word$``."""
    marked = f"^{word}$"
    found = [marked[i : i + n] for n in GRAM_LENGTHS for i in range(len(marked) - n + 1)]
    return [zlib.crc32(one.encode()) % n_buckets for one in found]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """All words there are, and those of labels and clips.

    Attributes
    ----------
    words : tuple of str
        Sorted.
    number_of : dict of str to int
    labels : tuple of str
        Sorted.
    label_words : tuple of tuple of str
        Of every label.
    stands : dict of str to Stand
        By word or phrase.
    """

    words: tuple[str, ...]
    number_of: dict[str, int]
    labels: tuple[str, ...]
    label_words: tuple[tuple[str, ...], ...]
    stands: dict[str, Stand]


def vocabulary(clips: list[Clip], groups: list[Group]) -> Vocabulary:
    """Collect words from clips, labels and the thesaurus."""
    labels = tuple(sorted({clip.label for clip in clips}))
    said = {word for clip in clips for word in clip.words}
    said |= {word for label in labels for word in spoken(label)}
    same: dict[str, list[str]] = {}
    wider: dict[str, list[str]] = {}
    for group in groups:
        for one in group.words:
            same.setdefault(one, []).extend(other for other in group.words if other != one)
            wider.setdefault(one, []).extend([*group.related, *group.parents])
        said |= {word for one in (*group.words, *group.related, *group.parents) for word in one.split()}
    words = tuple(sorted(said))
    return Vocabulary(
        words=words,
        number_of={word: number for number, word in enumerate(words)},
        labels=labels,
        label_words=tuple(spoken(label) for label in labels),
        stands={one: Stand(tuple(dict.fromkeys(same[one])), tuple(dict.fromkeys(wider[one]))) for one in same},
    )


def reworded(
    words: tuple[str, ...], stands: dict[str, Stand], rng: np.random.Generator, *, share: float, wider_share: float
) -> list[str]:
    """Say the same in other words: a whole phrase where the thesaurus knows it, else word by word."""
    whole = " ".join(words)
    if len(words) > 1 and whole in stands and rng.uniform() < share:
        return _instead(whole, stands, rng, wider_share=wider_share).split()
    said: list[str] = []
    for word in words:
        if word in stands and rng.uniform() < share:
            said.extend(_instead(word, stands, rng, wider_share=wider_share).split())
        else:
            said.append(word)
    return said


def _instead(one: str, stands: dict[str, Stand], rng: np.random.Generator, *, wider_share: float) -> str:
    stand = stands[one]
    pool = stand.wider if stand.wider and (rng.uniform() < wider_share or not stand.same) else stand.same
    return str(pool[rng.integers(len(pool))]) if pool else one


def numbers(texts: list[list[str]], number_of: dict[str, int]) -> Tensor:
    """Word numbers of texts, shape (n, longest); -1 where a text has ended."""
    longest = max([1, *(len(text) for text in texts)])
    table = np.full((len(texts), longest), -1, np.int64)
    for row, text in enumerate(texts):
        known = [number_of[word] for word in text if word in number_of]
        table[row, : len(known)] = known
    return torch.from_numpy(table)


class WordTable(nn.Module):
    """Vectors of words: each its own, and the mean of its character sequences.

    Parameters
    ----------
    words : tuple of str
    n_dims : int
    """

    def __init__(self, words: tuple[str, ...], n_dims: int, n_buckets: int = N_BUCKETS) -> None:
        super().__init__()
        lists = [grams_of(word, n_buckets) for word in words]
        self.register_buffer("flat", torch.tensor([one for grams in lists for one in grams]))
        self.register_buffer("offsets", torch.tensor(np.concatenate([[0], np.cumsum([len(g) for g in lists])[:-1]])))
        self.own = nn.Parameter(0.1 * torch.randn(len(words), n_dims))
        self.grams = nn.Parameter(0.1 * torch.randn(n_buckets, n_dims))
        self.weight = nn.Parameter(torch.full((len(words),), 0.54))

    def vectors(self, *, own_dropout: float = 0.0) -> Tensor:
        """Vectors of all words, shape (n_words, n_dims); some may be left to their character sequences."""
        grams = functional.embedding_bag(self.flat, self.grams, self.offsets, mode="mean")
        own = self.own
        if own_dropout:
            own = own * (torch.rand(len(own), 1, device=own.device) >= own_dropout)
        return own + grams

    def weights(self) -> Tensor:
        """How much each word counts in a text, positive, shape (n_words,)."""
        return functional.softplus(self.weight)

    def texts(self, table: Tensor, vectors: Tensor) -> Tensor:
        """Encode texts, shape (n, longest) of word numbers to (n, n_dims), rows of unit length."""
        is_said = (table >= 0).to(vectors.dtype)
        places = table.clamp_min(0)
        bags = (vectors[places] * (self.weights()[places] * is_said)[..., None]).sum(dim=1)
        return functional.normalize(bags, dim=1)
