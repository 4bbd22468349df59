"""How presenters ask for what takes time."""

from collections.abc import Callable
from typing import Any, Protocol


class Queries(Protocol):
    """Runs queries in another thread; results come back in the window's thread."""

    def run(
        self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Run a query; one of the same name that still waits is dropped."""
