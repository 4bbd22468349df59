"""A new study on one sheet: what matters in sight, the rest behind More, and what it will ask of a rater below."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.browse.placeholders import Advice
from bowerbird.gui.encoders.encoder_texts import JobState
from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.listening.study_design_fields import FIELDS, QUERIES, SYSTEMS, Field, value_at
from bowerbird.gui.listening.study_design_presenter import StudyDesignPresenter
from bowerbird.gui.listening.study_design_texts import DesignState
from bowerbird.gui.listening.study_design_widgets import FieldView, Form
from bowerbird.gui.listening.study_systems_view import PlannedEditor, SystemsEditor
from bowerbird.gui.shell import dialogs
from bowerbird.gui.shell.styled import ElidedLabel, button, label, resize_within_screen, styled

_NARROW_PX: Final = 520
_MORE: Final = "More: grades, controls, excerpts, sittings"
_DESIGNS: Final = "Designs (*.yaml *.yml)"
_LABELS: Final = "Tables (*.csv)"
_RANKINGS: Final = "Rankings (*.jsonl *.json *.trec *.run *.txt)"


class StudySheet(QDialog):
    """The sheet. What is pressed goes to the presenter."""

    def __init__(self, presenter: StudyDesignPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self.setWindowTitle("New study")
        resize_within_screen(self, 680, 720)
        self.setMinimumSize(320, 360)
        self.fields: dict[str, FieldView] = {}
        self._forms: dict[tuple[str, bool], Form] = {}
        self._headings: dict[tuple[str, bool], QWidget] = {}
        self.systems = SystemsEditor()
        self.planned = PlannedEditor()
        self._sounds_names = ElidedLabel("", Qt.TextElideMode.ElideRight)
        self._labels_name = ElidedLabel("", Qt.TextElideMode.ElideMiddle)
        self._sounds = self._line(
            self._sounds_names, [button("Take what is selected now", "link", presenter.take_selection)]
        )
        self._no_labels = button("None", "link", lambda: presenter.choose_labels(None))
        self._labels = self._line(
            self._labels_name, [button("Choose a table…", "link", self._ask_labels), self._no_labels]
        )
        self._more = button(_MORE, "link", self._unfold)
        self._rest = QWidget()
        self._rest.hide()
        self._job_text = ElidedLabel("", Qt.TextElideMode.ElideRight)
        self._complaint = label("", "warning", wraps=True)
        self._complaint.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._complaint.hide()
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Freezing the study")
        self._freeze = button("Freeze", "primary", presenter.freeze)
        self._freeze.setToolTip("Run every system once, and keep what raters will hear as it is")
        self._cancel = button("Cancel", "", presenter.cancel)
        self._open = button("Open design…", "link", self._ask_open)
        self._save = button("Save design…", "link", self._ask_save)
        self._pages = QStackedWidget()
        self._form_page = self._make_form()
        self._created_page = Advice()
        self._pages.addWidget(self._form_page)
        self._pages.addWidget(self._created_page)
        self._foot = self._make_foot()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._bar)
        layout.addWidget(self._foot)
        self._connect()
        self.show_job(None, "")

    def _connect(self) -> None:
        presenter, systems = self._presenter, self.systems
        systems.ticked.connect(presenter.tick)
        systems.variant_asked.connect(presenter.add_variant)
        systems.changed.connect(presenter.change_system)
        systems.removed.connect(presenter.remove_system)
        systems.ranking_asked.connect(self._ask_ranking)
        self.planned.planned.connect(presenter.plan)
        for widget in (self._freeze, self._cancel, self._open, self._save, self._more):
            widget.setAutoDefault(False)

    # Laying out

    def _make_form(self) -> QScrollArea:
        sheet = styled(QWidget(), "sheet")
        column = QVBoxLayout(sheet)
        column.setContentsMargins(24, 16, 24, 24)
        column.setSpacing(8)
        rest = QVBoxLayout(self._rest)
        rest.setContentsMargins(0, 0, 0, 0)
        rest.setSpacing(8)
        for field in FIELDS:
            self._add(field, rest if field.is_more else column)
        queries = self._forms[QUERIES, False]
        queries.add("Sounds", self._sounds)
        queries.add("Classes", self._labels)
        form = self._forms[SYSTEMS, False]
        form.rows.insertRow(0, self.systems)
        form.add("Made to compare", self.planned)
        column.addSpacing(8)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._rest)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(sheet)
        area.setAccessibleName("Design of the study")
        return area

    def _add(self, field: Field, column: QVBoxLayout) -> None:
        key = (field.section, field.is_more)
        if key not in self._forms:
            heading = label(field.section, "now")
            heading.setContentsMargins(0, 12 if self._forms else 0, 0, 0)
            self._headings[key] = heading
            self._forms[key] = Form()
            column.addWidget(heading)
            column.addWidget(self._forms[key])
        self.fields[field.path] = view = FieldView(field, self._presenter.change)
        self._forms[key].add("" if field.kind == "switch" else field.words, view)

    def _make_foot(self) -> QWidget:
        foot = styled(QWidget(), "foot")
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._complaint)
        texts.addWidget(self._job_text)
        links = QWidget()
        flow = FlowLayout(links, spacing=8)
        for link in (self._open, self._save):
            flow.addWidget(link)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(links, 1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._freeze)
        layout = QVBoxLayout(foot)
        layout.setContentsMargins(24, 12, 24, 12)
        layout.setSpacing(8)
        layout.addLayout(texts)
        layout.addLayout(buttons)
        return foot

    def _line(self, words: ElidedLabel, acts: Sequence[QWidget]) -> QWidget:
        made = QWidget()
        line = QHBoxLayout(made)
        line.setContentsMargins(0, 4, 0, 0)
        line.setSpacing(8)
        line.addWidget(words, 1)
        for act in acts:
            line.addWidget(act)
        return made

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put names above their fields where there is no room beside."""
        super().resizeEvent(event)
        for form in self._forms.values():
            form.fit(is_narrow=self.width() < _NARROW_PX)

    # What is shown

    def show_design(self, state: DesignState) -> None:
        """Show every field."""
        self._pages.setCurrentWidget(self._form_page)
        self._foot.show()
        design = state.design
        for path, view in self.fields.items():
            hint = state.question_hint if path == "question" else ""
            view.show_value(value_at(design, path), state.problems.get(path, ""), hint=hint)
            self._forms[view.field.section, view.field.is_more].show_row(view, is_shown=path in state.shown)
        for (section, is_more), heading in self._headings.items():
            has_any = any(
                field.path in state.shown for field in FIELDS if (field.section, field.is_more) == (section, is_more)
            )
            heading.setVisible(has_any)
            self._forms[section, is_more].setVisible(has_any)
        queries = self._forms[QUERIES, False]
        queries.show_row(self._sounds, is_shown=design.choice.how == "sounds")
        self._sounds_names.set_whole(state.problems.get("choice.sounds", state.sounds))
        queries.show_row(self._labels, is_shown=design.choice.how == "stratified")
        self._labels_name.set_whole(state.labels or "Folders")
        self._no_labels.setVisible(bool(state.labels))
        self.systems.show_lines(state.lines)
        names = [system.name for system in design.systems]
        self.planned.show_planned(design.planned, names, state.problems.get("planned", ""))
        self._freeze.setEnabled(state.can_create)
        self._job_text.set_whole(state.estimate or next(iter(state.problems.values()), ""))

    def show_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on; while it does, nothing is changed."""
        self._bar.setValue(round(1000 * (job.share or 0.0)) if job else 0)
        if job is not None:
            self._job_text.set_whole(job.text)
        self._complaint.setText(complaint)
        self._complaint.setVisible(bool(complaint))
        self._cancel.setVisible(job is not None)
        self._freeze.setVisible(job is None)
        self._form_page.setEnabled(job is None)
        for link in (self._open, self._save):
            link.setEnabled(job is None)

    def show_created(self, sentence: str, notes: Sequence[str]) -> None:
        """Say that it is ready."""
        self._created_page.tell(
            " ".join([sentence, *notes]), [("Rate it", self._presenter.rate), ("Done", self._presenter.done)]
        )
        self._pages.setCurrentWidget(self._created_page)
        self._foot.hide()

    def _unfold(self) -> None:
        is_shown = self._rest.isHidden()
        self._rest.setVisible(is_shown)
        self._more.setText("Less" if is_shown else _MORE)

    # Files

    def _ask_open(self) -> None:
        path = dialogs.ask_for_file(self, "Open a design", _DESIGNS)
        if path is not None:
            self._presenter.open_design(path)

    def _ask_save(self) -> None:
        design = self._presenter.design
        name = design.name if design is not None else "study"
        path = dialogs.ask_where_to_save(self, "Save the design", f"{name}.yaml", _DESIGNS)
        if path is not None:
            self._presenter.save_design(path)

    def _ask_labels(self) -> None:
        path = dialogs.ask_for_file(self, "Choose a table of classes", _LABELS)
        if path is not None:
            self._presenter.choose_labels(path)

    def _ask_ranking(self) -> None:
        path = dialogs.ask_for_file(self, "Add a file of rankings", _RANKINGS)
        if path is not None:
            self._presenter.add_ranking(path)


class DesignFace:
    """What the presenter sees of the window: the sheet, made when it is first asked for.

    Parameters
    ----------
    window : QWidget
    """

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self.sheet: StudySheet | None = None
        self._presenter: StudyDesignPresenter | None = None

    def connect(self, presenter: StudyDesignPresenter) -> None:
        """Tell it what people do."""
        self._presenter = presenter

    def open(self) -> None:
        """Bring the sheet to the front."""
        assert self._presenter is not None
        if self.sheet is None:
            self.sheet = StudySheet(self._presenter, self._window)
        self.sheet.show()
        self.sheet.activateWindow()
        self._presenter.opened()

    def close(self) -> None:
        """Close the sheet."""
        if self.sheet is not None:
            self.sheet.close()

    def show_design(self, state: DesignState) -> None:
        """Show every field."""
        if self.sheet is not None:
            self.sheet.show_design(state)

    def show_design_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on, or what went wrong."""
        if self.sheet is not None:
            self.sheet.show_job(job, complaint)

    def show_created(self, sentence: str, notes: Sequence[str]) -> None:
        """Say that the study is ready."""
        if self.sheet is not None:
            self.sheet.show_created(sentence, notes)

    def close_design(self) -> None:
        """Put the sheet away."""
        self.close()
