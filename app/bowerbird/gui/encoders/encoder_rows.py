"""The rows of the Encoders dialog, with the actions of each. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bowerbird.base.text import bytes_text, count_text, percent_text
from bowerbird.encoders.combined import EAR_SHARE
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, JOINT, trained_ears
from bowerbird.encoders.weights.cards import INT8_ENDING, Card
from bowerbird.gui.encoders.encoder_texts import EncoderAction, NoticeState, details_action, is_8_bit
from bowerbird.gui.translation import translate
from bowerbird.library.encoders.choice import combined_names, is_alone, is_combination, is_of_model
from bowerbird.library.encoders.model_states import ModelState, export_command
from bowerbird.library.encoders.models import short_name
from bowerbird.library.encoders.recall import MIN_RECALL


@dataclass(frozen=True, slots=True)
class EncoderRow:
    """A row of the Encoders dialog.

    Attributes
    ----------
    id, title, about : str
    facts : str
        Licence, authors, publication and size, if known.
    state : str
        In a few words, such as "In use".
    is_used : bool
        Search uses it.
    is_enabled : bool
        Its actions are available; not while a job runs.
    problem : str or None
        Why it is not used.
    instructions, command : str or None
        How to export its weights, if that is needed.
    actions : tuple of EncoderAction
    int8_text : str or None
        About the 8-bit version.
    int8_actions : tuple of EncoderAction
    """

    id: str
    title: str
    about: str
    facts: str = ""
    state: str = ""
    is_used: bool = False
    is_enabled: bool = True
    problem: str | None = None
    instructions: str | None = None
    command: str | None = None
    actions: tuple[EncoderAction, ...] = ()
    int8_text: str | None = None
    int8_actions: tuple[EncoderAction, ...] = ()


@dataclass(frozen=True, slots=True)
class LibraryEncoders:
    """The encoders of a library.

    Attributes
    ----------
    models : tuple of ModelState
    searched, wanted : str or None
        Names of the encoders that search uses and that are selected; None for the built-in encoder.
    n_sounds : int
        In the library.
    fallback : str
        Name of the encoder that search uses when none is selected: the built-in encoder, or the acoustic encoder until
        the built-in encoder has indexed the library.
    """

    models: tuple[ModelState, ...]
    searched: str | None
    wanted: str | None
    n_sounds: int
    fallback: str = DEFAULT_ENCODER

    def is_chosen(self, encoder_id: str) -> bool:
        """Return whether an encoder's weights, full or 8-bit, are in use or selected."""
        return any(is_of_model(name, encoder_id) for name in (self.searched, self.wanted) if name)

    @property
    def chosen(self) -> str | None:
        """Name of the selected encoder, else of the one in use; None for the built-in encoder."""
        return self.wanted or self.searched

    def is_ready(self, name: str) -> bool:
        """Return whether an encoder's weights are ready."""
        return any(model.state == "ready" for model in self.models if is_of_model(name, model.card.id))

    def card_of(self, name: str) -> Card | None:
        """Return an encoder's card; None if it is unknown."""
        return next((model.card for model in self.models if is_of_model(name, model.card.id)), None)


def have_changed(before: Card | None, after: Card | None) -> bool:
    """Return whether any weights were replaced, so that embeddings differ; additional files do not count."""
    if before is None or after is None:
        return False
    digests = {role: file.sha256 for role, file in after.files.items()}
    return any(file.sha256 and digests.get(role) != file.sha256 for role, file in before.files.items())


