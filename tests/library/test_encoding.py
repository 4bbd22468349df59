"""Stage three: a further encoder's vectors, the same however they come about, and never lost or wrong."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import killing
import numpy as np
import pytest
from stage import of_kind, run

import encoding_stage
import tiny_weights
from analyses import dump
from bowerbird.base.errors import AudioError, EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.events import EncoderReady, FolderListed, Progress, SoundNotEncoded, SoundRejected
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.encoders.weights.cards import AudioTower, Card, Source, WeightFile
from bowerbird.encoders.weights.self_check import SelfCheck, write_self_check
from bowerbird.encoders.weights.store import Weights, sha256_of, write_card
from bowerbird.jobs.control import Control
from bowerbird.library.indexing import analysis
from bowerbird.library.indexing import worker_pool as workers
from bowerbird.library.indexing.analysis import N_WINDOWS_AT_ONCE, content_hash, encode_windows
from encoding_stage import Here, done_by, run_further, vectors_of
from sounds import noise, sine, write

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")

TINY = tiny_weights.NAME
LONG = "long.wav"
N_LONG = 2 * N_WINDOWS_AT_ONCE + 2
SHORT_S = (0.003, 0.2, 0.5, 1.0, 3.7, 9.99, 10.5, 12.0)
N_CONTENTS = len(SHORT_S) + 1


@pytest.fixture(autouse=True)
def weights():
    return tiny_weights.have()


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """Short sounds, a copy of one, a broken one, and one of many windows; listed and analysed. Not to be changed."""
    root = tmp_path_factory.mktemp("sounds")
    for number, duration_s in enumerate(SHORT_S):
        write(root / "short" / f"{number}.wav", noise(number, duration_s=duration_s, n_channels=1 + number % 2))
    shutil.copyfile(root / "short" / "3.wav", root / "short" / "copy of 3.wav")
    (root / "short" / "broken.wav").write_bytes(b"RIFF" + bytes(200))
    write(root / "long" / LONG, noise(99, duration_s=10 * N_LONG, rate_hz=8000), 8000)
    library = tmp_path_factory.mktemp("library")
    run(library, root)
    return library, root


@pytest.fixture
def library(analysed, tmp_path):
    return shutil.copytree(analysed[0], tmp_path / "library")


@pytest.fixture
def root(analysed):
    return analysed[1]


@pytest.fixture
def few(tmp_path, monkeypatch):
    """A library of three sounds of one's own: (library, folder)."""
    for number in range(3):
        write(tmp_path / "few" / f"{number}.wav", noise(number, duration_s=0.2))
    with monkeypatch.context() as patched:
        Here(patched)
        run(tmp_path / "few library", tmp_path / "few")
    return tmp_path / "few library", tmp_path / "few"


@pytest.fixture
def here(monkeypatch):
    return Here(monkeypatch)


def alone(root, encoder):
    """What an encoder makes of each sound by itself, in this process: bytes by content hash and number."""
    found = {}
    for path in root.rglob("*.wav"):
        digest = content_hash(path)
        if path.name == "broken.wav" or (digest, 0) in found:
            continue
        parts = [part.vectors for part in encode_windows(path, encoder, content_hash=digest, n_known=0)]
        found |= {(digest, number): vector.tobytes() for number, vector in enumerate(np.concatenate(parts))}
    return found


def bytes_of(library, encoder):
    return {key: vector for key, (_, _, vector) in vectors_of(library, encoder.id).items()}


@pytest.mark.parametrize("name", [TINY, f"{TINY}-int8"])
def test_alone_in_a_crowd_and_with_one_worker_or_two_the_vectors_are_the_same_bit_for_bit(
    library, root, tmp_path, name
):
    encoder = encoder_named(name)
    expected = alone(root, encoder)
    assert len(expected) == N_LONG + len(SHORT_S) + 1
    other = shutil.copytree(library, tmp_path / "other")
    summary, _ = run_further(library, root, further=name, n_workers=1)
    assert bytes_of(library, encoder) == expected
    assert (summary.n_encoded, summary.n_analysed, summary.n_rejected) == (N_CONTENTS, 0, 1)
    run_further(other, root / "long", further=name, n_workers=2)
    assert len(bytes_of(other, encoder)) == N_LONG
    run_further(other, root, further=name, n_workers=2)
    assert bytes_of(other, encoder) == expected


