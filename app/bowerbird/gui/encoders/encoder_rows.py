"""The encoders as the window lists them: a row each, with what can be done."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from bowerbird.base.text import bytes_text, count_text
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, trained_ears
from bowerbird.encoders.weights.cards import INT8_ENDING, Card
from bowerbird.gui.encoders.encoder_texts import (
    DETAILS,
    Act,
    QuietLine,
    is_8_bit,
    short_title,
)
from bowerbird.library.encoders.choice import is_of_model
from bowerbird.library.encoders.model_states import ModelState, export_command
from bowerbird.library.encoders.recall import MIN_RECALL

_INCOMPLETE: Final = "Chosen, not complete yet: F5 goes on"
_BEING_COMPLETED: Final = "Chosen, being completed"


@dataclass(frozen=True, slots=True)
class ModelRow:
    """An encoder as people see it.

    Attributes
    ----------
    id, title, about : str
    facts : str
        Licence and size, as far as they are known.
    state : str
        In a few words.
    is_used : bool
        Searches use it now.
    is_enabled : bool
        Its acts can be done; not while a job goes on.
    complaint : str
        Why it is not used.
    way, command : str
        How its weights are made, and by which command; "" where they need not be.
    acts : tuple of Act
    small_remark : str
        Of the 8-bit version.
    small_acts : tuple of Act
    """

    id: str
    title: str
    about: str
    facts: str = ""
    state: str = ""
    is_used: bool = False
    is_enabled: bool = True
    complaint: str = ""
    way: str = ""
    command: str = ""
    acts: tuple[Act, ...] = ()
    small_remark: str = ""
    small_acts: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is here.

    Attributes
    ----------
    models : tuple of ModelState
    searched, wanted : str or None
        Names of the encoders that searches use, and that the library is to have; None for the built-in one.
    n_sounds : int
        In the library.
    serving : str
        Name of the encoder that serves where nobody chose: the built-in one, or an older one until that heard every
        sound.
    """

    models: tuple[ModelState, ...]
    searched: str | None
    wanted: str | None
    n_sounds: int
    serving: str = DEFAULT_ENCODER

    def has_chosen(self, encoder_id: str) -> bool:
        """Say whether an encoder's weights, of either size, are used or to be used."""
        return any(is_of_model(name, encoder_id) for name in (self.searched, self.wanted) if name)

    @property
    def chosen(self) -> str | None:
        """Name of the encoder with weights that is to be used, or is; None where the built-in one is enough."""
        return self.wanted or self.searched

    def has_ready(self, name: str) -> bool:
        """Say whether an encoder's weights may be used."""
        return any(model.state == "ready" for model in self.models if is_of_model(name, model.card.id))

    def card_of(self, name: str) -> Card | None:
        """Return an encoder's card; None where it is unknown."""
        return next((model.card for model in self.models if is_of_model(name, model.card.id)), None)


def are_others(before: Card | None, after: Card | None) -> bool:
    """Say whether weights were replaced by others: their vectors are others too. More files are no other ones."""
    if before is None or after is None:
        return False
    digests = {role: file.sha256 for role, file in after.files.items()}
    return any(file.sha256 and digests.get(role) != file.sha256 for role, file in before.files.items())


def rows_of(inventory: Inventory, *, is_busy: bool = False, is_indexing: bool = False) -> list[ModelRow]:
    """Return a row for each encoder: the built-in ones, those that are here, those that can come."""
    incomplete = _BEING_COMPLETED if is_indexing else _INCOMPLETE
    searched = inventory.searched or inventory.serving
    wanted = inventory.wanted or DEFAULT_ENCODER
    ready = [
        (DEFAULT_ENCODER, "Built-in ear", "Hears what words mean, and compares timbre, pitch, envelope and the rest."),
        (ACOUSTIC_ENCODER, "Descriptors alone", "Timbre, brightness, pitch, envelope, loudness and length; no words."),
        *((name, f"Your ear, {name}", "The built-in ear, tuned to your own sounds.") for name in trained_ears()),
    ]
    rows = [
        *(_without_weights(ModelRow(*words), inventory, searched, wanted, incomplete) for words in ready),
        *(_row(model, searched, wanted, incomplete) for model in sorted(inventory.models, key=_distance)),
    ]
    return [replace(row, is_enabled=not is_busy) for row in _with_one_proposed(rows)]


