"""The New study dialog: essential fields first, the rest behind “More”, and the estimated length at the bottom."""

from collections.abc import Callable, Sequence
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

from bowerbird.gui.browse.placeholders import EmptyState
from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.listening.study_design_fields import FIELDS, QUERIES, SYSTEMS, Field, value_at
from bowerbird.gui.listening.study_design_presenter import StudyDesignPresenter
from bowerbird.gui.listening.study_design_texts import DesignState
from bowerbird.gui.listening.study_design_widgets import FieldView, Form
from bowerbird.gui.listening.study_systems_view import PlannedEditor, SystemsEditor, ask_for_labels, ask_for_rankings
from bowerbird.gui.shell import dialogs
from bowerbird.gui.shell.lazy_dialog import LazyDialog
from bowerbird.gui.shell.styled import ElidedLabel, button, label, resize_within_screen, styled
from bowerbird.gui.translation import translate
from bowerbird.jobs.progress import Progress
from bowerbird.listening.texts import progress_text

_NARROW_PX: Final = 520
_YAML: Final = " (*.yaml *.yml)"


class StudyDialog(QDialog):
    """The dialog. Actions go to the presenter."""

    def __init__(self, presenter: StudyDesignPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self.setWindowTitle(self.tr("New study"))
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
            self._sounds_names, [button(self.tr("Use selection"), "link", presenter.use_selection)]
        )
        self._no_labels = button(self.tr("None"), "link", lambda: presenter.choose_labels(None))
        self._labels = self._line(
            self._labels_name, [button(self.tr("Choose a labels file…"), "link", self._ask_labels), self._no_labels]
        )
        self._more = button(self._more_text(), "link", self._toggle_more)
        self._rest = QWidget()
        self._rest.hide()
        self._job_text = ElidedLabel("", Qt.TextElideMode.ElideRight)
        self._error = label("", "warning", wraps=True)
        self._error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._error.hide()
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._create = button(self.tr("Create study"), "primary", presenter.create)
        self._create.setToolTip(self.tr("Run every system once and store everything that raters will hear"))
        self._cancel = button(self.tr("Cancel"), "", presenter.cancel)
        self._open = button(self.tr("Open design…"), "link", self._ask_open)
        self._save = button(self.tr("Save design…"), "link", self._ask_save)
        self._pages = QStackedWidget()
        self._form_page = self._make_form()
        self._created_page = EmptyState()
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
        self.show_job(None, None)

    def _connect(self) -> None:
        presenter, systems = self._presenter, self.systems
        systems.checked.connect(presenter.check_system)
        systems.variant_requested.connect(presenter.add_variant)
        systems.changed.connect(presenter.change_system)
        systems.removed.connect(presenter.remove_system)
        systems.ranking_requested.connect(self._ask_ranking)
        self.planned.planned.connect(presenter.plan)
        for widget in (self._create, self._cancel, self._open, self._save, self._more):
            widget.setAutoDefault(False)

    # Layout

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
        queries.add(self.tr("Sounds"), self._sounds)
        queries.add(self.tr("Classes"), self._labels)
        form = self._forms[SYSTEMS, False]
        form.rows.insertRow(0, self.systems)
        form.add(self.tr("Planned comparisons"), self.planned)
        column.addSpacing(8)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._rest)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(sheet)
        area.setAccessibleName(self.tr("Study design"))
        return area

    def _add(self, field: Field, column: QVBoxLayout) -> None:
        key = (field.section, field.is_more)
        if key not in self._forms:
            heading = label(translate("New study", field.section), "now")
            heading.setContentsMargins(0, 12 if self._forms else 0, 0, 0)
            self._headings[key] = heading
            self._forms[key] = Form()
            column.addWidget(heading)
            column.addWidget(self._forms[key])
        self.fields[field.path] = view = FieldView(field, self._presenter.change)
        self._forms[key].add("" if field.kind == "switch" else field.label, view)

    def _make_foot(self) -> QWidget:
        foot = styled(QWidget(), "foot")
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._error)
        texts.addWidget(self._job_text)
        links = QWidget()
        flow = FlowLayout(links, spacing=8)
        for link in (self._open, self._save):
            flow.addWidget(link)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(links, 1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._create)
        layout = QVBoxLayout(foot)
        layout.setContentsMargins(24, 12, 24, 12)
        layout.setSpacing(8)
        layout.addLayout(texts)
        layout.addLayout(buttons)
        return foot

    def _line(self, text: ElidedLabel, buttons: Sequence[QWidget]) -> QWidget:
        made = QWidget()
        line = QHBoxLayout(made)
        line.setContentsMargins(0, 4, 0, 0)
        line.setSpacing(8)
        line.addWidget(text, 1)
        for widget in buttons:
            line.addWidget(widget)
        return made

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show labels above their fields in a narrow dialog."""
        super().resizeEvent(event)
        for form in self._forms.values():
            form.fit(is_narrow=self.width() < _NARROW_PX)

    # State

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
        self._sounds_names.set_text(state.problems.get("choice.sounds", state.sounds))
        queries.show_row(self._labels, is_shown=design.choice.how == "stratified")
        self._labels_name.set_text(state.labels or self.tr("By folder"))
        self._no_labels.setVisible(bool(state.labels))
        self.systems.show_rows(state.system_rows)
        names = [system.name for system in design.systems]
        self.planned.show_planned(design.planned, names, state.problems.get("planned", ""))
        self._create.setEnabled(state.can_create)
        self._job_text.set_text(state.estimate or next(iter(state.problems.values()), ""))

    def show_job(self, job: Progress | None, error: str | None) -> None:
        """Show the running job; the fields are disabled meanwhile."""
        self._bar.setValue(round(1000 * (job.share or 0.0)) if job else 0)
        if job is not None:
            self._job_text.set_text(progress_text(job))
        self._error.setText(error or "")
        self._error.setVisible(bool(error))
        self._cancel.setVisible(job is not None)
        self._create.setVisible(job is None)
        self._form_page.setEnabled(job is None)
        for link in (self._open, self._save):
            link.setEnabled(job is None)

    def show_created(self, sentence: str, notes: Sequence[str]) -> None:
        """Show that the study was created, and offer to rate it."""
        self._created_page.show_sentence(
            " ".join([sentence, *notes]),
            [(self.tr("Rate now"), self._presenter.rate), (self.tr("Close"), self._presenter.done)],
        )
        self._pages.setCurrentWidget(self._created_page)
        self._foot.hide()

    def _toggle_more(self) -> None:
        is_shown = self._rest.isHidden()
        self._rest.setVisible(is_shown)
        self._more.setText(self.tr("Less") if is_shown else self._more_text())

    def _more_text(self) -> str:
        return self.tr("More: grades, controls, excerpts, sessions")

    # Files

    def _ask_open(self) -> None:
        path = dialogs.ask_for_file(self, self.tr("Open a design"), self.tr("Designs") + _YAML)
        if path is not None:
            self._presenter.open_design(path)

    def _ask_save(self) -> None:
        design = self._presenter.design
        name = design.name if design is not None else "study"
        path = dialogs.ask_where_to_save(self, self.tr("Save the design"), f"{name}.yaml", self.tr("Designs") + _YAML)
        if path is not None:
            self._presenter.save_design(path)

    def _ask_labels(self) -> None:
        path = ask_for_labels(self)
        if path is not None:
            self._presenter.choose_labels(path)

    def _ask_ranking(self) -> None:
        path = ask_for_rankings(self)
        if path is not None:
            self._presenter.add_ranking(path)


class DesignProxy(LazyDialog[StudyDialog]):
    """The New study dialog as its presenter sees it."""

    def __init__(self, window: QWidget, presenter: Callable[[], StudyDesignPresenter]) -> None:
        super().__init__(lambda: StudyDialog(presenter(), window))
        self._presenter = presenter

    def open(self) -> None:
        """Show the dialog, and read the library."""
        self.show()
        self._presenter().opened()

    def show_design(self, state: DesignState) -> None:
        """Show every field."""
        self.update(lambda dialog: dialog.show_design(state))

    def show_design_job(self, job: Progress | None, error: str | None) -> None:
        """Show the running job, or the error of the last one."""
        self.update(lambda dialog: dialog.show_job(job, error))

    def show_created(self, sentence: str, notes: Sequence[str]) -> None:
        """Show that the study was created, and offer to rate it."""
        self.update(lambda dialog: dialog.show_created(sentence, notes))

    def close_design(self) -> None:
        """Close the dialog."""
        self.close()
