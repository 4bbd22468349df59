"""What a catalogue does, whatever stores it. Everything above this package knows only these protocols.

A catalogue stores folders and sounds, contents (the bytes that copies of a sound share), embeddings of windows,
annotations, and failures. `Reader` and `Writer` are used in the thread that opened them.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import RejectionCode
from bowerbird.catalogue.records import (
    AnalysedSounds,
    Analysis,
    AnnotatedSound,
    Annotations,
    Collection,
    EncodedWindows,
    EncoderRole,
    EventKind,
    FileStamp,
    FoldableSounds,
    Folder,
    FolderState,
    HistoryEntry,
    ListedFile,
    NamedSounds,
    PendingContent,
    PendingSound,
    PresentContent,
    RejectedGroup,
    RejectedSound,
    ScannedCounts,
    SoundDetails,
    SoundRow,
    StoredFile,
    StoredLoudness,
    StoredSearch,
    WindowSpan,
    WindowVectors,
    WordMatch,
)
from bowerbird.domain.metadata import Metadata, SoundMetadata
from bowerbird.domain.peaks import Peaks
from bowerbird.domain.query import Location, Query
from bowerbird.domain.sounds import Vectors
from bowerbird.ranking.fingerprints import StoredFingerprint

Ids: TypeAlias = npt.NDArray[np.int64]


class Catalogue(Protocol):
    """One library's catalogue."""

    def read(self) -> "Reader":
        """Open it for reading in this thread.

        Raises
        ------
        CatalogueError
            When there is none yet, or it cannot be read.
        """
        ...

    def write(self) -> "Writer":
        """Open it for writing in this thread; create it where there is none.

        Raises
        ------
        CatalogueError
            When it cannot be written, or was written by a newer program.
        """
        ...

    def lock(self, activity: str) -> AbstractContextManager[None]:
        """Hold a lock between processes, named after what is done, such as ``indexing``.

        Raises
        ------
        CatalogueError
            When another process holds it.
        """
        ...