def _without_weights(row: ModelRow, inventory: Inventory, searched: str, wanted: str, incomplete: str) -> ModelRow:
    is_built_in = row.id == DEFAULT_ENCODER
    state = "Always ready" if is_built_in else "Ready"  # the others go through every sound first
    if searched == row.id:
        state = "Used now"
    elif wanted == row.id:
        state = incomplete
    is_chosen = wanted == row.id and not (is_built_in and inventory.searched)
    return replace(
        row,
        facts="Part of Bowerbird" if row.id in {DEFAULT_ENCODER, ACOUSTIC_ENCODER} else "Trained here",
        state=state,
        is_used=searched == row.id,
        acts=() if is_chosen else (Act("use", row.id, "Use"),),
    )


def _with_one_proposed(rows: list[ModelRow]) -> list[ModelRow]:
    """Leave one proposal: the first use, else the first download; none once another encoder serves."""
    proposed = [act for row in rows for act in row.acts if act.is_proposed]
    proposed.sort(key=lambda act: act.verb != "use")
    is_served = any(row.is_used and row.id != DEFAULT_ENCODER for row in rows)
    chosen = proposed[0] if proposed and not is_served else None
    return [
        replace(row, acts=tuple(act if act is chosen else replace(act, is_proposed=False) for act in row.acts))
        for row in rows
    ]


def _distance(model: ModelState) -> int:
    """How far an encoder is from being used."""
    if model.state != "absent":
        return 0
    return 1 if model.card.source.kind == "hub" else 2


def _row(model: ModelState, searched: str, wanted: str, incomplete: str) -> ModelRow:
    card = model.card
    is_here = model.state not in {"absent", "partial"}
    facts = [card.licence, f"{bytes_text(model.n_disk_bytes)} on disk" if is_here and model.n_disk_bytes else ""]
    facts.append("" if card.is_trained else "random weights: what they find means nothing")
    row = ModelRow(card.id, card.title, card.about, " · ".join(fact for fact in facts if fact))
    acts: tuple[Act, ...]
    match model.state:
        case "absent":
            return _absent(row, model)
        case "partial":
            here = min(model.n_partial_bytes, model.n_download_bytes)
            state = f"{bytes_text(here) or '0 MB'} of {bytes_text(model.n_download_bytes)} here"
            acts = (
                Act("fetch", card.id, _sized("Resume", model.n_download_bytes - here), is_proposed=True),
                _remove(model, searched, wanted),
            )
            return replace(row, state=state, acts=acts)
        case "unproven":
            acts = (Act("check", card.id, "Check", is_proposed=True), _remove(model, searched, wanted))
            return replace(row, state="Here, not checked yet", acts=acts)
        case "refused":
            again = _fetch(card, _sized("Download again", model.n_download_bytes))
            acts = (*(again or (Act("check", card.id, "Check again"),)), _remove(model, searched, wanted))
            return replace(row, state="Not used", complaint=model.sentence, acts=acts)
        case _:
            return _ready(row, model, searched, wanted, incomplete)


def _absent(row: ModelRow, model: ModelState) -> ModelRow:
    card = model.card
    if card.source.kind == "checkpoint":
        what = f"`{card.source.file}`" if card.source.file else "the directory"
        return replace(
            row,
            state="Exported first",
            way=f"It comes as a checkpoint: get {what} of {card.source.repository}, run this with the program's "
            "source, then import the folder OUT.",
            command=export_command(card),
        )
    return replace(
        row,
        state="Not downloaded",
        acts=_fetch(card, _sized("Download", model.n_download_bytes)),
    )


