"""The words that sounds are found by, and the vocabulary of all of them.

`sound_words` has the searched texts of each sound, `vocabulary` each word of letters that is in one of them: what is
found in the middle of words, as an inflection or written apart is looked up there first. Words of deleted sounds stay
in the vocabulary; they find nothing. Every function runs inside its caller's transaction.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from bowerbird.domain.names import is_by_character, plain, search_text

_COLUMNS: Final = ("name", "directory", "metadata")


def index_words(connection: sqlite3.Connection, sound_id: int, **texts: str) -> None:
    """Record what a sound is found by.

    Parameters
    ----------
    connection : sqlite3.Connection
    sound_id : int
    **texts : str
        New texts by column: ``name``, ``directory``, ``metadata``. Other columns stay as they are.
    """
    searched = {column: plain(search_text(texts[column])) for column in _COLUMNS if column in texts}
    changed = " OR ".join(f"{column} <> ?" for column in searched)
    cursor = connection.execute(
        f"UPDATE sound_words SET {', '.join(f'{column} = ?' for column in searched)} WHERE rowid = ? AND ({changed})",
        [*searched.values(), sound_id, *searched.values()],
    )
    if cursor.rowcount:
        _add_to_vocabulary(connection, searched.values())


def insert_words(connection: sqlite3.Connection, sound_id: int, *, name: str, directory: str) -> None:
    """Record what a new sound is found by, while nothing is known of it but its path."""
    searched = (plain(search_text(name)), plain(search_text(directory)))
    connection.execute(
        "INSERT INTO sound_words (rowid, name, directory, metadata) VALUES (?, ?, ?, '')", [sound_id, *searched]
    )
    _add_to_vocabulary(connection, searched)


def _add_to_vocabulary(connection: sqlite3.Connection, searched: Iterable[str]) -> None:
    words = {word for text in searched for word in text.split() if word.isalpha() and not is_by_character(word)}
    connection.executemany("INSERT OR IGNORE INTO vocabulary VALUES (?)", [(word,) for word in words])
