"""A query is parsed once: by the command, or by the window's presenter, and by nothing below them."""

from collections import Counter
from types import SimpleNamespace

import pytest

from bowerbird.__main__ import main
from bowerbird.domain import query as parsing
from bowerbird.domain.query import Example
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.gui.browse.browsing_presenter import BrowsingPresenter
from bowerbird.jobs.control import Control
from bowerbird.library.demo import demo_folder
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing
from encoding_stage import Here


@pytest.fixture
def library(tmp_path, monkeypatch):
    library = Library.open(tmp_path / "library")
    Here(monkeypatch)
    drums = demo_folder() / "Drums" / "Kick"
    index_folders(library, [drums], encoder=encoder_named(DEFAULT_ENCODER), control=Control(), post=lambda _: None)
    return library


@pytest.fixture
def parsed(monkeypatch):
    """How often texts were split into terms, and terms into words."""
    counts = Counter()
    tokens, words_of = parsing._TOKENS, parsing.words_of

    def find(text):
        counts[text] += 1
        return tokens.findall(text)

    def split(text):
        counts[text] += 1
        return words_of(text)

    monkeypatch.setattr(parsing, "_TOKENS", SimpleNamespace(findall=find))
    monkeypatch.setattr(parsing, "words_of", split)
    return counts


def test_a_search_on_the_command_line_parses_its_text_once(library, parsed, capsys):
    assert main(["search", "deep kick -hat duration<5", "--library", str(library.folder)]) == 0
    assert "Kick" in capsys.readouterr().out
    assert parsed == {"deep kick -hat duration<5": 1, "deep": 1, "kick": 1, "-hat": 1}


@pytest.mark.parametrize("has_example", [False, True])
def test_a_search_in_the_window_parses_its_text_once(library, parsed, has_example):
    queries = SimpleNamespace(run=lambda name, work, *, done, failed: done(work()))
    shown = []
    view = SimpleNamespace(
        show_list=shown.append,
        show_search_placeholder=lambda *, has_text_encoder: None,
        set_search_text=lambda _: None,
        show_location=lambda _: None,
        show_history=lambda *, can_go_back, can_go_forward: None,
        list_position=lambda: None,
    )
    browsing = Browsing(library, encoder_named(DEFAULT_ENCODER))
    presenter = BrowsingPresenter(view, lists=(queries, browsing), similar=(queries, browsing))
    try:
        presenter.set_text_encoder(is_available=browsing.warm_up())
        if has_example:
            presenter.find_similar([Example(sorted((demo_folder() / "Drums" / "Kick").iterdir())[0])])
        parsed.clear()
        presenter.text_changed("deep kick")
        presenter.order_chosen("duration", is_descending=True)
        presenter.set_text_encoder(is_available=False)
    finally:
        browsing.close()
    assert len(shown) == 3 + has_example
    assert parsed == {"deep kick": 1, "deep": 1, "kick": 1}
