"""Messages of decoders never reach the terminal: stderr of a command contains only our own sentences."""

import json
import os
import threading

import pytest
import soundfile
from bowerbird_command import bowerbird

from bowerbird.audio.decode import silenced_stderr
from sounds import noise, sine, write


@pytest.fixture
def damaged(tmp_path):
    """An MP3 that mpg123 complains about on stderr and cannot decode."""
    path = tmp_path / "damaged.mp3"
    soundfile.write(path, noise(0, duration_s=3.0, rate_hz=44_100, level=0.1), 44_100, format="MP3")
    data = bytearray(path.read_bytes())
    data[4_000:9_000] = bytes(5_000)
    path.write_bytes(data)
    return path


@pytest.fixture
def garbled(tmp_path):
    """An MP3 that mpg123 decodes with complaints on stderr."""
    path = tmp_path / "sounds" / "garbled.mp3"
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, noise(0, duration_s=3.0, rate_hz=44_100, level=0.1), 44_100, format="MP3")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.fixture
def library(tmp_path, garbled):
    write(garbled.parent / "kick.wav", sine(60, duration_s=0.2))
    done = bowerbird("index", garbled.parent)
    assert (done.code, done.complaints) == (0, "")


@pytest.mark.usefixtures("library")
def test_a_damaged_example_is_our_sentence_alone(damaged):
    done = bowerbird("search", "--like", damaged)
    assert done.code == 2
    assert done.complaints.startswith("damaged.mp3 cannot be decoded")
    assert len(done.complaints.splitlines()) == 1


@pytest.mark.usefixtures("library")
def test_an_example_that_decodes_with_complaints_leaves_stderr_empty(garbled):
    done = bowerbird("search", "--like", garbled, "--json")
    assert (done.code, done.complaints) == (0, "")
    assert json.loads(done.out.splitlines()[0])["rank"] == 1


def test_standard_error_is_restored_after_the_last_thread_leaves(capfd):
    entered, leave = threading.Event(), threading.Event()

    def decode():
        with silenced_stderr:
            entered.set()
            assert leave.wait(10)

    thread = threading.Thread(target=decode)
    thread.start()
    assert entered.wait(10)
    with silenced_stderr:
        os.write(2, b"mpg123: first\n")
    os.write(2, b"mpg123: second\n")  # the other thread is still inside
    leave.set()
    thread.join(10)
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"


def test_standard_error_is_restored_after_an_error(capfd):
    with pytest.raises(ZeroDivisionError), silenced_stderr:
        1 / 0  # noqa: B018
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"
