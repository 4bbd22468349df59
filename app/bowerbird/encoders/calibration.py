"""The calibration of an encoder's scores: a TOML file beside its card, valid for one id."""

import logging
import tomllib
from pathlib import Path
from typing import Any, Final

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path
from bowerbird.encoders.protocol import Encoder
from bowerbird.ranking.calibration import QUERY_KINDS, Calibration, Curve, QueryKind

logger = logging.getLogger(__name__)

CALIBRATION_ENDING: Final = ".calibration.toml"


def calibration_of(encoder: Encoder) -> Calibration | None:
    """Return the shipped calibration of an encoder; None if it has none, or one that was made for other weights.

    A damaged one is logged and not used: searches then have ranks only.
    """
    path = models_path() / f"{encoder.name}{CALIBRATION_ENDING}"
    if not path.is_file():
        return None
    try:
        calibration = read_calibration(path)
    except EncoderError as error:
        logger.warning("matches have ranks only: %s", error)
        return None
    return calibration if calibration.encoder_id == encoder.id else None


def read_calibration(path: Path) -> Calibration:
    """Read what `calibration_text` has made.

    Raises
    ------
    EncoderError
        When the file cannot be read.
    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        curves = {kind: _curve(table[_key(kind)]) for kind in QUERY_KINDS if _key(kind) in table}
        return Calibration(str(table["encoder_id"]), curves)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as error:
        raise EncoderError(f"{path} is not a valid calibration. Install Bowerbird again.") from error


def calibration_text(calibration: Calibration, *, comment: str) -> str:
    """Return the file of a calibration.

    Parameters
    ----------
    calibration : Calibration
    comment : str
        What it was fitted on, of any number of lines.
    """
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines.append(f'encoder_id = "{calibration.encoder_id}"')
    for kind, curve in calibration.curves.items():
        lines += ["", f"[{_key(kind)}]"]
        lines += [f"{name} = {getattr(curve, name):.6g}" for name in ("intercept", "cosine", "margin", "trained")]
    return "\n".join(lines) + "\n"


def _key(kind: QueryKind) -> str:
    return kind.replace(" ", "_")


def _curve(table: dict[str, Any]) -> Curve:
    return Curve(*(float(table[name]) for name in ("intercept", "cosine", "margin", "trained")))