def rows_of(library: LibraryEncoders, *, is_busy: bool = False, is_indexing: bool = False) -> list[EncoderRow]:
    """Return a row for each encoder: built-in, installed, available."""
    if is_indexing:
        incomplete = translate("Encoders", "Selected. Indexing…")
    else:
        incomplete = translate("Encoders", "Selected. Press F5 to finish indexing.")
    searched = library.searched or library.fallback
    wanted = library.wanted or DEFAULT_ENCODER
    ready = [
        (
            DEFAULT_ENCODER,
            translate("Encoders", "Built-in encoder"),
            translate("Encoders", "Understands words, and compares timbre, pitch, envelope and more."),
        ),
        (
            ACOUSTIC_ENCODER,
            translate("Encoders", "Acoustic descriptors"),
            translate(
                "Encoders", "Compare timbre, brightness, pitch, envelope, loudness and length; no search by meaning."
            ),
        ),
        *(
            (
                name,
                translate("Encoders", "Your encoder, {name}").format(name=name),
                translate("Encoders", "The built-in encoder, tuned to your own sounds."),
            )
            for name in trained_ears()
        ),
    ]
    rows = [
        *(_without_weights(EncoderRow(*texts), library, searched, wanted, incomplete) for texts in ready),
        *(
            row
            for model in sorted(library.models, key=_distance)
            for row in (*_combined(model, searched, wanted, incomplete), _row(model, searched, wanted, incomplete))
        ),
    ]
    return [replace(row, is_enabled=not is_busy) for row in _with_one_primary(rows)]


def _without_weights(
    row: EncoderRow, library: LibraryEncoders, searched: str, wanted: str, incomplete: str
) -> EncoderRow:
    is_built_in = row.id == DEFAULT_ENCODER
    state = translate("Encoders", "Always ready") if is_built_in else translate("Encoders", "Ready")
    if searched == row.id:
        state = translate("Encoders", "In use")
    elif wanted == row.id:
        state = incomplete
    is_chosen = wanted == row.id and not (is_built_in and library.searched)
    return replace(
        row,
        facts=translate("Encoders", "Part of Bowerbird")
        if row.id in {DEFAULT_ENCODER, ACOUSTIC_ENCODER}
        else translate("Encoders", "Trained here"),
        state=state,
        is_used=searched == row.id,
        actions=() if is_chosen else (EncoderAction("use", row.id, translate("Encoders", "Use")),),
    )


def _with_one_primary(rows: list[EncoderRow]) -> list[EncoderRow]:
    """Keep one primary action: the first use, else the first download; none once another encoder is in use."""
    primary = [action for row in rows for action in row.actions if action.is_primary]
    primary.sort(key=lambda action: action.verb != "use")
    has_other = any(row.is_used and row.id != DEFAULT_ENCODER for row in rows)
    chosen = primary[0] if primary and not has_other else None
    return [
        replace(
            row,
            actions=tuple(action if action is chosen else replace(action, is_primary=False) for action in row.actions),
        )
        for row in rows
    ]


def _distance(model: ModelState) -> int:
    """Return how much it takes to use an encoder, for sorting."""
    if model.state != "absent":
        return 0
    return 1 if model.card.source.can_be_fetched else 2


def _row(model: ModelState, searched: str, wanted: str, incomplete: str) -> EncoderRow:
    card = model.card
    is_installed = model.state not in {"absent", "partial"}
    facts = [_terms(card)]
    if not is_installed and card.source.package is not None:
        facts.append(translate("Encoders", "Package file {name}").format(name=card.source.package.wheel))
    if is_installed and model.n_disk_bytes:
        facts.append(translate("Encoders", "{size} on disk").format(size=bytes_text(model.n_disk_bytes)))
    facts.append("" if card.is_trained else translate("Encoders", "random weights, for tests only"))
    row = EncoderRow(card.id, card.title, card.about, " · ".join(fact for fact in facts if fact))
    actions: tuple[EncoderAction, ...]
    match model.state:
        case "absent":
            return _absent(row, model)
        case "partial":
            n_bytes = min(model.n_partial_bytes, model.n_download_bytes)
            state = translate("Encoders", "{done} of {total} downloaded").format(
                done=bytes_text(n_bytes) or "0 MB", total=bytes_text(model.n_download_bytes)
            )
            actions = (
                EncoderAction(
                    "fetch",
                    card.id,
                    _sized(translate("Encoders", "Resume"), model.n_download_bytes - n_bytes),
                    is_primary=True,
                ),
                _remove(model, searched, wanted),
            )
            return replace(row, state=state, actions=actions)
        case "unchecked":
            actions = (
                EncoderAction("check", card.id, translate("Encoders", "Check"), is_primary=True),
                _remove(model, searched, wanted),
            )
            return replace(row, state=translate("Encoders", "Not checked yet"), actions=actions)
        case "refused":
            again = _fetch(card, _sized(translate("Encoders", "Download again"), model.n_download_bytes))
            actions = (
                *(again or (EncoderAction("check", card.id, translate("Encoders", "Check again")),)),
                _remove(model, searched, wanted),
            )
            return replace(row, state=translate("Encoders", "Not used"), problem=model.sentence, actions=actions)
        case _:
            return _ready(row, model, searched, wanted, incomplete)