class _Connection(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None:
        """Close it."""
        ...


class SoundReader(Protocol):
    """Folders and sounds."""

    def revision(self) -> int:
        """Return a number that grows when anybody has changed something about sounds; history and searches are not."""
        ...

    def folders(self) -> list[Folder]:
        """Return the folders that the user added, by path."""
        ...

    def folder_states(self) -> list[FolderState]:
        """Return the folders that the user added, by path: whether they can be read now, and how many sounds they have.

        This asks the file system, so a drive that sleeps may take a while.
        """
        ...

    def ignored_patterns(self) -> list[str]:
        """Return the patterns of names that scans ignore, sorted."""
        ...

    def stored_files(self, folder_id: int) -> list[StoredFile]:
        """Return the files of a folder as they were scanned last, by path."""
        ...

    def missing_ids(self, folder_id: int | None = None) -> Ids:
        """Return the ids of the sounds that the last scans did not find, in a folder or in all, shape (n,)."""
        ...

    def directories(self) -> list[tuple[Location, int]]:
        """Return every directory with sounds and the number of usable sounds directly in it."""
        ...

    def count(self) -> int:
        """Return the number of usable sounds, missing ones included."""
        ...

    def count_analysed(self) -> tuple[int, int]:
        """Return the numbers of usable, present sounds: those that were analysed, and all."""
        ...

    def list_ids(self, query: Query) -> Ids:
        """Return the ids of the sounds that match a query, in its order, shape (n,)."""
        ...

    def in_order(self, ids: Ids, query: Query) -> Ids:
        """Return those ids that are usable, in a query's order, shape (n,)."""
        ...

    def listed_files(self, sound_ids: Sequence[int]) -> dict[int, ListedFile]:
        """Return what a search needs to know of sounds, by id; ids that no longer exist are left out."""
        ...

    def rows(self, sound_ids: Sequence[int]) -> dict[int, SoundRow]:
        """Return rows by id; ids that no longer exist are left out."""
        ...

    def sound_at(self, path: Path) -> SoundRow | None:
        """Return the sound at a path; None where the library has none."""
        ...

    def details(self, sound_id: int) -> SoundDetails | None:
        """Return the properties of a sound beyond its row."""
        ...

    def loudness_at(self, path: Path) -> StoredLoudness | None:
        """Return the loudness of the sound at a path; None where the library has none, or has not analysed it."""
        ...

    def metadata(self, sound_id: int) -> SoundMetadata:
        """Return what the file and its name say about a sound; empty where they say nothing."""
        ...

    def peaks(self, content_id: int) -> Peaks | None:
        """Return the waveform peaks of a content at their base resolution."""
        ...

    def rejected(self, folder_id: int | None = None) -> list[RejectedSound]:
        """Return the present sounds that cannot be used or embedded, with reasons, by path."""
        ...

    def rejected_groups(self) -> list[RejectedGroup]:
        """Return the sounds that `rejected` would return by the class of their reasons, the largest group first."""
        ...

    def count_rejected(self) -> int:
        """Return the number of sounds that `rejected` would return."""
        ...

    def named(self, query: Query) -> NamedSounds:
        """Return all sounds that match a query and have every word of it, best first."""
        ...

    def search_words(self, query: Query, *, limit: int) -> list[WordMatch]:
        """Return the best sounds that have every word of a query; see `named`."""
        ...

    def partly_named(self, query: Query, *, limit: int) -> list[WordMatch]:
        """Return the best sounds that have some words of a query but not all, those with most of them first."""
        ...

    def known_words(self, words: AbstractSet[str], *, unfinished: str = "") -> frozenset[str]:
        """Return those words, in lower case without accents, that names, folders or metadata of the library have."""
        ...

    def sounds_of(self, content_ids: Iterable[int]) -> dict[int, list[int]]:
        """Return the usable, present sounds of each content, by content id, in the order of their names."""
        ...

    def matching_contents(self, query: Query) -> tuple[Ids, Ids]:
        """Return content ids and sound ids of the analysed, present sounds that match a query, shapes (n,)."""
        ...


class EmbeddingReader(Protocol):
    """Embeddings and the choice of encoders."""

    def analysed_sounds(self) -> AnalysedSounds:
        """Return every usable, analysed sound with what a map shows of it."""
        ...

    def encoder(self, role: EncoderRole) -> str | None:
        """Return the name of the encoder that is wanted, or searched with; None where nobody has chosen."""
        ...

    def searched_id(self) -> str | None:
        """Return the id of the encoder that is searched with; None when none was chosen, or it is not known."""
        ...

    def encoder_ids(self) -> list[str]:
        """Return the ids of all encoders that have embedded or refused a sound."""
        ...

    def window_counts(self) -> tuple[int, int]:
        """Return how many windows were ever recorded, and how many there are: a change of windows changes one."""
        ...

    def count_windows(self, *, encoder_id: str | None = None, after: int = 0) -> int:
        """Return the number of windows, of an encoder or of all, with ids above `after`."""
        ...

    def window_ids(self, encoder_id: str, *, after: int = 0) -> tuple[Ids, Ids]:
        """Return the ids above `after` and the content ids of an encoder's windows, shapes (n,), ascending by id."""
        ...

    def windows(self, encoder_id: str, n_dims: int, *, after: int = 0, limit: int = -1) -> WindowVectors:
        """Return the embeddings of an encoder's windows with ids above `after`, the first of them up to a limit."""
        ...

    def windows_with(self, encoder_id: str, n_dims: int, window_ids: Ids) -> WindowVectors:
        """Return the embeddings of those of some windows that exist and are of an encoder, ascending by id."""
        ...

    def vectors_of(self, window_ids: Ids, n_dims: int) -> Vectors:
        """Return the embeddings of windows that exist, shape (n, n_dims), in the order given."""
        ...

    def sound_windows(self, content_id: int, encoder_id: str, n_dims: int) -> Vectors:
        """Return the embeddings of one content's windows in order, shape (n, n_dims)."""
        ...

    def counted_windows(self, content_ids: Sequence[int], encoder_id: str, n_dims: int) -> tuple[Ids, Vectors]:
        """Return the content ids (n,) and embeddings (n, n_dims) of some contents' windows that count in the means."""
        ...

    def spans(self, window_ids: Ids) -> dict[int, WindowSpan]:
        """Return where windows lie in their sounds, by id."""
        ...

    def all_vectors(self, encoder_id: str, n_dims: int) -> tuple[list[Path], Vectors]:
        """Return every sound's path, sorted, and embedding, shape (n, n_dims)."""
        ...

    def content_paths(self) -> list[tuple[Path, int]]:
        """Return the path and the content id of every sound that has been decoded, by path."""
        ...

    def mean_vectors(self, encoder_id: str, n_dims: int) -> tuple[Ids, Vectors]:
        """Return every content's id, ascending, and embedding (n, n_dims)."""
        ...

    def present_contents(self) -> list[PresentContent]:
        """Return every content that a present sound has, by id."""
        ...


class AnnotationReader(Protocol):
    """Annotations, collections, history and saved searches."""

    def given_words(self, content_id: int) -> dict[str, bool]:
        """Return the words that people gave or denied a content, and whether each applies."""
        ...

    def audio_of_sounds(self, sound_ids: Sequence[int]) -> dict[int, int]:
        """Return the audio of those sounds that were analysed, by sound id, in the order given."""
        ...

    def audio_of_contents(self, content_ids: Sequence[int]) -> list[int]:
        """Return the audio of contents that exist, each once."""
        ...

    def annotations(self, sound_ids: Sequence[int]) -> dict[int, Annotations]:
        """Return what people said about those sounds that were analysed, by sound id."""
        ...

    def denied_contents(self, phrases: Sequence[str]) -> set[int]:
        """Return the contents that somebody denied one of some words."""
        ...

    def collections(self) -> list[Collection]:
        """Return the collections, by name."""
        ...

    def annotated_sounds(self) -> list[AnnotatedSound]:
        """Return every sound with annotations, by path."""
        ...

    def audio_by_hash(self, samples_hashes: Iterable[bytes], hashes: Iterable[bytes]) -> dict[bytes, int]:
        """Return audio by the hash of its samples, or of a file that has it; unknown hashes are left out."""
        ...

    def history(self, kind: EventKind, *, limit: int = 100) -> list[HistoryEntry]:
        """Return what was played, dragged or searched, the latest first, each once; without sounds that are gone."""
        ...

    def saved_searches(self) -> list[StoredSearch]:
        """Return the saved searches, by name."""
        ...


class CopyReader(Protocol):
    """Which sounds are copies of each other."""

    def foldable(self, sound_ids: Ids) -> FoldableSounds:
        """Return the groups of some sounds, those that were not analysed left out."""
        ...

    def all_copies(self) -> FoldableSounds:
        """Return the groups of all sounds that have copies."""
        ...

    def content_groups(self) -> tuple[Ids, Ids]:
        """Return contents and their groups, shapes (n,), the best first."""
        ...

    def folder_numbers(self, sound_ids: Ids) -> Ids:
        """Return a number for the folder of each sound, equal for sounds in the same folder, shape (n,)."""
        ...

    def all_folder_numbers(self) -> Ids:
        """Return the number of each sound's folder, at the index of its id; -1 at ids that no sound has."""
        ...

    def same_samples(self, sound_ids: Sequence[int]) -> set[int]:
        """Return all sounds with the same samples as one of some sounds, themselves included."""
        ...

    def sounds_with(self, *, content_hash: bytes) -> list[int]:
        """Return the sounds whose files have a content."""
        ...

    def copy_groups(self, *, is_exact: bool = False) -> list[list[int]]:
        """Return every group of at least two usable sounds that are copies, the best of each first."""
        ...

    def audio_of(self, sound_ids: Sequence[int]) -> dict[int, int]:
        """Return the id of each sound's audio: equal for sounds with the same samples."""
        ...

    def n_uncompared(self) -> int:
        """Return the number of contents that were analysed and not compared yet."""
        ...


class NamingReader(Protocol):
    """What names, folders, metadata and tags say about contents, beside their embeddings."""

    def encoded_contents(self, encoder_id: str) -> Ids:
        """Return the contents that an encoder has embedded, ascending, shape (n,)."""
        ...

    def content_texts(self, content_ids: Sequence[int]) -> dict[int, list[str]]:
        """Return the names, folders, metadata and tags of the sounds that have some contents, by content id."""
        ...

    def content_vectors(self, content_ids: Sequence[int], encoder_id: str, n_dims: int) -> tuple[Ids, Vectors]:
        """Return those contents that an encoder has embedded, ascending, and the means of their windows (n, n_dims)."""
        ...


class Reader(_Connection, SoundReader, EmbeddingReader, AnnotationReader, NamingReader, CopyReader, Protocol):
    """A catalogue open for reading."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Read one state of the catalogue while the block runs, whatever is written meanwhile."""
        ...

    def pending_folders(self, encoder_id: str) -> list[Path]:
        """Return folders with sounds that are to be analysed."""
        ...

    def count_unencoded(self, encoder_id: str) -> int:
        """Return the number of analysed, usable, present sounds that an encoder has neither embedded nor failed on."""
        ...


class SoundWriter(Protocol):
    """Folders, and what a scan finds in them."""

    def add_folder(self, path: Path) -> Folder:
        """Add a folder, or return the one that contains it already; folders below it become part of it."""
        ...

    def remove_folder(self, folder_id: int) -> None:
        """Remove a folder and its sounds from the library; the files stay where they are."""
        ...

    def hide_folder(self, folder_id: int) -> None:
        """Remove a folder with its sounds so that `show_folder` can bring them back."""
        ...

    def show_folder(self, folder_id: int) -> None:
        """Bring back a folder that `hide_folder` removed."""
        ...

    def hide_sounds(self, sound_ids: Sequence[int]) -> None:
        """Remove sounds so that `show_sounds` can bring them back."""
        ...

    def show_sounds(self, sound_ids: Sequence[int]) -> None:
        """Bring back sounds that `hide_sounds` removed."""
        ...

    def delete_hidden(self, *, folder_id: int | None = None, sound_ids: Sequence[int] | None = None) -> None:
        """Delete what `hide_folder` and `hide_sounds` removed, for good: a folder, some sounds, or else everything."""
        ...

    def watch_folder(self, folder_id: int, *, is_watched: bool) -> None:
        """Record whether changes in a folder are recognised while the program runs."""
        ...

    def move_folder(self, folder_id: int, path: Path) -> None:
        """Record that a folder with all its sounds is at another path now.

        A folder of the library at that path becomes part of it; of two rows for one file, the older one stays.

        Raises
        ------
        ValueError
            When a folder of the library is inside that path, or around it.
        """
        ...

    def ignore(self, patterns: Sequence[str]) -> None:
        """Record which names scans ignore, instead of those before."""
        ...

    def forget_rejections(self, sound_ids: Sequence[int]) -> None:
        """Forget why some sounds were rejected, so that the next scan of their folders analyses them again."""
        ...

    def delete_orphans(self) -> None:
        """Delete contents that no sound has any more."""
        ...

    def begin_scan(self) -> None:
        """Forget which sounds the last scan has seen."""
        ...

    def reconcile(self, folder: Folder, stamps: Sequence[FileStamp]) -> ScannedCounts:
        """Compare scanned files with the catalogue: add new files, reset changed files."""
        ...

    def mark_missing(self, folder: Folder, *, below: str, unread: Sequence[str] = ()) -> int:
        """Mark sounds that a finished scan did not see; return how many are newly missing."""
        ...


class AnalysisWriter(Protocol):
    """What is pending, and what was found out."""

    def count_pending(self, folder: Folder, *, below: str, encoder_id: str) -> int:
        """Return the number of sounds that have no embedding of the encoder and no failure."""
        ...

    def unidentified(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingSound]:
        """Return pending sounds that share their size with another sound or content: they may be copies."""
        ...

    def pending(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingSound]:
        """Return sounds to analyse, one for each content, in the order of folders and names."""
        ...

    def unencoded(self, folder: Folder, *, below: str, encoder_id: str) -> list[PendingContent]:
        """Return analysed contents that lack embeddings of a further encoder."""
        ...

    def record_hashes(self, hashes: Iterable[tuple[int, bytes]], encoder_id: str) -> int:
        """Record content hashes; return the number of sounds that need no analysis any more."""
        ...

    def record(
        self,
        analyses: Iterable[tuple[int, Analysis]],
        failures: Iterable[tuple[int, str, RejectionCode]],
        encoder_id: str,
    ) -> int:
        """Record a batch of outcomes; return the number of sounds that are analysed now, copies included."""
        ...

    def unread_names(self, *, limit: int) -> list[tuple[int, str]]:
        """Return ids and names of some sounds whose names were not read for metadata yet."""
        ...

    def record_names(self, names: Iterable[tuple[int, Mapping[str, str]]]) -> None:
        """Record what the names of sounds say (sound id, texts), in one transaction."""
        ...

    def count_old_words(self) -> int:
        """Return about how many sounds are found by texts that an older version made."""
        ...

    def renew_words(self, *, limit: int) -> int:
        """Make the texts anew by which some sounds are found, in one transaction; return how many sounds those are."""
        ...

    def undescribed(self, folder: Folder, *, below: str, version: int) -> list[PendingContent]:
        """Return contents whose metadata an older version read, in the order of folders and names."""
        ...

    def record_metadata(self, found: Iterable[tuple[int, Metadata]], version: int) -> None:
        """Record the metadata of contents (content id, metadata) as a version reads it, in one transaction."""
        ...

    def without_samples_hash(self, folder: Folder, *, below: str) -> list[PendingContent]:
        """Return contents whose samples have no hash or no fingerprint yet, in the order of folders and names."""
        ...

    def record_samples(self, found: Iterable[tuple[int, bytes, StoredFingerprint]]) -> None:
        """Record hashes of samples and fingerprints by content id; contents with the same hash share annotations."""
        ...

    def record_faults(self, sound_ids: Iterable[int], encoder_id: str) -> None:
        """Record that this version of the program failed on sounds by a fault of its own; the next tries them again."""
        ...


class AnnotationWriter(Protocol):
    """Annotations, collections, history and saved searches. Every change returns what undoes it."""

    def set_word(self, word: str, values: Mapping[int, bool | None]) -> dict[int, bool | None]:
        """Record whether a word applies to audio; return the former values of those that changed.

        True stands for a tag, False for a denied word, None for neither.
        """
        ...

    def set_stars(self, values: Mapping[int, int]) -> dict[int, int]:
        """Record the stars of audio, 0 for none; return the former values of those that changed."""
        ...

    def set_favourite(self, values: Mapping[int, bool]) -> dict[int, bool]:
        """Record whether audio is a favourite; return the former values of those that changed."""
        ...

    def set_note(self, values: Mapping[int, str]) -> dict[int, str]:
        """Record the notes of audio, "" for none; return the former values of those that changed."""
        ...

    def create_collection(
        self, name: str, *, collection_id: int | None = None, members: Mapping[int, float] | None = None
    ) -> int | None:
        """Create a collection; return its id, or None where there is one of that name."""
        ...

    def rename_collection(self, collection_id: int, name: str) -> str | None:
        """Rename a collection; return its former name, or None where there is another of that name."""
        ...

    def delete_collection(self, collection_id: int) -> tuple[str, dict[int, float]] | None:
        """Delete a collection; return its name, and the positions of its members by audio id; None without one."""
        ...

    def collect(self, collection_id: int, values: Mapping[int, float | None]) -> dict[int, float | None]:
        """Record the positions of audio in a collection, None to take it out; return the former positions.

        Infinity puts it at the end.
        """
        ...

    def record_event(self, kind: EventKind, what: int | str, *, at_s: float) -> None:
        """Record that a sound (its id) was played or dragged, or a text was searched; the oldest are deleted."""
        ...

    def clear_history(self) -> None:
        """Delete the history."""
        ...

    def create_search(self, name: str, state: str, *, search_id: int | None = None) -> int | None:
        """Save a search; return its id, or None where there is one of that name."""
        ...

    def change_search(self, search: StoredSearch) -> StoredSearch | None:
        """Give a saved search, by its id, a name and a state; return what it was, None where it is gone.

        Raises
        ------
        ValueError
            When another has the name.
        """
        ...

    def delete_search(self, search_id: int) -> StoredSearch | None:
        """Delete a saved search; return what it was."""
        ...


class CopyWriter(Protocol):
    """Finding copies."""

    def audio_to_compare(self) -> list[int]:
        """Return audio whose fingerprint was not compared with the others yet."""
        ...

    def fingerprint_keys(self) -> tuple[Ids, Ids]:
        """Return the ids of all audio with a fingerprint, and its keys, shapes (n,)."""
        ...

    def fingerprints(self, audio_ids: Sequence[int]) -> dict[int, bytes]:
        """Return the stored fingerprints of audio, by its id; those of quiet sounds are left out."""
        ...

    def copied_audio(self) -> list[tuple[int, int]]:
        """Return audio that has copies, and its group."""
        ...

    def record_copies(self, found: Iterable[tuple[int, Sequence[int]]]) -> None:
        """Record for audio which other audio is a copy of it, and that it was compared, in one transaction."""
        ...


class Writer(_Connection, SoundWriter, AnalysisWriter, AnnotationWriter, CopyWriter, Protocol):
    """A catalogue open for writing."""

    def together(self) -> AbstractContextManager[None]:
        """Commit everything that is written while a block runs at its end, or nothing if it fails."""
        ...

    def record_windows(
        self, windows: Iterable[EncodedWindows], failures: Iterable[tuple[int, str]], encoder_id: str
    ) -> None:
        """Record a batch of window embeddings, and contents (id, reason) that have none."""
        ...

    def set_encoder(self, role: EncoderRole, name: str, encoder_id: str | None = None) -> None:
        """Record which encoder is wanted, or searched with; the id says with which weights."""
        ...

    def delete_embeddings(self, encoder_id: str) -> int:
        """Delete an encoder's embeddings; return the number of windows that had one."""
        ...