def test_spans_are_those_of_analysis(library, root, here):
    run_further(library, root / "short", further=TINY)
    acoustic = vectors_of(library, encoder_named(DEFAULT_ENCODER).id)
    further = vectors_of(library, encoder_named(TINY).id)
    assert len(further) == len(SHORT_S) + 1
    assert {key: span[:2] for key, span in further.items()} == {key: acoustic[key][:2] for key in further}


def test_what_is_analysed_is_encoded_in_the_same_run(tmp_path, here):
    write(tmp_path / "sounds" / "a.wav", sine(duration_s=0.2))
    summary, events = run_further(tmp_path / "library", tmp_path / "sounds", further=TINY)
    assert (summary.n_analysed, summary.n_encoded) == (1, 1)
    assert [event.activity for event in of_kind(events, Progress)] == ["", "", TINY, TINY]


def test_a_second_run_encodes_nothing_and_starts_no_worker(few, monkeypatch):
    library, root = few
    with monkeypatch.context() as patched:
        Here(patched)
        run_further(library, root, further=TINY)
    monkeypatch.setattr(workers, "serve", killing.serve_never)
    before = dump(library)
    summary, events = run_further(library, root, further=TINY)
    assert summary.n_encoded == 0
    assert of_kind(events, Progress) == []
    assert dump(library) == before


def test_a_copy_costs_nothing_now_or_later(few, here):
    library, folder = few
    shutil.copyfile(folder / "0.wav", folder / "copy.wav")
    summary, _ = run_further(library, folder, further=TINY)
    assert (summary.n_copies, summary.n_encoded, here.n_encoded) == (1, 3, 3)
    shutil.copyfile(folder / "1.wav", folder / "later copy.wav")
    summary, _ = run_further(library, folder, further=TINY)
    assert (summary.n_copies, summary.n_encoded, here.n_encoded) == (1, 0, 3)


def test_progress_counts_sounds_and_ends_with_everything_done(library, root, here, monkeypatch):
    monkeypatch.setattr(workers, "RECORD_EVERY_S", 0.0)
    _, events = run_further(library, root, further=TINY)
    steps = [event for event in of_kind(events, Progress) if event.activity == TINY]
    assert [step.n_done for step in steps] == sorted(step.n_done for step in steps)
    assert (steps[0].n_done, steps[0].left_s) == (0, None)
    assert {step.n_total for step in steps} == {N_CONTENTS}
    assert (steps[-1].n_done, steps[-1].left_s) == (N_CONTENTS, 0)
    half_way = next(step for step in steps if step.left_s)
    assert (half_way.n_done, half_way.n_total) == (0, N_CONTENTS)  # the long one comes first, bit by bit


# Interrupted


def begun(library, root):
    """How many windows of the long sound have vectors."""
    digest = content_hash(root / "long" / LONG)
    return sum(key[0] == digest for key in vectors_of(library, encoder_named(TINY).id))


def cancelled_after_a_part(control):
    """Cancel once the first part of a sound was recorded."""
    seen = []

    def post(event):
        if isinstance(event, Progress) and event.activity:
            seen.append(event)
            if len(seen) == 2:
                control.cancel()

    return post


def test_a_cancelled_run_keeps_the_part_it_has_and_the_next_goes_on_there(library, root, monkeypatch):
    control = Control()
    with monkeypatch.context() as patched:
        patched.setattr(workers, "serve", encoding_stage.serve_beginnings)
        patched.setattr(workers, "RECORD_EVERY_S", 0.0)
        summary, events = run_further(
            library, root / "long", further=TINY, control=control, post=cancelled_after_a_part(control)
        )
    assert (summary.is_cancelled, summary.n_encoded) == (True, 0)
    assert of_kind(events, EncoderReady) == []
    encoder = encoder_named(TINY)
    assert begun(library, root) == N_WINDOWS_AT_ONCE
    assert done_by(library, encoder.id) == {}
    here = Here(monkeypatch)
    summary, _ = run_further(library, root / "long", further=TINY)
    assert (summary.n_encoded, here.n_encoded) == (1, N_LONG - N_WINDOWS_AT_ONCE)
    digest = content_hash(root / "long" / LONG)
    assert bytes_of(library, encoder) == {
        key: vector for key, vector in alone(root / "long", encoder).items() if key[0] == digest
    }
    assert done_by(library, encoder.id) == {digest: None}


