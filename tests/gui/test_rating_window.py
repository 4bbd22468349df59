"""The rating window, operated by keys and mouse."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from gui_rating import RatingPlayer
from gui_rating_window import RatingStage
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from bowerbird.base import paths
from bowerbird.base.errors import CatalogueError
from bowerbird.gui.listening import rating_application
from bowerbird.gui.listening.rating_application import RatingApplication, rate_window
from bowerbird.gui.listening.rating_widgets import set_state
from bowerbird.gui.listening.rating_window import key_name
from bowerbird.gui.shell import theme
from bowerbird.listening.study import Scale
from listening_stage import SYSTEMS, sample_study

SIZES = ((1440, 900), (1024, 640), (360, 900))


@pytest.fixture
def open_rating(
    qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _nothing_is_left: None
) -> Iterator[Callable[..., RatingStage]]:
    monkeypatch.setattr(rating_application, "Player", RatingPlayer)
    QApplication.setStyle("Fusion")
    theme.apply(QApplication.instance(), "dark")
    opened: list[RatingStage] = []

    def open_it(*, size: tuple[int, int] = (1200, 760), pseudonym: str | None = None, **changes: object) -> RatingStage:
        folder = sample_study(tmp_path / f"study{len(opened)}", **changes)
        opened.append(RatingStage(qtbot, folder, size=size, pseudonym=pseudonym))
        return opened[-1]

    yield open_it
    for stage in reversed(opened):
        stage.close()


@pytest.fixture
def stage(open_rating: Callable[..., RatingStage]) -> RatingStage:
    """A rater at the first page."""
    stage = open_rating()
    stage.join()
    return stage


def test_a_page_is_rated_by_keys_alone(stage: RatingStage):
    number = stage.state.number
    stage.listen_to_all()
    for stimulus, grade in zip(stage.state.stimuli, "qwerqwerq", strict=False):
        stage.press(stimulus.sound.key, grade)
    assert [stimulus.grade for stimulus in stage.state.stimuli] == [index % 4 for index in range(len(stage.rows))]
    assert len(stage.answers.ratings) == len(stage.rows)
    stage.press("enter")
    stage.until(lambda: stage.state.number == number + 1 or stage.step == "trained")


def test_a_page_is_rated_by_mouse_alone(stage: RatingStage):
    stage.listen_to_all()
    stage.click(stage.rows[1])
    assert stage.player.played[-1].path.stem == stage.program.presenter._current.page.slots[1].item_id
    stage.click(stage.rows[1].grades[2])
    stage.click(stage.rows[2].grades[0])
    assert [stimulus.grade for stimulus in stage.state.stimuli[:3]] == [None, 2, 0]
    assert stage.state.stimuli[2].is_selected
    stage.click(stage.action("Cannot judge"))
    assert stage.state.stimuli[2].status == "Cannot judge"
    stage.click(stage.action("Undo"))
    assert stage.state.stimuli[2].grade == 0


def test_a_grade_before_listening_is_refused_on_the_page(stage: RatingStage):
    stage.press("2", "q")
    assert stage.message == "Listen longer to the reference and B before you rate it."
    assert stage.answers.ratings == ()


def test_a_clicked_button_takes_no_keys(stage: RatingStage):
    stage.listen_to_all()
    stage.click(stage.rows[0].grades[1])
    n_played = len(stage.player.played)
    stage.press("space")
    assert len(stage.player.played) == n_played + 1
    assert stage.state.stimuli[0].grade == 1


def test_keys_write_a_comment_in_its_field(stage: RatingStage):
    stage.press("1")
    n_played = len(stage.player.played)
    stage.press("c")
    field = stage.window.trial.comment_field
    stage.until(field.hasFocus)
    stage.type("3 birds, no 1st")
    assert len(stage.player.played) == n_played
    stage.press("enter")
    assert stage.answers.ratings[-1].comment == "3 birds, no 1st"
    stage.until(stage.window.hasFocus)
    stage.press("2")
    assert len(stage.player.played) == n_played + 1


def test_escape_cancels_the_comment_and_then_asks_to_leave(stage: RatingStage):
    stage.press("1", "c")
    stage.until(stage.window.trial.comment_field.hasFocus)
    stage.type("no")
    stage.press("escape")
    stage.until(stage.window.hasFocus)
    assert stage.answers.ratings == ()
    assert not stage.state.is_leaving
    stage.press("escape")
    assert stage.window._leaving.isVisible()
    stage.press("escape")
    assert not stage.window._leaving.isVisible()
    stage.press("escape", "l")
    stage.until(lambda: not stage.window.isVisible())


def test_steps_ask_to_leave_too(open_rating: Callable[..., RatingStage]):
    stage = open_rating()
    stage.type("heron")
    stage.press("tab", "space", "enter")
    stage.until(lambda: stage.step == "instructions")
    stage.press("escape")
    assert stage.window._leaving.isVisible()
    stage.click(stage.action("Stay"))
    assert not stage.window._leaving.isVisible()


def test_a_held_key_plays_once(stage: RatingStage):
    n_played = len(stage.player.played)
    for is_repeat in (False, True, True, True):
        QApplication.sendEvent(stage.window, key_event("1", Qt.Key.Key_1, is_repeat=is_repeat))
    assert len(stage.player.played) == n_played + 1


def key_event(text: str, key: Qt.Key, *, is_repeat: bool = False) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text, is_repeat)


@pytest.mark.parametrize(
    ("text", "key", "name"),
    [
        ("1", Qt.Key.Key_1, "1"),
        ("&", Qt.Key.Key_Ampersand, "1"),  # the row of digits on a French keyboard
        ("à", Qt.Key.Key_Agrave, "0"),
        ("Q", Qt.Key.Key_Q, "q"),
        ("\r", Qt.Key.Key_Enter, "enter"),
        ("", Qt.Key.Key_Shift, ""),
    ],
)
def test_keys_have_the_same_name_on_every_keyboard(text: str, key: Qt.Key, name: str):
    assert key_name(key_event(text, key)) == name


def test_tab_selects_the_other_list(open_rating: Callable[..., RatingStage]):
    stage = open_rating(kind="preference")
    stage.join()
    stage.press("tab", "1")
    assert stage.state.stimuli[len(stage.state.lists[0])].sound.is_playing
    stage.press("left", "1")
    assert stage.state.stimuli[0].sound.is_playing


def test_the_slider_is_stored_when_the_mouse_is_released(open_rating: Callable[..., RatingStage]):
    stage = open_rating(scale=Scale((), has_slider=True))
    stage.join()
    stage.listen_to_all()
    slide = stage.rows[0].slide
    assert slide is not None
    assert slide.shown is None
    groove = slide._line
    start, end = QPoint(10, 12), QPoint(groove.width() - 7, 12)
    stage.qtbot.mousePress(groove, Qt.MouseButton.LeftButton, pos=start)
    stage.qtbot.mouseMove(groove, end)
    assert stage.answers.ratings == ()
    stage.qtbot.mouseRelease(groove, Qt.MouseButton.LeftButton, pos=end)
    (rating,) = stage.answers.ratings
    assert rating.slider == pytest.approx(100, abs=1)


def test_the_slider_does_not_move_before_listening(open_rating: Callable[..., RatingStage]):
    stage = open_rating(scale=Scale((), has_slider=True))
    stage.join()
    slide = stage.rows[0].slide
    assert slide is not None
    stage.qtbot.mouseClick(slide._line, Qt.MouseButton.LeftButton)
    assert slide.shown is None
    assert stage.message.startswith("Listen longer to")


# A single window per study


def test_a_second_window_on_the_same_study_is_refused(stage: RatingStage):
    with pytest.raises(CatalogueError, match="rating this study"):
        RatingApplication(stage.folder)


def test_closing_stores_everything_and_releases_the_study(stage: RatingStage, open_rating: Callable[..., RatingStage]):
    stage.listen("0", "1")
    stage.press("r")
    folder, player = stage.folder, stage.player
    stage.window.close()
    stage.until(lambda: stage.n_closed == 1)
    assert player.is_closed
    assert [event.kind for event in stage.answers.events][-1] == "broke_off"
    again = RatingStage(stage.qtbot, folder, pseudonym="heron")
    try:
        assert again.step == "welcome"
        again.press("enter")
        again.until(lambda: not again.step)
        assert again.state.stimuli[0].grade == 3
    finally:
        again.close()


def test_nothing_of_the_library_is_shown_or_created(stage: RatingStage):
    stage.listen_to_all()
    shown = " ".join(stage.texts())
    for item in stage.folder.study.items.values():
        assert item.id not in shown
    assert not any(name in shown.lower().split() for name in SYSTEMS)
    assert str(stage.folder.path) not in shown
    assert not paths.library_path().exists()


def test_an_unknown_study_is_an_error(capsys: pytest.CaptureFixture[str]):
    assert rate_window(["nowhere"]) == 2
    assert "There is no study" in capsys.readouterr().err


# Layout


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("kind", "has_slider"), [("grade", False), ("grade", True), ("preference", False)])
def test_no_sound_or_grade_is_cut_off(
    open_rating: Callable[..., RatingStage], size: tuple[int, int], kind: str, has_slider: bool
):
    stage = open_rating(size=size, kind=kind, scale=Scale(has_slider=has_slider), depth=5)
    stage.join()
    QApplication.processEvents()
    assert stage.window.width() == size[0]
    viewport = stage.window.trial._scroll.viewport()
    for row in stage.rows:
        left, right = (row.mapTo(viewport, QPoint(x, 0)).x() for x in (0, row.width()))
        assert 0 <= left < right <= viewport.width()
        for grade in row.grades:
            set_state(grade, "chosen", True)  # a chosen grade is widest
        QApplication.processEvents()
        for grade in row.grades:
            grade._label._elide()
            assert grade._label.text() == grade._text, "the text is cut off"
    foot = stage.window.trial._foot
    assert foot.mapTo(stage.window, QPoint(foot.width(), foot.height())).y() <= size[1]


def test_the_window_can_be_made_narrow_and_wide_again(stage: RatingStage):
    before = [grade.geometry() for grade in stage.rows[0].grades]
    for size in (SIZES[2], (1200, 760)):
        stage.window.resize(*size)
        stage.until(lambda size=size: stage.window.width() == size[0])
        QApplication.processEvents()
    stage.until(lambda: [grade.geometry() for grade in stage.rows[0].grades] == before)


def test_nothing_moves_while_a_page_is_rated(stage: RatingStage):
    def geometries() -> list[object]:
        foot = stage.window.trial._foot
        return [
            *(row.geometry() for row in stage.rows),
            *(grade.geometry() for row in stage.rows for grade in row.grades),
            *(row.line.geometry() for row in stage.rows),
            foot.geometry(),
        ]

    before = geometries()
    stage.listen_to_all()
    stage.press("1", "q", "2", "n", "3", "c")
    QApplication.processEvents()
    assert geometries() == before


def test_the_playing_sound_is_highlighted(stage: RatingStage):
    accent = theme.tokens("dark").accent

    def has_accent(index: int) -> bool:
        image = stage.rows[index].grab().toImage()
        return any(
            image.pixelColor(x, y).name() == accent for x in range(image.width()) for y in range(0, image.height(), 2)
        )

    stage.press("2")
    stage.player.position_s = 0.2
    stage.clock.wind(0.2)
    stage.until(lambda: stage.state.stimuli[1].sound.listened_share > 0)
    QApplication.processEvents()
    assert [has_accent(index) for index in range(3)] == [False, True, False]


@pytest.mark.parametrize("name", ["dark", "light"])
def test_painting_follows_the_theme(stage: RatingStage, name: str):
    theme.apply(QApplication.instance(), name)
    assert theme.shown() == theme.tokens(name)
    corner = stage.window.grab().toImage().pixelColor(4, 4).name()
    assert corner == theme.tokens(name).ground
