"""Visible texts of presenters, where a translator finds them; presenters import no Qt.

Widgets use Qt's own ``self.tr("…")``. Both are collected by ``pyside6-lupdate``: a context and a literal text.
"""

from collections.abc import Callable

_translator: Callable[[str, str], str] | None = None


def translate(context: str, text: str) -> str:
    """Return a text in the language of the window; as it stands without a translator.

    Parameters
    ----------
    context : str
        The part of the window that shows it.
    text : str
        In English, with ``{names}`` for what is filled in afterwards by `str.format`.
    """
    return text if _translator is None else _translator(context, text)


def use_translator(translator: Callable[[str, str], str]) -> None:
    """Translate with a function of context and text from now on."""
    global _translator  # noqa: PLW0603 - Qt has one translator per program, too
    _translator = translator


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: ARG001 - the name that lupdate looks for
    """Return a text as it stands; it is collected for translation here and translated where it is shown."""
    return text
