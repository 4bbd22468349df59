"""Fixtures of the playback tests: a player on a fake output, and a real sound server to listen to."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from playback_speaker import Speaker
from playback_stage import Stage

import pulse


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.fixture(scope="session")
def pulse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pulse.PulseServer]:
    """A running sound server for the session; tests that need it are skipped where there cannot be one."""
    if why := pulse.missing():
        pytest.skip(why)
    server = pulse.PulseServer(tmp_path_factory.mktemp("pulse"))
    try:
        server.start()
    except TimeoutError as error:
        pytest.skip(f"PulseAudio does not start here: {error}")
    yield server
    server.kill()


@pytest.fixture(scope="session")
def session_ears(pulse_server: pulse.PulseServer) -> Iterator[pulse.Ears]:
    with pulse.Ears(pulse_server) as ears:
        yield ears


@pytest.fixture
def ears(session_ears: pulse.Ears) -> pulse.Ears:
    """A recording that begins now."""
    session_ears.forget()
    return session_ears


@pytest.fixture
def speaker(pulse_server: pulse.PulseServer) -> Iterator[Speaker]:
    with Speaker(pulse_server.env) as speaker:
        yield speaker