def _combined(model: ModelState, searched: str, wanted: str, incomplete: str) -> Iterator[EncoderRow]:
    """Yield the rows of a ready model that does not understand text, combined with each encoder that does."""
    for name in combined_names(model.card) if model.state == "ready" else ():
        ear = name.partition(JOINT)[0]
        is_built_in = ear == DEFAULT_ENCODER
        is_used, is_wanted = is_combination(searched, name), is_combination(wanted, name)
        state = translate("Encoders", "In use") if is_used else translate("Encoders", "Ready")
        if is_used and is_8_bit(searched):
            state = translate("Encoders", "In use, 8-bit")
        elif is_wanted and wanted != searched:
            state = incomplete
        title = translate("Encoders", "Built-in encoder and {encoder}")
        about = translate(
            "Encoders",
            "Similarity by both: {share} the built-in encoder, {other} {encoder}. "
            "The built-in encoder understands words.",
        )
        if not is_built_in:
            title = translate("Encoders", "Your encoder, {name}, and {encoder}")
            about = translate(
                "Encoders",
                "Similarity by both: {share} your encoder, {other} {encoder}. Your encoder understands words.",
            )
        encoder = short_name(model.card)
        shares = {"share": percent_text(EAR_SHARE), "other": percent_text(1.0 - EAR_SHARE)}
        use = EncoderAction("use", name, translate("Encoders", "Use"), is_primary=model.card.is_trained and is_built_in)
        yield EncoderRow(
            name,
            title.format(name=ear, encoder=encoder),
            about.format(encoder=encoder, **shares),
            _terms(model.card),
            state,
            is_used=is_used,
            actions=() if is_wanted else (use,),
        )


def _terms(card: Card) -> str:
    """Return the licence of a card's weights, and whom to name."""
    return " · ".join(text for text in (card.licence, card.attribution) if text)


def _absent(row: EncoderRow, model: ModelState) -> EncoderRow:
    card = model.card
    if card.source.kind == "checkpoint":
        source = card.source.file or translate("Encoders", "the directory")
        return replace(
            row,
            state=translate("Encoders", "Export required"),
            instructions=translate(
                "Encoders",
                "Published as a checkpoint: download {source} of {repository}, run this "
                "command in Bowerbird's source folder, then import the folder OUT.",
            ).format(source=source, repository=card.source.repository),
            command=export_command(card),
        )
    return replace(
        row,
        state=translate("Encoders", "Not downloaded"),
        actions=_fetch(card, _sized(translate("Encoders", "Download"), model.n_download_bytes)),
    )


def _fetch(card: Card, text: str) -> tuple[EncoderAction, ...]:
    return (EncoderAction("fetch", card.id, text, is_primary=True),) if card.source.can_be_fetched else ()


def _sized(text: str, n_bytes: int) -> str:
    """Return the text of a button with the size, if known."""
    return " · ".join(part for part in (text, bytes_text(n_bytes)) if part)


