"""Copies are told from other sounds by their fingerprints: processed sounds, and others that are hard to tell apart."""

import io
import itertools

import numpy as np
import pytest
import soundfile
import soxr

from bowerbird.audio.fingerprint import FingerprintMeter
from bowerbird.ranking.fingerprints import Candidates, Fingerprint, copies_among, key_of, stored

RATE_HZ = 44_100


def seconds(duration_s):
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def kick(hz, decay, seed):
    t = seconds(0.4)
    body = np.sin(2 * np.pi * (hz * t + 1.5 * (1 - np.exp(-t * 40)))) * np.exp(-t * decay)
    return 0.7 * body + 0.2 * hiss(seed, len(t)) * np.exp(-t * 300)


def snare(hz, decay, seed):
    t = seconds(0.3)
    return 0.3 * np.sin(2 * np.pi * hz * t) * np.exp(-t * 30) + 0.3 * hiss(seed, len(t)) * np.exp(-t * decay)


def hat(decay, seed):
    """Filtered noise: the seed is the take."""
    t = seconds(0.25)
    return 0.3 * np.diff(hiss(seed, len(t) + 1)) * np.exp(-t * decay)


def tone(hz, *, n_partials=5, duration_s=0.8, seed=0):
    t = seconds(duration_s)
    shape = np.minimum(1, t / 0.02) * np.exp(-t * 2.5)
    wobble = 0.003 * np.sin(2 * np.pi * (4 + seed) * t + seed)
    return 0.2 * shape * sum(np.sin(2 * np.pi * hz * n * (t + wobble)) / n for n in range(1, n_partials + 1))


def hiss(seed, n):
    return np.random.default_rng(seed).normal(0, 0.3, n)


def steps(seed):
    """Four clicks, at random times."""
    samples = np.zeros(round(1.2 * RATE_HZ))
    rng = np.random.default_rng(seed)
    for start_s in np.sort(rng.uniform(0, 0.9, 4)):
        start = round(start_s * RATE_HZ)
        t = seconds(0.1)
        samples[start : start + len(t)] += hiss(int(1e4 * start_s), len(t)) * np.exp(-t * rng.uniform(40, 90))
    return samples


SOUNDS = {
    "kick": kick(50, 12, 1),
    "another kick": kick(62, 20, 2),
    "snare": snare(190, 35, 3),
    "another snare": snare(240, 20, 4),
    "closed hat": hat(60, 5),
    "open hat": hat(14, 6),
    "tone": tone(220),
    "bell": tone(741, n_partials=3, duration_s=1.5),
    "bass": tone(55, n_partials=9),
    "rain": 0.3 * hiss(7, RATE_HZ) * (1 + 0.5 * np.sin(2 * np.pi * 3 * seconds(1.0))),
    "footsteps": steps(8),
    "other footsteps": steps(9),
}


def encoded(samples, rate_hz, **options):
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, **options)
    file.seek(0)
    return soundfile.read(file, dtype="float32")


def padded(samples):
    silence = np.zeros(round(0.1 * RATE_HZ))
    return np.concatenate([silence, samples, silence])


def faded(samples):
    gain = np.ones(len(samples))
    n_in, n_out = round(0.001 * RATE_HZ), len(samples) // 10
    gain[:n_in] = np.linspace(0, 1, n_in)
    gain[-n_out:] = np.linspace(1, 0, n_out)
    return samples * gain


KINDS = {
    "MP3": lambda samples: encoded(samples, RATE_HZ, format="MP3"),
    "Ogg Vorbis": lambda samples: encoded(samples, RATE_HZ, format="OGG", subtype="VORBIS"),
    "-6 dB": lambda samples: (0.5 * samples, RATE_HZ),
    "100 ms of silence": lambda samples: (padded(samples), RATE_HZ),
    "48 kHz": lambda samples: (soxr.resample(samples, RATE_HZ, 48_000), 48_000),
    "faded": lambda samples: (faded(samples), RATE_HZ),
}


def fingerprint(samples, rate_hz=RATE_HZ, *, n_block=1 << 16):
    meter = FingerprintMeter(rate_hz)
    samples = np.asarray(samples, np.float32)
    for start in range(0, len(samples), n_block):
        meter.push(samples[start : start + n_block])
    measured = meter.finish()
    assert measured is not None
    return Fingerprint.from_bytes(measured.to_bytes())


def pairs_found(fingerprints):
    """The pairs that are candidates and copies, as positions."""
    candidates = Candidates(np.arange(len(fingerprints)), np.array([key_of(each) for each in fingerprints]))
    found = set()
    for number, each in enumerate(fingerprints):
        near = candidates.near(number, limit=100).tolist()
        found |= {(number, near[index]) for index in copies_among(each, [fingerprints[other] for other in near])}
    return {pair for pair in found if pair[0] < pair[1]}


