"""Retrieval figures on held-out clips: the ear, the acoustic encoder, and both together."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bowerbird.benchmark.retrieval import evaluate
from bowerbird.encoders.ear.encoder import network_input
from ear.data import Features, Floats, Index
from ear.measure import precision
from ear.words import numbers

if TYPE_CHECKING:
    from ear.config import Dataset
    from ear.network import Ear
    from ear.words import WordTable

WEIGHTS = tuple(round(0.1 * step, 1) for step in range(3, 10, 2))
"""Shares of the learned part to evaluate."""


@torch.no_grad()
def embedded(ear: "Ear", features: Features, acoustic: Floats | None, chosen: Index) -> Floats:
    """Embed whole clips, each at its own length as in the program; return shape (n, n_dims)."""
    device = next(ear.parameters()).device
    was_training = ear.training
    ear.eval()
    inputs = [
        network_input(features.mel_db[features.starts[i] : features.starts[i + 1]].astype(np.float32)) for i in chosen
    ]
    lengths = np.array([len(mel) for mel in inputs])
    vectors = np.zeros((len(chosen), ear.shape.n_dims), np.float32)
    for length in np.unique(lengths):
        same = np.flatnonzero(lengths == length)
        for start in range(0, len(same), 64):
            own = same[start : start + 64]
            mel = torch.from_numpy(np.stack([inputs[i] for i in own]))[:, None].to(device)
            given = None if acoustic is None else torch.from_numpy(acoustic[chosen[own]]).to(device)
            vectors[own] = ear(mel.to(memory_format=torch.channels_last), given).cpu().numpy()
    ear.train(was_training)
    return vectors


def scores_of(ear: "Ear", table: "WordTable", dataset: "Dataset", is_scored: Any) -> dict[str, float]:
    """Return the macro MAP@15 by label of held-out clips, and the mAP of label words as queries."""
    chosen = np.flatnonzero(is_scored)
    clips = [dataset.clips[i] for i in chosen]
    labels, groups = [clip.label for clip in clips], [clip.group for clip in clips]
    learned = embedded(ear, dataset.features, dataset.acoustic, chosen)
    acoustic = dataset.acoustic[chosen]
    sources = [clip.source for clip in clips]
    found = {
        "acoustic": evaluate(acoustic, labels, groups).macro.map_15,
        "acoustic across": evaluate(acoustic, labels, sources).macro.map_15,
        "ear": evaluate(learned, labels, groups).macro.map_15,
        "ear across": evaluate(learned, labels, sources).macro.map_15,
    }
    for weight in WEIGHTS:
        both = np.concatenate([np.sqrt(weight) * learned, np.sqrt(1 - weight) * acoustic], axis=1).astype(np.float32)
        found[f"fused_{weight}"] = evaluate(both, labels, groups).macro.map_15
        found[f"fused_{weight} across"] = evaluate(both, labels, sources).macro.map_15
    if ear.shape.n_acoustic:
        alone = embedded(ear, dataset.features, None, chosen)
        found["ear alone"] = evaluate(alone, labels, groups).macro.map_15
        found["ear alone across"] = evaluate(alone, labels, sources).macro.map_15
        found["text alone"] = text_score(table, dataset, alone, labels)
    found["text"] = text_score(table, dataset, learned, labels)
    return found


@torch.no_grad()
def text_score(table: "WordTable", dataset: "Dataset", learned: Floats, labels: list[str]) -> float:
    """Return the mean average precision over labels, with the words of each as the query."""
    words = dataset.words
    device = table.own.device
    texts = table.texts(
        numbers([list(label) for label in words.label_words], words.number_of).to(device), table.vectors()
    )
    scores = texts.cpu().numpy() @ learned.T
    truth = np.array(labels)
    precisions = [
        precision(scores[number], truth == label) for number, label in enumerate(words.labels) if label in labels
    ]
    return float(np.mean(precisions))
