"""The words of the sound at hand: suggested, given, denied, and asked for only while somebody sees them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bowerbird.base.text import count_text
from bowerbird.gui.browse.browsing_presenter import Queries
from bowerbird.library.annotations.words import SuggestedWord
from bowerbird.library.search.browsing import Browsing


@dataclass(frozen=True, slots=True)
class WordChip:
    """A word as it is shown.

    Attributes
    ----------
    word : str
    share : str
        How much it is believed: "62 %"; "" for a word that somebody gave.
    is_given : bool
    meaning : str
        What its press does, for tool tips and screen readers.
    denial : str
        What its cross does.
    """

    word: str
    share: str
    is_given: bool
    meaning: str
    denial: str


class WordsView(Protocol):
    """What the presenter asks of the window."""

    def show_words(self, chips: Sequence[WordChip] | None, *, has_sound: bool) -> None:
        """Show the words of a sound; None while they are not known yet."""

    def complain(self, sentence: str) -> None:
        """Show what went wrong."""


class WordsPresenter:
    """Asks for the words of the sound at hand, and keeps what people say of them.

    Parameters
    ----------
    view : WordsView
    asked : (Queries, Browsing)
        A thread and what it alone uses.
    selected : callable
        Returns the ids of the selected sounds: a new word is for all of them.
    search : callable
        Puts words into the search box.
    changed : callable
        Told that sounds can be found by other words now.
    """

    def __init__(
        self,
        view: WordsView,
        asked: tuple[Queries, Browsing],
        *,
        selected: Callable[[], Sequence[int]],
        search: Callable[[str], object],
        changed: Callable[[], object],
    ) -> None:
        self._view = view
        self._queries, self._browsing = asked
        self._selected = selected
        self._search = search
        self._changed = changed
        self._sound_id: int | None = None
        self._is_seen = False
        self._is_passing = False
        self._is_known = False
        self._latest = 0
        self._n_kept = 0
        self._complaint = ""

    def moved(self, sound_id: int | None, *, is_passing: bool) -> None:
        """Take up a sound; one in passing is not asked about."""
        self._sound_id, self._is_passing = sound_id, is_passing
        self._ask()

    def see(self, *, is_seen: bool) -> None:
        """Take note that words can be seen from now on, or no longer."""
        if is_seen != self._is_seen:
            self._is_seen = is_seen
            self._ask()

    def refresh(self) -> None:
        """Ask again: the library changed, or what it is searched by. What is shown stays until then."""
        if self._is_seen and not self._is_passing and self._sound_id is not None:
            self._query()

    def search(self, chip: WordChip) -> None:
        """Search for a word."""
        self._search(chip.word)

    def give(self, word: str) -> None:
        """Keep that the selected sounds are called so."""
        sound_ids = self._chosen()
        if not sound_ids:
            self._view.complain("Choose a sound, then say what it may be called.")
        elif word.strip():
            self._keep(lambda: self._browsing.give(sound_ids, word))

    def deny(self, chip: WordChip) -> None:
        """Keep that the sound at hand is not called so; a word that was given is taken back from all selected."""
        if not self._is_known or self._sound_id is None:  # these are the words of another sound
            return
        sound_id, word, browsing = self._sound_id, chip.word, self._browsing
        if chip.is_given:
            sound_ids = [sound_id, *(one for one in self._chosen() if one != sound_id)]
            self._keep(lambda: browsing.withdraw(sound_ids, word))
        else:
            self._keep(lambda: browsing.deny([sound_id], word))

    def invitation(self) -> str:
        """Say for which sounds a new word would be."""
        n = len(self._chosen())
        return f"Add a word to {count_text(n)}" if n > 1 else "Add a word"

    def _chosen(self) -> Sequence[int]:
        selected = self._selected()
        if len(selected):
            return selected
        return [] if self._sound_id is None else [self._sound_id]

    def _keep(self, work: Callable[[], None]) -> None:
        # A name of its own: of two corrections under one name, the first might be dropped.
        self._n_kept += 1
        self._queries.run(f"word {self._n_kept}", work, done=lambda _: self._kept(), failed=self._view.complain)

    def _kept(self) -> None:
        self.refresh()
        self._changed()

    def _ask(self) -> None:
        """Take away what is shown, and ask where somebody waits for the answer."""
        self._latest += 1
        self._is_known = False
        has_sound = self._sound_id is not None
        self._view.show_words(None if has_sound else (), has_sound=has_sound)
        if self._is_seen and has_sound and not self._is_passing:
            self._query()

    def _query(self) -> None:
        self._latest = number = self._latest + 1
        sound_id, browsing = self._sound_id, self._browsing
        assert sound_id is not None
        self._queries.run(
            "words",
            lambda: browsing.words(sound_id),
            done=lambda words: self._answered(number, words),
            failed=lambda sentence: self._failed(number, sentence),
        )

    def _answered(self, number: int, words: Sequence[SuggestedWord]) -> None:
        if number == self._latest:
            self._is_known = True
            self._complaint = ""
            self._view.show_words([chip_of(word) for word in words], has_sound=True)

    def _failed(self, number: int, sentence: str) -> None:
        if number != self._latest:
            return
        self._view.show_words((), has_sound=True)
        if sentence != self._complaint:  # said once, not for every sound
            self._complaint = sentence
            self._view.complain(sentence)


def chip_of(word: SuggestedWord) -> WordChip:
    """Word a suggestion."""
    if word.is_given:
        return WordChip(word.word, "", True, f"“{word.word}”, a word of yours. Search for it", f"Not this: {word.word}")
    share = f"{100 * word.confidence:.0f} %"
    meaning = f"“{word.word}”, suggested with {share}. Search for it"
    return WordChip(word.word, share, False, meaning, f"Not this: {word.word}")
