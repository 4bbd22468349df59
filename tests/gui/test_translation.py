"""Texts of presenters pass through the translator, and are literals that are found in the source."""

import ast
from pathlib import Path

import pytest
from gui_studies_desk import FakeCompare, Queries, Thread

from bowerbird.encoders.weights.cards import shipped_cards
from bowerbird.gui import translation
from bowerbird.gui.encoders.encoder_rows import LibraryEncoders, rows_of
from bowerbird.gui.encoders.encoder_texts import JobState, job_notice, ready_notice, short_title
from bowerbird.gui.listening import rating_steps, rating_texts
from bowerbird.gui.listening.comparing_presenter import NO_QUERY, ComparePresenter
from bowerbird.gui.listening.studies_texts import bundle_text, study_row
from bowerbird.gui.listening.study_design_fields import FIELD_AT
from bowerbird.gui.listening.study_design_texts import DEFAULT_TITLE, estimate_text, problems_of
from bowerbird.gui.listening.system_rows import description_of
from bowerbird.gui.translation import use_translator
from bowerbird.library.library import Library
from bowerbird.listening.overview import overview_of
from bowerbird.listening.study import System
from bowerbird.listening.systems.choices import SystemChoices
from listening_stage import design, sample_study

GUI = Path(translation.__file__).parent
LISTENING = (
    *("rating_texts", "rating_steps", "rating_keys", "rating_state", "rating_page_presenter", "rating_presenter"),
    *("rating_headphones", "rating_playback", "studies_texts", "studies_presenter", "study_design_texts"),
    *("study_design_fields", "study_design_presenter", "system_rows", "comparing_presenter"),
)
MODULES = (
    *(GUI / "encoders" / f"{name}.py" for name in ("encoder_texts", "encoder_rows", "encoders_presenter")),
    *(GUI / "listening" / f"{name}.py" for name in LISTENING),
)
COLLECTED = {("comparing_presenter", "NO_QUERY"), ("study_design_fields", "text")}
"""Variables that hold texts of `QT_TRANSLATE_NOOP`, by module."""


@pytest.fixture
def brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put every text that is translated into brackets."""
    monkeypatch.setattr(translation, "_translator", None)  # restored afterwards
    use_translator(lambda _context, text: f"[{text}]")


@pytest.mark.usefixtures("brackets")
def test_texts_about_encoders_are_translated():
    row = rows_of(LibraryEncoders((), None, None, 5))[0]
    assert (row.title, row.state, row.facts) == ("[Built-in encoder]", "[In use]", "[Part of Bowerbird]")
    assert short_title("ear") == "[the built-in encoder]"
    notice = ready_notice(shipped_cards()["aisfx"])
    assert notice.text.startswith("[aiSFX is ready.")
    assert [action.text for action in notice.actions] == ["[Use it]", "[Details]"]
    assert notice.actions[0].id == "ear+aisfx"
    assert job_notice(JobState("")).actions[0].text == "[Cancel]"


@pytest.mark.usefixtures("brackets")
def test_texts_of_the_rating_window_are_translated(tmp_path: Path):
    assert rating_texts.no_consent().startswith("[To take part")
    assert rating_texts.rater_progress(1, 3) == "[1 of 3 pages]"
    assert rating_texts.keys(design())[0] == ("0", "[play the reference]")
    last = rating_steps.done(design(), tmp_path, n_pages=2)
    assert (last.heading, last.actions[0].text) == ("[All done, thank you]", "[Close]")
    assert last.paragraphs[0].startswith("[2 [pages] rated.")


@pytest.mark.usefixtures("brackets")
def test_options_that_are_stored_are_not_translated():
    name, label, options = rating_texts.background()[1]
    assert (name, label, options) == ("hearing", "[Hearing]", ("No loss known", "Some loss"))
    assert DEFAULT_TITLE == "A listening test"


@pytest.mark.usefixtures("brackets")
def test_texts_about_studies_are_translated(tmp_path: Path):
    folder = sample_study(tmp_path / "tones", is_pilot=True)
    row = study_row(folder, overview_of(folder))
    assert (row.title, row.raters) == ("[Tones (pilot)]", "[No ratings yet]")
    assert "[4 [queries] · ratings]" in row.facts
    assert bundle_text("tones.study", folder, 10**6).endswith("[excerpts], 1.0 MB.]")


@pytest.mark.usefixtures("brackets")
def test_texts_of_a_new_study_are_translated():
    choices = SystemChoices((), 0, ())
    assert problems_of(design(), choices)[""].startswith("[The library has no indexed sounds")
    assert estimate_text(design(), choices).startswith("[Estimate: ")
    assert FIELD_AT["construct"].label == "[Raters judge]"
    assert FIELD_AT["construct"].choices[0] == ("sounds_alike", "[How similar sounds are]")
    assert (FIELD_AT["excerpt_s"].unit, FIELD_AT["excerpt_s"].hint) == ("[s]", "")
    assert description_of(System("random", kind="random")) == "[Random order, as a baseline]"


@pytest.mark.usefixtures("brackets")
def test_texts_of_a_comparison_are_translated(indexed: Path):
    view, thread = FakeCompare(), Thread()
    presenter = ComparePresenter(
        view,
        Library.open(indexed),
        output=None,
        queries=Queries(),
        jobs=thread.jobs,
        rate=lambda _folder: None,
        made=lambda: None,
    )
    assert not presenter.open(None, "", prefers_words=True)
    assert view.complaints == [f"[{NO_QUERY}]"]
    thread.close()


def is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_translated_texts_are_literals(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id not in {"translate", "QT_TRANSLATE_NOOP"}:
            continue
        where = f"{path.name}:{node.lineno}"
        assert (len(node.args), node.keywords) == (2, []), where
        context, text = node.args
        assert is_literal(context), where
        is_collected = isinstance(text, ast.Name) and (path.stem, text.id) in COLLECTED
        assert is_literal(text) or (is_collected and node.func.id == "translate"), where
