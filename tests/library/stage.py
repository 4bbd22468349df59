"""Running the indexing of a library in a test, and encoders without ears."""

from dataclasses import dataclass, field

import numpy as np

from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library


def run(library, *folders, n_workers=2, control=None, post=None):
    """Index; returns the summary and every event."""
    events = []

    def hear(event):
        events.append(event)
        if post is not None:
            post(event)

    summary = index_folders(
        Library.open(library),
        folders,
        encoder=encoder_named(DEFAULT_ENCODER),
        control=control or Control(),
        post=hear,
        n_workers=n_workers,
    )
    return summary, events


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


@dataclass
class DeafEncoder:
    """Stands for an encoder where vectors are already there."""

    id: str = "test-encoder"
    n_dims: int = 4
    rate_hz: int = 32_000
    window_s: float = 10.0
    blocks: dict = field(default_factory=dict)
    text: None = None

    def encode(self, windows):
        return np.tile(np.array([[1, 0, 0, 0]], np.float32), (len(windows), 1))