def test_processed_sounds_are_copies_of_their_original_and_of_no_other_sound():
    made = [(name, fingerprint(samples)) for name, samples in SOUNDS.items()]
    made += [(name, fingerprint(*kind(samples))) for name, samples in SOUNDS.items() for kind in KINDS.values()]
    right = {
        (first, second)
        for first, second in itertools.combinations(range(len(made)), 2)
        if made[first][0] == made[second][0]
    }
    found = pairs_found([each for _, each in made])
    assert found <= right, [(made[first][0], made[second][0]) for first, second in found - right]
    assert len(found & right) / len(right) >= 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_copy_is_found(kind):
    originals = [fingerprint(samples) for samples in SOUNDS.values()]
    copies = [fingerprint(*KINDS[kind](samples)) for samples in SOUNDS.values()]
    found = pairs_found([*originals, *copies])
    assert sum((number, number + len(SOUNDS)) in found for number in range(len(SOUNDS))) >= len(SOUNDS) - 1


@pytest.mark.parametrize(
    "others",
    [
        [soxr.resample(SOUNDS["tone"], 100, 100 * 2 ** (-semitones / 12)) for semitones in (0, 1, 2, -1)],
        [soxr.resample(SOUNDS["kick"], 100, 100 * 2 ** (-semitones / 12)) for semitones in (0, 1, 2, -1)],
        [tone(330, seed=take) for take in range(4)],
        [snare(190, 35, take) for take in range(20, 25)],
        [hat(60, take) for take in range(20, 25)],
        [hat(decay, 5) for decay in (14, 30, 60, 100)],
        [0.4 * np.sin(2 * np.pi * 440 * 2 ** (semitone / 12) * seconds(1.0)) for semitone in range(5)],
        [0.3 * hiss(take, RATE_HZ) for take in range(30, 34)],
        [kick(50, decay, 1) for decay in (8, 12, 20)],
        [steps(take) for take in range(40, 44)],
    ],
    ids=["pitch", "pitch of kicks", "takes", "snares", "hats", "lengths of hats", "sines", "noises", "kicks", "steps"],
)
def test_other_sounds_are_not_copies(others):
    assert pairs_found([fingerprint(samples) for samples in others]) == set()


def test_sounds_that_begin_alike_are_not_copies():
    whole = np.concatenate([SOUNDS["kick"], SOUNDS["snare"], SOUNDS["bell"]])
    other = np.concatenate([SOUNDS["kick"], SOUNDS["another snare"], SOUNDS["open hat"]])
    assert pairs_found([fingerprint(whole), fingerprint(other), fingerprint(SOUNDS["kick"])]) == set()


def test_a_cut_is_not_a_copy():
    held = 0.3 * np.sin(2 * np.pi * 330 * seconds(2.0))
    rain = 0.3 * hiss(50, 2 * RATE_HZ) * (1 + 0.5 * np.sin(2 * np.pi * 3 * seconds(2.0)))
    for sound in (held, rain):
        assert pairs_found([fingerprint(sound), fingerprint(sound[: len(sound) * 2 // 3])]) == set()


def test_the_size_of_blocks_does_not_matter():
    whole = fingerprint(SOUNDS["footsteps"])
    assert fingerprint(SOUNDS["footsteps"], n_block=1000).to_bytes() == whole.to_bytes()


def test_silence_has_no_fingerprint():
    meter = FingerprintMeter(RATE_HZ)
    meter.push(np.zeros(RATE_HZ, np.float32))
    assert stored(meter.finish()).data is None


def test_a_fingerprint_is_small():
    assert len(fingerprint(np.tile(SOUNDS["rain"], 30)).to_bytes()) <= 640


def test_the_nearest_candidates_come_first_and_are_limited():
    keys = np.array([key_of(fingerprint(SOUNDS["rain"]))] * 5 + [key_of(fingerprint(SOUNDS["kick"]))])
    keys[3] += 1
    assert Candidates(np.arange(10, 16), keys).near(10, limit=3).tolist() == [11, 12, 14]
    assert Candidates(np.arange(10, 16), keys).near(10, limit=9).tolist() == [11, 12, 14, 13]


def test_candidates_are_all_sounds_within_reach_and_no_others():
    rng = np.random.default_rng(4)
    coordinates = np.clip(rng.normal(128, 12, (3000, 6)).round().astype(np.int64), 0, 255)
    coordinates[:50] = rng.choice([0, 1, 5, 250, 255], (50, 6))
    keys = (coordinates << (8 * np.arange(5, -1, -1))).sum(axis=1)
    candidates = Candidates(np.arange(3000) + 7, keys)
    for number in (*range(40), *range(1000, 1100)):
        is_near = (np.abs(coordinates - coordinates[number]) <= 6).all(axis=1)
        expected = {int(each) + 7 for each in np.flatnonzero(is_near)} - {number + 7}
        assert set(candidates.near(number + 7, limit=3000).tolist()) == expected