def test_a_run_cancelled_again_and_again_comes_to_its_end(library, root, here, monkeypatch):
    monkeypatch.setattr(workers, "RECORD_EVERY_S", 0.0)
    counts = []
    for _ in range(3):
        control = Control()
        run_further(library, root / "long", further=TINY, control=control, post=cancelled_after_a_part(control))
        counts.append(begun(library, root))
    assert counts == [N_WINDOWS_AT_ONCE, 2 * N_WINDOWS_AT_ONCE, N_LONG]
    assert here.n_encoded == N_LONG


@posix
def test_a_program_killed_in_the_midst_of_a_sound_loses_nothing_that_it_told(library, root, tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys; sys.path.insert(0, sys.argv[3])\n"
        "import encoding_stage\nfrom bowerbird.library.indexing import encoding, worker_pool as workers\n"
        "from bowerbird.__main__ import main\n"
        "if __name__ == '__main__':\n"
        "    workers.serve = encoding_stage.serve_beginnings\n"
        "    workers.RECORD_EVERY_S = 0.0\n"
        f"    main(['index', sys.argv[1], '--library', sys.argv[2], '--json', '--encoder', '{TINY}'])\n"
    )
    arguments = [program, root / "long", library, Path(__file__).parents[1]]
    with subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "app")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        told = list(_until(process.stdout, n=2, word=f'"activity": "{TINY}"'))
        os.kill(process.pid, signal.SIGKILL)
    assert len(told) == 2
    assert begun(library, root) == N_WINDOWS_AT_ONCE
    here = Here(monkeypatch)
    run_further(library, root / "long", further=TINY)
    assert here.n_encoded == N_LONG - N_WINDOWS_AT_ONCE
    assert bytes_of(library, encoder_named(TINY)) == alone(root / "long", encoder_named(TINY))


def _until(lines, *, n, word):
    """Yield lines with a word, until there were so many."""
    for line in lines:
        if word in line:
            yield line
            n -= 1
            if not n:
                return


# What cannot be encoded


@posix
def test_a_file_that_kills_two_workers_is_named_and_keeps_everything_else(few, monkeypatch):
    library, folder = few
    write(folder / "killer.wav", noise(5, duration_s=10 * N_WINDOWS_AT_ONCE + 20, rate_hz=8000), 8000)
    with monkeypatch.context() as patched:
        Here(patched)
        run(library, folder)
    before = dump(library)
    monkeypatch.setattr(workers, "serve", encoding_stage.serve_killers)
    summary, events = run_further(library, folder, further=TINY)
    reason = "Decoding killer.wav crashed twice. Re-export it."
    assert of_kind(events, SoundNotEncoded) == [SoundNotEncoded(str(folder / "killer.wav"), reason)]
    assert of_kind(events, SoundRejected) == []
    assert (summary.n_encoded, summary.n_rejected) == (3, 1)
    encoder = encoder_named(TINY)
    assert sorted(done_by(library, encoder.id).values(), key=lambda failure: failure or "") == [
        None,
        None,
        None,
        reason,
    ]
    assert {number for digest, number in bytes_of(library, encoder)} <= set(range(N_WINDOWS_AT_ONCE))
    after = dump(library)
    assert [row for row in after["windows"] if row[1] != encoder.id] == before["windows"]
    assert {key: after[key] for key in ("sounds", "contents", "words")} == {
        key: before[key] for key in ("sounds", "contents", "words")
    }
    monkeypatch.setattr(workers, "serve", killing.serve_never)
    _, events = run_further(library, folder, further=TINY)
    assert of_kind(events, SoundNotEncoded) == []
    assert of_kind(events, SoundRejected) == [SoundRejected(str(folder / "killer.wav"), reason, is_known=True)]
    with SqliteReader(library) as reader:
        assert [(sound.path.name, sound.reason) for sound in reader.rejected()] == [("killer.wav", reason)]
        assert reader.count_rejected() == 1


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_file_that_changed_since_it_was_analysed_gets_no_vectors_until_it_is_analysed_again(few, here, is_gone):
    library, folder = few
    path = folder / "1.wav"
    old = content_hash(path)
    stat = path.stat()

    def change(event):
        if isinstance(event, FolderListed):
            path.unlink()
            if not is_gone:
                write(path, noise(77, duration_s=0.2))  # as long as it was: only its content tells
                os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    summary, events = run_further(library, folder, further=TINY, post=change)
    (told,) = of_kind(events, SoundNotEncoded)
    assert told.path == str(path)
    assert told.reason.startswith("Cannot find 1.wav" if is_gone else "1.wav has changed since it was analysed.")
    assert told.reason.endswith((".", "?"))
    encoder = encoder_named(TINY)
    assert summary.n_encoded == 2
    assert old not in {digest for digest, _ in bytes_of(library, encoder)}
    assert old not in done_by(library, encoder.id)
    write(path, noise(78, duration_s=0.3))
    summary, events = run_further(library, folder, further=TINY)
    assert (summary.n_analysed, summary.n_encoded, of_kind(events, SoundNotEncoded)) == (1, 1, [])
    assert bytes_of(library, encoder) == alone(folder, encoder)


