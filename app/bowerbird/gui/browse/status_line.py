"""The status line below the search box: errors, progress and offers, one at a time, with controls at fixed places."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from bowerbird.gui.browse.indexing_presenter import IndexingState, UnfinishedState
from bowerbird.gui.encoders.encoder_texts import NoticeState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, button, icon_button, label
from bowerbird.gui.shell.theme import Tokens

_LINE_PX: Final = 24
_N_CONTROLS: Final = 2
_NEWS_MS: Final = 4000


Controls: TypeAlias = Sequence[tuple[str, Callable[[], object]]]


class StatusLine(QWidget):
    """Shows the most urgent message.

    That is: an error, news, a question about a folder that has moved, the analysis, a job on encoders, a folder that is
    not connected, analysis that is left, or an offer.

    The others are shown when it ends. The progress bar below the text shows the analysis even while an error is shown.

    Signals
    -------
    pause_clicked, cancel_clicked, resume_clicked : ()
        Of the analysis.
    action_requested : EncoderAction
    notice_dismissed : ()
        The notice about encoders was closed.
    relink_accepted, relink_declined, relink_dismissed : ()
        The answers to the question about a folder.
    locate_clicked : ()
        The folder that is not connected is to be located.
    """

    pause_clicked = Signal()
    cancel_clicked = Signal()
    resume_clicked = Signal()
    action_requested = Signal(object)
    notice_dismissed = Signal()
    relink_accepted = Signal()
    relink_declined = Signal()
    relink_dismissed = Signal()
    locate_clicked = Signal()

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._error: str | None = None
        self._indexing: IndexingState | None = None
        self._notice: NoticeState | None = None
        self._unfinished: UnfinishedState | None = None
        self._question: str | None = None
        self._away: str | None = None
        self._news: str | None = None
        self._news_timer = QTimer(self, singleShot=True, interval=_NEWS_MS)
        self._news_timer.timeout.connect(lambda: self.show_news(None))
        self._line = ElidedLabel("muted", Qt.TextElideMode.ElideRight)
        self._sentence = label("", "warning", wraps=True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        texts = QWidget()
        self._texts = QStackedLayout(texts)
        self._texts.addWidget(self._line)
        self._texts.addWidget(self._sentence)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        texts.setSizePolicy(policy)
        self._controls = [button("", "link", partial(self._press, number)) for number in range(_N_CONTROLS)]
        for control in self._controls:  # a click leaves the focus where it is
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._acts: list[Callable[[], object]] = []
        self._cross = icon_button(theme.icon("close", colours.muted), self.tr("Dismiss"), self._dismiss)
        self._cross.setIconSize(QSize(12, 12))
        self._cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._lay_out(texts)
        self._show()

    def _lay_out(self, texts: QWidget) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(12, 0, 8, 0)
        line.setSpacing(8)
        line.addWidget(texts, 1)
        for control in self._controls:
            line.addWidget(control, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._cross, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self._bar)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing below jumps
        self.setSizePolicy(policy)

    # What there is to show

    def show_error(self, sentence: str) -> None:
        """Show an error until it is dismissed, or another takes its place."""
        self._error = sentence
        self._show()

    def clear_error(self) -> None:
        """Hide the error: the user has gone on."""
        if self._error is not None:
            self._error = None
            self._show()

    def show_news(self, sentence: str | None) -> None:
        """Show for some seconds what was done; None hides it."""
        self._news = sentence
        if sentence is not None:
            self._news_timer.start()
        self._show()

    def show_indexing(self, state: IndexingState | None) -> None:
        """Show the progress of the analysis; None when it has ended."""
        self._indexing = state
        self._show()

    def show_unfinished(self, state: UnfinishedState | None) -> None:
        """Show that sounds are not analysed yet and nothing is analysing them; None when there are none."""
        self._unfinished = state
        self._show()

    def show_question(self, text: str | None) -> None:
        """Ask whether a folder has moved; None hides the question."""
        self._question = text
        self._show()

    def show_away(self, sentence: str | None) -> None:
        """Show that the selected folder is not connected; None when it is."""
        self._away = sentence
        self._show()

    def show_notice(self, notice: NoticeState | None) -> None:
        """Show a notice about encoders, or the progress of a job on them; None for neither."""
        self._notice = notice
        self._show()

    @property
    def error(self) -> str:
        """The error that is shown; "" for none."""
        return self._error or ""

    @property
    def text(self) -> str:
        """The text that is shown."""
        is_wrapped = self._texts.currentWidget() is self._sentence
        return self._sentence.text() if is_wrapped else self._line.whole_text

    @property
    def is_indexing(self) -> bool:
        """Whether an analysis is in progress."""
        return self._indexing is not None

    @property
    def controls(self) -> list[QPushButton]:
        """The visible controls."""
        return [control for control in self._controls if not control.isHidden()]

    @property
    def is_unfinished(self) -> bool:
        """Whether sounds are not analysed, and nothing is analysing them."""
        return self._unfinished is not None

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._cross.setIcon(theme.icon("close", colours.muted))

    # Showing

    def _show(self) -> None:
        indexing, notice = self._indexing, self._notice
        job = notice.job if notice is not None else None
        share = indexing.share if indexing is not None else job.share if job is not None else None
        self._bar.setVisible(indexing is not None or job is not None)
        self._bar.setValue(round((share or 0.0) * 1000))
        if self._error is not None:
            self._show_sentence(self._error, [], role="warning", is_dismissable=True)
        elif self._news is not None:
            self._show_line(self._news, [])
        elif self._question is not None:
            controls: Controls = [
                (self.tr("Relink"), self.relink_accepted.emit),
                (self.tr("Add anyway"), self.relink_declined.emit),
            ]
            self._show_sentence(self._question, controls, role="muted", is_dismissable=True)
        elif indexing is not None:
            self._show_indexing(indexing)
        elif notice is not None and job is not None:
            self._show_line(job.text, self._encoder_controls(notice))
        elif self._away is not None:
            locate = [(self.tr("Locate…"), self.locate_clicked.emit)]
            self._show_sentence(self._away, locate, role="muted", is_dismissable=False)
        elif self._unfinished is not None:
            self._show_line(self._unfinished.text, [(self.tr("Resume"), self.resume_clicked.emit)])
        elif notice is not None:
            controls = self._encoder_controls(notice)
            self._show_sentence(notice.text, controls, role="muted", is_dismissable=notice.is_dismissable)
        else:
            self._set_height(_LINE_PX)
            self.hide()
            return
        self.show()

    def _show_indexing(self, state: IndexingState) -> None:
        text = self.tr("Paused") + f" · {state.text}" if state.is_paused else state.text
        pause = self.tr("Resume") if state.is_paused else self.tr("Pause")
        controls = [(pause, self.pause_clicked.emit), (self.tr("Cancel"), self.cancel_clicked.emit)]
        explanation = self.tr(
            "The analysis reads each file once and computes its waveform, loudness, descriptors and embeddings. "
            "Nothing is written to your files, and nothing leaves this computer."
        )
        self._show_line(text, controls, explanation=explanation)

    def _encoder_controls(self, notice: NoticeState) -> Controls:
        return [(action.text, partial(self.action_requested.emit, action)) for action in notice.actions]

    def _show_line(self, text: str, controls: Controls, *, explanation: str = "") -> None:
        self._line.set_text(text, explanation=explanation)
        self._line.setAccessibleDescription(explanation)
        self._texts.setCurrentWidget(self._line)
        self._show_controls(controls, is_dismissable=False)
        self._set_height(_LINE_PX)

    def _show_sentence(self, text: str, controls: Controls, *, role: str, is_dismissable: bool) -> None:
        if self._sentence.objectName() != role:
            self._sentence.setObjectName(role)
            self._sentence.style().polish(self._sentence)
        self._sentence.setText(text)
        self._texts.setCurrentWidget(self._sentence)
        self._show_controls(controls, is_dismissable=is_dismissable)
        self._fit_sentence()

    def _show_controls(self, controls: Controls, *, is_dismissable: bool) -> None:
        self._acts = [act for _, act in controls[:_N_CONTROLS]]
        for number, control in enumerate(self._controls):
            control.setVisible(number < len(self._acts))
            if number < len(self._acts):
                control.setText(controls[number][0])
        self._cross.setVisible(is_dismissable)

    def resizeEvent(self, event: object) -> None:
        """Fit the height to the sentence."""
        super().resizeEvent(event)  # type: ignore[arg-type] # Qt's own event
        if self._texts.currentWidget() is self._sentence:
            self._fit_sentence()

    def _fit_sentence(self) -> None:
        taken_px = sum(control.sizeHint().width() + 8 for control in self.controls)
        taken_px += 0 if self._cross.isHidden() else self._cross.sizeHint().width() + 8
        self._set_height(max(_LINE_PX, self._sentence.heightForWidth(max(60, self.width() - 20 - taken_px))))

    def _set_height(self, text_px: int) -> None:
        self.setFixedHeight(text_px + 4)

    def _press(self, number: int) -> None:
        self._acts[number]()

    def _dismiss(self) -> None:
        if self._error is not None:
            self._error = None
            self._show()
        elif self._question is not None:
            self.relink_dismissed.emit()
        else:
            self.notice_dismissed.emit()