def _ready(row: EncoderRow, model: ModelState, searched: str, wanted: str, incomplete: str) -> EncoderRow:
    card = model.card
    is_used, is_wanted = is_alone(searched, card.id), is_alone(wanted, card.id)
    state = translate("Encoders", "In use") if is_used else translate("Encoders", "Ready")
    if is_used and is_8_bit(searched):
        state = translate("Encoders", "In use, 8-bit")
    elif is_wanted and wanted != searched:
        state = incomplete
    actions: list[EncoderAction] = []
    if not is_wanted or is_8_bit(wanted):
        actions.append(
            EncoderAction(
                "use",
                card.id,
                translate("Encoders", "Use"),
                is_primary=card.is_trained and not is_wanted and not combined_names(card),
            )
        )
    actions += [
        EncoderAction("check", card.id, translate("Encoders", "Check"), is_minor=True),
        _remove(model, searched, wanted),
    ]
    return replace(
        row,
        state=state,
        is_used=is_used,
        actions=tuple(actions),
        int8_text=_int8_text(model),
        int8_actions=tuple(_int8_actions(model, wanted)),
    )


def _int8_text(model: ModelState) -> str | None:
    if not model.has_int8:
        can_download = model.card.source.kind == "hub" and model.n_int8_bytes
        return (
            translate("Encoders", "An 8-bit version is available; it is more than twice as fast.")
            if can_download
            else None
        )
    if model.check is not None and model.check.int8_sentence:
        return model.check.int8_sentence
    if model.recall is None:
        return translate(
            "Encoders",
            "The 8-bit version is more than twice as fast. First check that it finds the same sounds in your library.",
        )
    figure = translate(
        "Encoders", "8-bit version: {share} of the 10 nearest sounds are the same, measured on {sounds}."
    ).format(share=model.recall.text, sounds=count_text(model.recall.n_sounds))
    if model.is_int8_offered:
        return figure
    least = translate("Encoders", "At least {share} is needed to use it.").format(share=f"{MIN_RECALL:.2f}")
    return f"{figure} {least}"


def _int8_actions(model: ModelState, wanted: str) -> Iterator[EncoderAction]:
    card = model.card
    if not model.has_int8:
        if card.source.kind == "hub" and model.n_int8_bytes:
            yield EncoderAction(
                "fetch_int8", card.id, _sized(translate("Encoders", "Download 8-bit"), model.n_int8_bytes)
            )
        return
    if model.is_int8_offered and not (is_alone(wanted, card.id) and is_8_bit(wanted)):
        yield EncoderAction("use", card.id + INT8_ENDING, translate("Encoders", "Use 8-bit"))
    if model.recall is None:
        yield EncoderAction("compare", card.id, translate("Encoders", "Check 8-bit version on your sounds"))
    else:
        yield EncoderAction("compare", card.id, translate("Encoders", "Check on your sounds again"), is_minor=True)


def _remove(model: ModelState, searched: str, wanted: str) -> EncoderAction:
    card = model.card
    size = f", {bytes_text(model.n_disk_bytes)}" if model.n_disk_bytes else ""
    question = translate("Encoders", "Remove the weights of {encoder}{size}?").format(
        encoder=short_name(card), size=size
    )
    if model.state not in {"absent", "partial"}:
        question += " " + translate("Encoders", "Its embeddings are kept.")
    if LibraryEncoders((), searched, wanted, 0).is_chosen(card.id):
        question += " " + translate("Encoders", "Search will use the built-in encoder.")
    return EncoderAction("remove", card.id, translate("Encoders", "Remove"), is_minor=True, question=question)


def offer_notice(library: LibraryEncoders) -> NoticeState | None:
    """Return the offer of a download to users with sounds and only the built-in encoder."""
    if not library.n_sounds or any(model.state == "ready" for model in library.models):
        return None
    model = next(
        (
            model
            for model in library.models
            if model.card.source.can_be_fetched and model.card.text and model.state in {"absent", "partial"}
        ),
        None,
    )
    if model is None:
        return None
    size = f" ({bytes_text(model.n_download_bytes)})" if model.n_download_bytes else ""
    name = short_name(model.card)
    verb = translate("Encoders", "Resume") if model.state == "partial" else translate("Encoders", "Download")
    actions = (EncoderAction("fetch", model.card.id, verb), details_action())
    text = translate(
        "Encoders",
        "The built-in encoder does not know these words. {encoder} understands more; you can download it{size}.",
    )
    return NoticeState(text.format(encoder=name, size=size), actions)
