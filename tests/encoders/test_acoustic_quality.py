"""The acoustic encoder finds like with like on labelled recordings that no constant was fitted on."""

from pathlib import Path

import numpy as np
import pytest

from bowerbird.audio.decode import read_clip
from bowerbird.benchmark.labels import read_labels
from bowerbird.benchmark.retrieval import evaluate
from bowerbird.encoders.acoustic.encoder import AcousticEncoder

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "audio"
STRONG_SETS = {"esc10", "fsdd", "philharmonia"}


def vector_of(path, encoder):
    """The re-normalised mean over windows of 10 s, the last kept when it has a second."""
    samples = read_clip(path, rate_hz=encoder.rate_hz).samples
    length = int(encoder.window_s * encoder.rate_hz)
    starts = range(0, len(samples), length)
    windows = [samples[start : start + length] for start in starts]
    if len(windows) > 1 and len(windows[-1]) < encoder.rate_hz:
        windows.pop()
    mean = encoder.encode(windows).mean(axis=0)
    return mean / np.linalg.norm(mean)


@pytest.fixture(scope="module")
def labelled_vectors():
    if not (RECORDINGS / "labels.csv").is_file():
        pytest.skip(f"the labelled recordings are not beside the repository: {RECORDINGS}")
    encoder = AcousticEncoder()
    labelled = read_labels(RECORDINGS / "labels.csv")
    labelled = labelled.only(labelled.positions())
    return labelled, np.stack([vector_of(RECORDINGS / path, encoder) for path in labelled.paths])


def test_all_classes_are_found_at_least_as_well_as_by_the_field_s_descriptors(labelled_vectors):
    labelled, vectors = labelled_vectors
    figures = evaluate(vectors, labelled.labels, labelled.groups)
    assert len(figures.classes) == 84
    assert figures.macro.map_15 >= 0.20


def test_the_strongly_labelled_classes_are_found_more_often_than_not(labelled_vectors):
    labelled, vectors = labelled_vectors
    strong = labelled.positions(origins=STRONG_SETS)
    chosen = labelled.only(strong)
    figures = evaluate(vectors[strong], chosen.labels, chosen.groups)
    assert len(figures.classes) == 26
    assert figures.macro.map_15 >= 0.55