def test_a_file_that_cannot_be_decoded_again_is_told_once_and_not_asked_again(few, here, monkeypatch):
    library, folder = few
    encode = analysis.encode_windows

    def refuse(path, encoder, **options):
        if path.name == "1.wav":
            raise AudioError("`1.wav` ends before its header says. Re-export it, or hide it.")
        yield from encode(path, encoder, **options)

    monkeypatch.setattr(analysis, "encode_windows", refuse)
    for n_told in (1, 0):
        _, events = run_further(library, folder, further=TINY)
        assert len(of_kind(events, SoundNotEncoded)) == n_told
    assert sum(failure is not None for failure in done_by(library, encoder_named(TINY).id).values()) == 1


def test_a_network_that_refuses_one_sound_is_told_and_asked_again(few, here, monkeypatch):
    library, folder = few
    encode = analysis.encode_windows

    def refuse(path, encoder, **options):
        if path.name == "1.wav":
            raise EncoderError("audio.onnx cannot use it. Fix the card.")
        yield from encode(path, encoder, **options)

    with monkeypatch.context() as patched:
        patched.setattr(analysis, "encode_windows", refuse)
        _, events = run_further(library, folder, further=TINY)
        assert len(of_kind(events, SoundNotEncoded)) == 1
    assert run_further(library, folder, further=TINY)[0].n_encoded == 1


def test_harmed_weights_end_the_run_with_a_sentence_and_what_was_analysed_stays(few, weights):
    library, folder = few
    write(folder / "new.wav", sine(duration_s=0.1))
    further = encoder_named(TINY)
    tiny_weights.swap(weights.folder / "audio.onnx")
    with pytest.raises(EncoderError, match=r"audio\.onnx of clap-tiny .+\. Run `bowerbird models import"):
        run_further(library, folder, further=further)
    assert bytes_of(library, further) == {}
    with SqliteReader(library) as reader:
        assert reader.sound_at(folder / "new.wav").duration_s == pytest.approx(0.1)
        assert reader.encoder("searched") is None


def test_a_network_that_cannot_take_a_single_sample_encodes_longer_sounds_all_the_same(few):
    library, folder = few
    graph = Path(__file__).parents[1] / "encoders" / "graphs" / "frames.onnx"
    source = weights_path() / "waves"
    source.mkdir()
    shutil.copyfile(graph, source / "audio.onnx")
    audio = AudioTower("waveform", 8000, 4, "bt", "samples", "vectors", short="nothing")
    file = WeightFile("audio.onnx", graph.stat().st_size, sha256_of(graph))
    card = Card("waves", "Waves", "", "CC0-1.0", Source("own"), {"audio": file}, audio)
    write_card(card, source / "card.toml")
    write_self_check(Weights(card, source), SelfCheck(1.0))
    assert run_further(library, folder, further="waves")[0].n_encoded == 3