def _fetch(card: Card, text: str) -> tuple[Act, ...]:
    return (Act("fetch", card.id, text, is_proposed=True),) if card.source.kind == "hub" else ()


def _sized(text: str, n_bytes: int) -> str:
    """What a button says, with the size where it is known."""
    return " · ".join(part for part in (text, bytes_text(n_bytes)) if part)


def _ready(row: ModelRow, model: ModelState, searched: str, wanted: str, incomplete: str) -> ModelRow:
    card = model.card
    is_used, is_wanted = is_of_model(searched, card.id), is_of_model(wanted, card.id)
    state = "Used now" if is_used else "Ready"
    if is_used and is_8_bit(searched):
        state = "Used now, 8-bit"
    elif is_wanted and wanted != searched:
        state = incomplete
    acts: list[Act] = []
    if not is_wanted or is_8_bit(wanted):
        acts.append(Act("use", card.id, "Use", is_proposed=card.is_trained and not is_wanted))
    acts += [Act("check", card.id, "Check", is_minor=True), _remove(model, searched, wanted)]
    return replace(
        row,
        state=state,
        is_used=is_used,
        acts=tuple(acts),
        small_remark=_small_remark(model),
        small_acts=tuple(_small_acts(model, wanted)),
    )


def _small_remark(model: ModelState) -> str:
    if not model.has_int8:
        can_come = model.card.source.kind == "hub" and model.n_int8_bytes
        return "There is an 8-bit version, more than twice as fast." if can_come else ""
    if model.proof is not None and model.proof.int8_sentence:
        return model.proof.int8_sentence
    if model.recall is None:
        return "The 8-bit version is more than twice as fast. Your own sounds tell whether it finds the same."
    figure = (
        f"8-bit version: {model.recall.text} of the nearest ten are the same, "
        f"on {count_text(model.recall.n_sounds)} of yours"
    )
    if model.is_int8_offered:
        return f"{figure}."
    return f"{figure}. It is not offered below {MIN_RECALL:.2f}."


def _small_acts(model: ModelState, wanted: str) -> Iterator[Act]:
    card = model.card
    if not model.has_int8:
        if card.source.kind == "hub" and model.n_int8_bytes:
            yield Act("fetch_int8", card.id, _sized("Download 8-bit", model.n_int8_bytes))
        return
    if model.is_int8_offered and not (is_of_model(wanted, card.id) and is_8_bit(wanted)):
        yield Act("use", card.id + INT8_ENDING, "Use 8-bit")
    if model.recall is None:
        yield Act("compare", card.id, "Check the fast 8-bit version on your sounds")
    else:
        yield Act("compare", card.id, "Check on your sounds again", is_minor=True)


def _remove(model: ModelState, searched: str, wanted: str) -> Act:
    card = model.card
    size = f", {bytes_text(model.n_disk_bytes)}" if model.n_disk_bytes else ""
    question = f"Remove the weights of {card.title}{size}?"
    if model.state not in {"absent", "partial"}:
        question += " What it made of your sounds is kept."
    if Inventory((), searched, wanted, 0).has_chosen(card.id):
        question += " Searches go back to the built-in ear."
    return Act("remove", card.id, "Remove", is_minor=True, question=question)


def offer_line(inventory: Inventory) -> QuietLine | None:
    """Return the offer to who has sounds and only the small ear; None for no offer."""
    if not inventory.n_sounds or any(model.state == "ready" for model in inventory.models):
        return None
    can_come = [one for one in inventory.models if one.card.source.kind == "hub" and one.state in {"absent", "partial"}]
    if not can_come:
        return None
    model = can_come[0]
    size = f", {bytes_text(model.n_download_bytes)}" if model.n_download_bytes else ""
    what = f"{short_title(model.card.id)} can be downloaded{size}"
    verb = "Resume" if model.state == "partial" else "Download"
    acts = (Act("fetch", model.card.id, verb), DETAILS)
    return QuietLine(f"A larger ear for long descriptions: {what}.", acts)
