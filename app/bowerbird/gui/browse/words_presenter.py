"""Words of the current sound: suggested, given, denied. They are looked up only while they are visible."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bowerbird.base.text import count_text
from bowerbird.gui.browse.edits_presenter import EditsPresenter
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.library.annotations.annotate import add_tag, deny_word, remove_tag
from bowerbird.library.annotations.words import SuggestedWord
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing


@dataclass(frozen=True, slots=True)
class WordState:
    """A word as it is shown.

    Attributes
    ----------
    word : str
    share : str
        The confidence, such as "62 %"; "" for a word that somebody gave.
    is_given : bool
    meaning : str
        What clicking it does, for tool tips and screen readers.
    denial : str
        What its remove button does.
    """

    word: str
    share: str
    is_given: bool
    meaning: str
    denial: str


class WordsView(Protocol):
    """What the presenter needs of the window."""

    def show_words(self, chips: Sequence[WordState] | None, *, has_sound: bool) -> None:
        """Show the words of a sound; None while they are not known yet."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


class WordsPresenter:
    """Looks up the words of the current sound, and records corrections.

    Parameters
    ----------
    view : WordsView
    similar : (Queries, Browsing)
        A thread, and the browsing that only this thread uses.
    library : Library
    edits : EditsPresenter
    selected : callable
        Returns the ids of the selected sounds; a new word is given to all of them.
    search : callable
        Puts a text into the search box.
    has_suggestions : bool
        Whether suggested words are shown beside tags.
    """

    def __init__(
        self,
        view: WordsView,
        similar: tuple[Queries, Browsing],
        library: Library,
        edits: EditsPresenter,
        *,
        selected: Callable[[], Sequence[int]],
        search: Callable[[str], object],
        has_suggestions: bool = True,
    ) -> None:
        self._view = view
        self._queries, self._browsing = similar
        self._selected = selected
        self._search = search
        self._has_suggestions = has_suggestions
        self._library = library
        self._edits = edits
        self._sound_id: int | None = None
        self._is_visible = False
        self._is_passing = False
        self._is_known = False
        self._latest = 0
        self._complaint = ""

    def moved(self, sound_id: int | None, *, is_passing: bool) -> None:
        """Make a sound the current one; its words are not looked up while a key repeats."""
        self._sound_id, self._is_passing = sound_id, is_passing
        self._ask()

    def set_visible(self, *, is_visible: bool) -> None:
        """Take note that words are visible from now on, or no longer."""
        if is_visible != self._is_visible:
            self._is_visible = is_visible
            self._ask()

    def set_suggestions(self, *, are_shown: bool) -> None:
        """Show suggested words beside tags, or only tags."""
        self._has_suggestions = are_shown
        self.refresh()

    def refresh(self) -> None:
        """Look up the words again; the current words stay until then."""
        if self._is_visible and not self._is_passing and self._sound_id is not None:
            self._query()

    def search(self, chip: WordState) -> None:
        """Search for a word."""
        self._search(chip.word)

    def give(self, word: str) -> None:
        """Add a tag, or several between commas, to the selected sounds."""
        sound_ids = self._chosen()
        if not sound_ids:
            self._view.complain(translate("Words", "Select a sound first, then add a word."))
        elif word.strip():
            for tag in word.split(","):
                if tag.strip():
                    self._edits.make(partial(add_tag, self._library, sound_ids, tag))

    def deny(self, chip: WordState) -> None:
        """Deny a word for the current sound; a word that somebody gave is withdrawn from all selected sounds."""
        if not self._is_known or self._sound_id is None:  # these are the words of another sound
            return
        sound_id, word = self._sound_id, chip.word
        if chip.is_given:
            sound_ids = list(dict.fromkeys([sound_id, *self._chosen()]))
            self._edits.make(lambda: remove_tag(self._library, sound_ids, word))
        else:
            self._edits.make(lambda: deny_word(self._library, [sound_id], word))

    def placeholder(self) -> str:
        """Return the placeholder of the field for a new word: it says for how many sounds the word is."""
        n = len(self._chosen())
        if n > 1:
            return translate("Words", "Add a word to {sounds}").format(sounds=count_text(n))
        return translate("Words", "Add a word")

    def _chosen(self) -> Sequence[int]:
        selected = self._selected()
        if len(selected):
            return selected
        return [] if self._sound_id is None else [self._sound_id]

    def _ask(self) -> None:
        """Clear what is shown, and look up words where they are visible."""
        self._latest += 1
        self._is_known = False
        has_sound = self._sound_id is not None
        self._view.show_words(None if has_sound else (), has_sound=has_sound)
        if self._is_visible and has_sound and not self._is_passing:
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
            shown = [word for word in words if word.is_given or self._has_suggestions]
            self._view.show_words([word_state(word) for word in shown], has_sound=True)

    def _failed(self, number: int, sentence: str) -> None:
        if number != self._latest:
            return
        self._view.show_words((), has_sound=True)
        if sentence != self._complaint:  # shown once, not for every sound
            self._complaint = sentence
            self._view.complain(sentence)


def word_state(word: SuggestedWord) -> WordState:
    """Return how a word is shown."""
    denial = translate("Words", "Remove “{word}”").format(word=word.word)
    if word.is_given:
        meaning = translate("Words", "“{word}”, added by you. Click to search for it").format(word=word.word)
        return WordState(word.word, "", True, meaning, denial)
    share = f"{100 * word.confidence:.0f} %"
    meaning = translate("Words", "“{word}”, suggested with {share} confidence. Click to search for it")
    return WordState(word.word, share, False, meaning.format(word=word.word, share=share), denial)
