"""Synthesise the demo sounds: ``python resources/demo/generate.py [OUT]``.

Sixteen kinds of four sounds each. A kind is a function of its parameters and a random generator that is seeded by
the sound's name, so every sound is the same each time and apart from all others. The recipes are textbook ones:
swept sines, shaped noise, modal partials, plucked strings after Karplus and Strong, frequency modulation, grains.
"""

import sys
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 44_100
PEAK = 10 ** (-1 / 20)
COMMENT = "Made by Bowerbird's demo generator. CC0."

Rng = np.random.Generator
Array = np.ndarray


def seconds(length_s: float) -> Array:
    """Return the time of each frame."""
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def phase_of(hz: Array) -> Array:
    """Return the phase in radians of a tone with changing frequency."""
    return 2 * np.pi * np.cumsum(hz) / RATE_HZ


def filtered(x: Array, gain: Callable[[Array], Array]) -> Array:
    """Multiply the spectrum of a signal by a function of frequency in Hz."""
    padded = np.fft.rfft(x, 2 * len(x))
    return np.fft.irfft(padded * gain(np.fft.rfftfreq(2 * len(x), 1 / RATE_HZ)), 2 * len(x))[: len(x)]


def low(hz: float, order: float = 4) -> Callable[[Array], Array]:
    """Apply a low-pass filter."""
    return lambda f: 1 / np.sqrt(1 + (f / hz) ** (2 * order))


def band(low_hz: float, high_hz: float, order: float = 4) -> Callable[[Array], Array]:
    """Apply a band-pass filter."""

    def gain(f: Array) -> Array:
        floor = 1 + (low_hz / np.maximum(f, 1e-3)) ** (2 * order)
        return 1 / np.sqrt(floor * (1 + (f / high_hz) ** (2 * order)))

    return gain


def noise(rng: Rng, length_s: float, shape: Callable[[Array], Array]) -> Array:
    """Return noise with a given spectrum and unit power."""
    x = filtered(rng.standard_normal(round(length_s * RATE_HZ)), shape)
    return x / np.sqrt(np.mean(x**2))


def wander(rng: Rng, length_s: float, rate_hz: float) -> Array:
    """Return a slow random walk between 0 and 1 with a given rate of turns."""
    n_points = max(4, round(length_s * rate_hz) + 3)
    points = rng.uniform(0, 1, n_points)
    at = np.linspace(0, n_points - 1.001, round(length_s * RATE_HZ))
    whole = at.astype(int)
    mix = 0.5 - 0.5 * np.cos(np.pi * (at - whole))
    return points[whole] * (1 - mix) + points[whole + 1] * mix


def add_grain(out: Array, grain: Array, at_s: float) -> None:
    """Add a grain at a time, truncated at the end."""
    first = round(at_s * RATE_HZ)
    n = min(len(grain), len(out) - first)
    if n > 0:
        out[first : first + n] += grain[:n]


def kick(rng: Rng, *, hz: float, drop: float, decay_s: float, click: float, drive: float, length_s: float) -> Array:
    """A swept sine and a beater."""
    t = seconds(length_s)
    body = np.sin(phase_of(hz * (1 + drop * np.exp(-t / 0.018) + 0.6 * np.exp(-t / 0.09)))) * np.exp(-t / decay_s)
    beater = noise(rng, length_s, band(1500, 7000)) * np.exp(-t / 0.003)
    return np.tanh(drive * body) / np.tanh(drive) + click * 0.3 * beater


def snare(rng: Rng, *, hz: float, ring_s: float, wires_s: float, wires: float, low_hz: float, length_s: float) -> Array:
    """Two ringing heads, and rattling snare wires."""
    t = seconds(length_s)
    bend = 1 + 0.25 * np.exp(-t / 0.01)
    shell = sum(
        level * np.sin(phase_of(hz * ratio * bend)) * np.exp(-t / (ring_s / ratio))
        for ratio, level in ((1, 1.0), (1.78, 0.6), (2.45, 0.25))
    )
    rattle = noise(rng, length_s, band(low_hz, 9500, 2)) * (0.75 * np.exp(-t / wires_s) + 0.5 * np.exp(-t / 0.008))
    return shell + wires * 0.5 * rattle


def hat(rng: Rng, *, hz: float, decay_s: float, metal: float, length_s: float) -> Array:
    """Six inharmonic square waves, high-passed, and noise."""
    t = seconds(length_s)
    ratios = np.array([2.0, 3.0, 4.16, 5.43, 6.79, 8.21])
    plates = sum(np.sign(np.sin(2 * np.pi * hz * ratio * t + rng.uniform(0, 6))) for ratio in ratios)
    plates = filtered(plates, band(7000, 15_000, 6))
    air = noise(rng, length_s, band(8000, 16_000, 5))
    tone = metal * plates / np.sqrt(np.mean(plates**2)) + (1 - metal) * air
    return tone * (0.6 * np.exp(-t / decay_s) + 0.4 * np.exp(-t / (decay_s / 5)))


def clap(rng: Rng, *, n_hands: int, spread_s: float, tail_s: float, centre_hz: float, length_s: float) -> Array:
    """Several hands, slightly out of time."""
    t = seconds(length_s)
    strikes = np.cumsum(rng.uniform(0.7, 1.3, n_hands)) * spread_s
    envelope = np.zeros(len(t))
    for at_s in strikes - strikes[0]:
        later = t - at_s
        envelope += np.where(later >= 0, np.exp(-np.maximum(later, 0) / 0.004), 0)
    later = t - (strikes[-1] - strikes[0])
    envelope += np.where(later >= 0, 0.7 * np.exp(-np.maximum(later, 0) / tail_s), 0)
    return noise(rng, length_s, band(centre_hz * 0.6, centre_hz * 2.2, 2)) * envelope


def bass(_rng: Rng, *, hz: float, open_hz: float, close_s: float, odd: float, length_s: float) -> Array:
    """A saw or square with a closing filter."""
    t = seconds(length_s)
    cutoff_hz = hz * 1.5 + open_hz * np.exp(-t / close_s)
    x = np.zeros(len(t))
    for n in range(1, int(5000 / hz)):
        level = (1.0 if n % 2 else 1 - odd) / n
        x += level * np.sin(2 * np.pi * hz * n * t) / (1 + (n * hz / cutoff_hz) ** 4)
    hold = np.minimum(1, (length_s - t) / (0.25 * length_s))
    return np.tanh(1.5 * x) * np.exp(-t / (1.2 * length_s)) * hold * np.minimum(1, t / 0.004)


def pad(rng: Rng, *, hz: float, chord: tuple[float, ...], bright_hz: float, length_s: float) -> Array:
    """A swelling detuned chord, different in each channel."""
    t = seconds(length_s)
    sides = []
    for _ in range(2):
        x = np.zeros(len(t))
        for semitones in chord:
            for cents in (-7, 0, 6):
                tone_hz = hz * 2 ** ((semitones + (cents + rng.uniform(-2, 2)) / 100) / 12)
                shake = 1 + 0.0008 * np.sin(2 * np.pi * rng.uniform(3, 5) * t + rng.uniform(0, 6))
                phase = phase_of(tone_hz * shake) + rng.uniform(0, 6)
                for n in range(1, max(2, int(2.5 * bright_hz / tone_hz)) + 1):
                    x += np.sin(n * phase) / n / (1 + (n * tone_hz / bright_hz) ** 3)
        sides.append(x)
    swell = np.sin(np.pi * np.minimum(t / length_s, 1)) ** 0.7
    return np.stack(sides, axis=1) * swell[:, np.newaxis]


def bell(rng: Rng, *, hz: float, ring_s: float, hardness: float, length_s: float) -> Array:
    """Beating inharmonic partials; higher partials decay faster."""
    t = seconds(length_s)
    # Hum, prime, tierce, quint, nominal and upper partials, tuned like a church bell.
    partials = ((0.5, 0.5, 1.6), (1, 1.0, 1.0), (1.2, 0.7, 0.8), (1.5, 0.4, 0.65), (2, 0.8, 0.6))
    partials += ((2.52, 0.5, 0.4), (3.01, 0.35, 0.3), (4.17, 0.3, 0.2), (5.43, 0.22, 0.14), (6.8, 0.15, 0.1))
    x = np.zeros(len(t))
    for ratio, level, life in partials:
        beat_hz = rng.uniform(0.3, 1.2)
        if hz * ratio < 16_000:
            tone = np.sin(2 * np.pi * hz * ratio * t) + 0.4 * np.sin(2 * np.pi * (hz * ratio + beat_hz) * t)
            x += level * hardness ** max(0, ratio - 2) * tone * np.exp(-t / (ring_s * life))
    return x * np.minimum(1, t / 0.001) + 0.3 * noise(rng, length_s, band(3000, 9000)) * np.exp(-t / 0.004)


def pluck(rng: Rng, *, hz: float, damping: float, bright_hz: float, length_s: float) -> Array:
    """A plucked string (Karplus-Strong): a noise burst in a filtered delay loop."""
    n, period = round(length_s * RATE_HZ), round(RATE_HZ / hz - 0.5)
    string = filtered(rng.uniform(-1, 1, period), low(bright_hz, 2))
    string -= string.mean()
    pick = max(1, round(0.18 * period))  # plucked near the bridge: a comb
    string = string - np.roll(string, pick)
    x = np.zeros(n + period)
    for begin in range(0, n, period):
        x[begin : begin + period] = string
        string = damping * 0.5 * (string + np.roll(string, 1))
    return filtered(x[:n], band(60, 12_000, 2))


def laser(_rng: Rng, *, from_hz: float, to_hz: float, fall_s: float, metal: float, length_s: float) -> Array:
    """A fast falling tone."""
    t = seconds(length_s)
    hz = to_hz + (from_hz - to_hz) * np.exp(-t / fall_s)
    phase = phase_of(hz)
    x = np.sin(phase + metal * np.sin(phase * 1.5)) + 0.3 * np.sin(2 * phase)
    return x * np.exp(-t / (0.5 * length_s)) * np.minimum(1, t / 0.002)


def beep(_rng: Rng, *, notes: tuple[float, ...], note_s: float, buzz: float, length_s: float) -> Array:
    """Notes of a user interface."""
    x = np.zeros(round(length_s * RATE_HZ))
    for number, hz in enumerate(notes):
        t = seconds(note_s)
        turn = 2 * np.pi * hz * t
        tone = np.sin(turn) + buzz * (np.sin(3 * turn) / 3 + np.sin(5 * turn) / 5)
        edge = np.minimum(1, np.minimum(t, note_s - t) / 0.004)
        add_grain(x, tone * edge, number * note_s * 1.25)
    return x


def rain(
    rng: Rng, *, hiss: float, drops_hz: float, drop_hz: float, drop_s: float, top_hz: float, length_s: float
) -> Array:
    """Hiss and resonant drops."""
    sides = []
    n_drops = round(drops_hz * length_s)
    when_s, tones_hz = rng.uniform(0, length_s, n_drops), drop_hz * 2 ** rng.normal(0, 0.6, n_drops)
    loud, side = rng.pareto(2.2, n_drops) + 0.2, rng.uniform(0, 1, n_drops)
    t = seconds(6 * drop_s)
    for channel in range(2):
        x = hiss * noise(rng, length_s, band(700, top_hz, 1.5)) * (0.8 + 0.4 * wander(rng, length_s, 3))
        for at_s, hz, level, across in zip(when_s, tones_hz, loud, side, strict=True):
            share = across if channel else 1 - across
            ping = np.sin(2 * np.pi * min(hz, 12_000) * t * (1 + 0.1 * t / drop_s)) * np.exp(-t / drop_s)
            add_grain(x, min(level, 4) * share * ping * np.minimum(1, t / 0.0004), at_s)
        sides.append(x)
    return np.stack(sides, axis=1)


def wind(rng: Rng, *, centre_hz: float, gust_hz: float, howl: float, length_s: float) -> Array:
    """Noise bands opened by gusts, and a whistle."""
    gust = wander(rng, length_s, gust_hz)
    sides = []
    for _ in range(2):
        x = np.zeros(round(length_s * RATE_HZ))
        for step in range(7):
            middle_hz = centre_hz * 2 ** ((step - 3) / 2)
            near = np.exp(-((step - 1.5 - 4 * gust) ** 2) / 3)
            x += near * noise(rng, length_s, band(middle_hz * 0.75, middle_hz * 1.3, 3)) / (1 + 0.15 * step)
        whistle_hz = centre_hz * 1.6 * 2 ** (0.8 * (gust - 0.5))
        breath = noise(rng, length_s, low(30, 2))
        x += howl * np.sin(phase_of(whistle_hz) + 2 * breath) * gust**2
        sides.append(x * (0.35 + gust))
    return np.stack(sides, axis=1)


def thunder(rng: Rng, *, crack: float, rolls: int, dark_hz: float, length_s: float) -> Array:
    """A crack, and rolling rumble."""
    t = seconds(length_s)
    envelope = np.exp(-t / 0.9) * np.minimum(1, t / 0.02)
    for at_s in np.sort(rng.uniform(0.1, 0.65 * length_s, rolls)):
        later = np.maximum(t - at_s, 0)
        envelope += rng.uniform(0.4, 0.9) * np.minimum(1, later / 0.08) * np.exp(-later / 0.35) * (t > at_s)
    rumble = noise(rng, length_s, band(28, dark_hz, 1.5)) * (0.6 + 0.6 * wander(rng, length_s, 14))
    tear = noise(rng, length_s, band(300, 3500, 1)) * np.exp(-t / 0.22)
    bursts = np.zeros(len(t))
    for at_s in rng.exponential(0.12, 45):
        grain = seconds(0.02)
        add_grain(bursts, rng.uniform(0.3, 1.5) * np.exp(-grain / 0.003), at_s)
    close = np.minimum(1, (length_s - t) / (0.4 * length_s))
    return (rumble * envelope + crack * tear * (0.25 + bursts)) * close


def footsteps(
    rng: Rng,
    *,
    pace_s: float,
    thump_hz: float,
    thump: float,
    grit: float,
    low_hz: float,
    high_hz: float,
    grains: int,
    length_s: float,
) -> Array:
    """Heel and toe: a thump, and the texture of the ground."""
    x = np.zeros(round(length_s * RATE_HZ))
    for step in range(int((length_s - 0.25) / pace_s) + 1):
        level = rng.uniform(0.8, 1.0)
        for late_s, share in ((0.0, 1.0), (0.085 + rng.uniform(0, 0.02), 0.55)):  # heel, then toe
            t = seconds(0.22)
            hz = thump_hz * rng.uniform(0.92, 1.08) * (1 + 0.4 * np.exp(-t / 0.01))
            foot = thump * np.sin(phase_of(hz)) * np.exp(-t / 0.025) * np.minimum(1, t / 0.001)
            scuff = np.exp(-t / 0.012)
            for at_s in rng.exponential(0.035, grains):
                scuff += np.where(t >= at_s, np.exp(-np.maximum(t - at_s, 0) / 0.004), 0) * rng.uniform(0.2, 0.9)
            ground = noise(rng, 0.22, band(low_hz, high_hz, 2)) * scuff * np.minimum(1, (0.22 - t) / 0.05)
            foot = foot + 0.4 * grit * ground
            add_grain(x, level * share * foot, 0.004 + step * pace_s + late_s)
    return x


def chirp(rng: Rng, *, hz: float, sweep: float, syllable_s: float, n: int, trill_hz: float, length_s: float) -> Array:
    """Syllables with rising and falling pitch."""
    x = np.zeros(round(length_s * RATE_HZ))
    for number in range(n):
        t = seconds(syllable_s * rng.uniform(0.85, 1.15))
        at = t / t[-1]
        tune = hz * rng.uniform(0.95, 1.05) * 2 ** (sweep * (np.sin(np.pi * at) - 0.7 * at))
        tune = tune * (1 + 0.05 * np.sin(2 * np.pi * trill_hz * t))
        voice = np.sin(phase_of(tune)) + 0.12 * np.sin(2 * phase_of(tune))
        add_grain(x, voice * np.sin(np.pi * at) ** 1.5 * rng.uniform(0.7, 1), 0.01 + number * (length_s - 0.03) / n)
    return x


def engine(
    rng: Rng, *, fire_hz: float, rise: float, rough: float, formants: tuple[float, ...], length_s: float
) -> Array:
    """Firing cylinders through the resonances of pipes."""
    t = seconds(length_s)
    hz = fire_hz * (1 + rise * (t / length_s) ** 1.5) * (1 + 0.02 * (wander(rng, length_s, 6) - 0.5))
    turns = np.cumsum(hz) / RATE_HZ
    fires = np.flatnonzero(np.diff(np.floor(turns), prepend=0) > 0)
    cylinder = 1 + rough * rng.uniform(-0.5, 0.5, 4)
    grain = seconds(0.06)
    x = np.zeros(len(t))
    for number, first in enumerate(fires):
        level = cylinder[number % 4] * rng.uniform(1 - 0.3 * rough, 1)
        pulse = sum(
            np.sin(2 * np.pi * formant * grain) * np.exp(-grain / (2.2 / formant)) / (1 + number)
            for number, formant in enumerate(formants)
        )
        add_grain(x, level * pulse, first / RATE_HZ)
    exhaust = noise(rng, length_s, band(150, 1800, 1)) * (turns % 1 < 0.3)
    ends = np.minimum(1, np.minimum(t / 0.08, (length_s - t) / 0.15))
    return filtered(x + 0.12 * rough * exhaust, band(30, 5000, 1.5)) * ends


MAJOR, MINOR, SUS, FIFTHS = (0, 4, 7, 12), (0, 3, 7, 10), (0, 5, 7, 14), (0, 7, 12, 19)

SOUNDS: tuple[tuple[str, Callable[[Rng], Array]], ...] = (
    ("Drums/Kick/Kick Deep 01", partial(kick, hz=44, drop=4, decay_s=0.22, click=0.4, drive=1.2, length_s=0.8)),
    ("Drums/Kick/Kick Punchy 02", partial(kick, hz=56, drop=5, decay_s=0.12, click=0.9, drive=1.8, length_s=0.5)),
    ("Drums/Kick/Kick Soft 03", partial(kick, hz=50, drop=2.5, decay_s=0.16, click=0.15, drive=0.8, length_s=0.6)),
    ("Drums/Kick/Kick Hard 04", partial(kick, hz=52, drop=7, decay_s=0.15, click=1.2, drive=3.0, length_s=0.5)),
    (
        "Drums/Snare/Snare Fat 01",
        partial(snare, hz=165, ring_s=0.12, wires_s=0.13, wires=0.9, low_hz=1200, length_s=0.5),
    ),
    (
        "Drums/Snare/Snare Tight 02",
        partial(snare, hz=210, ring_s=0.06, wires_s=0.06, wires=1.0, low_hz=1800, length_s=0.28),
    ),
    (
        "Drums/Snare/Snare Bright 03",
        partial(snare, hz=230, ring_s=0.08, wires_s=0.11, wires=1.4, low_hz=2500, length_s=0.4),
    ),
    (
        "Drums/Snare/Snare Brushy 04",
        partial(snare, hz=190, ring_s=0.07, wires_s=0.16, wires=1.5, low_hz=1500, length_s=0.5),
    ),
    ("Drums/Hat/Hat Closed 01", partial(hat, hz=330, decay_s=0.03, metal=0.5, length_s=0.14)),
    ("Drums/Hat/Hat Closed Crisp 02", partial(hat, hz=370, decay_s=0.022, metal=0.3, length_s=0.11)),
    ("Drums/Hat/Hat Half Open 03", partial(hat, hz=345, decay_s=0.09, metal=0.5, length_s=0.32)),
    ("Drums/Hat/Hat Open 04", partial(hat, hz=325, decay_s=0.16, metal=0.6, length_s=0.55)),
    (
        "Drums/Clap/Clap Classic 01",
        partial(clap, n_hands=4, spread_s=0.010, tail_s=0.07, centre_hz=1300, length_s=0.35),
    ),
    ("Drums/Clap/Clap Tight 02", partial(clap, n_hands=3, spread_s=0.007, tail_s=0.035, centre_hz=1600, length_s=0.22)),
    ("Drums/Clap/Clap Crowd 03", partial(clap, n_hands=7, spread_s=0.012, tail_s=0.09, centre_hz=1200, length_s=0.45)),
    ("Drums/Clap/Clap Roomy 04", partial(clap, n_hands=4, spread_s=0.011, tail_s=0.13, centre_hz=1400, length_s=0.55)),
    ("Synth/Bass/Bass Round E1", partial(bass, hz=41.2, open_hz=300, close_s=0.15, odd=0.0, length_s=0.9)),
    ("Synth/Bass/Bass Growl G1", partial(bass, hz=49.0, open_hz=1800, close_s=0.25, odd=0.1, length_s=0.9)),
    ("Synth/Bass/Bass Hollow A1", partial(bass, hz=55.0, open_hz=700, close_s=0.3, odd=0.9, length_s=1.0)),
    ("Synth/Bass/Bass Stab C2", partial(bass, hz=65.4, open_hz=1400, close_s=0.06, odd=0.0, length_s=0.5)),
    ("Synth/Pad/Pad Warm C Major", partial(pad, hz=130.8, chord=MAJOR, bright_hz=500, length_s=2.1)),
    ("Synth/Pad/Pad Dusk A Minor", partial(pad, hz=110.0, chord=MINOR, bright_hz=400, length_s=2.1)),
    ("Synth/Pad/Pad Glass D Sus", partial(pad, hz=146.8, chord=SUS, bright_hz=900, length_s=1.9)),
    ("Synth/Pad/Pad Wide G Fifths", partial(pad, hz=98.0, chord=FIFTHS, bright_hz=600, length_s=2.1)),
    ("Synth/Bell/Bell Temple Low", partial(bell, hz=330, ring_s=0.9, hardness=0.75, length_s=2.2)),
    ("Synth/Bell/Bell Chapel Mid", partial(bell, hz=523, ring_s=0.7, hardness=0.85, length_s=1.8)),
    ("Synth/Bell/Bell Hand High", partial(bell, hz=880, ring_s=0.5, hardness=0.9, length_s=1.4)),
    ("Synth/Bell/Bell Glass Tiny", partial(bell, hz=1397, ring_s=0.4, hardness=1.0, length_s=1.1)),
    ("Synth/Pluck/Pluck Nylon D3", partial(pluck, hz=146.8, damping=0.996, bright_hz=3000, length_s=1.2)),
    ("Synth/Pluck/Pluck Steel G3", partial(pluck, hz=196.0, damping=0.998, bright_hz=8000, length_s=1.2)),
    ("Synth/Pluck/Pluck Muted A3", partial(pluck, hz=220.0, damping=0.96, bright_hz=2500, length_s=0.6)),
    ("Synth/Pluck/Pluck Harp E4", partial(pluck, hz=329.6, damping=0.997, bright_hz=5000, length_s=1.1)),
    ("Synth/Laser/Laser Zap 01", partial(laser, from_hz=5000, to_hz=180, fall_s=0.05, metal=0.6, length_s=0.35)),
    ("Synth/Laser/Laser Pew 02", partial(laser, from_hz=3200, to_hz=300, fall_s=0.09, metal=0.3, length_s=0.4)),
    ("Synth/Laser/Laser Heavy 03", partial(laser, from_hz=2600, to_hz=80, fall_s=0.12, metal=1.6, length_s=0.6)),
    ("Synth/Laser/Laser Long Dive 04", partial(laser, from_hz=6500, to_hz=120, fall_s=0.2, metal=0.8, length_s=0.8)),
    ("Interface/Beep/Beep Confirm", partial(beep, notes=(880.0, 1318.5), note_s=0.09, buzz=0.1, length_s=0.25)),
    ("Interface/Beep/Beep Error", partial(beep, notes=(440.0, 330.0), note_s=0.12, buzz=0.9, length_s=0.32)),
    ("Interface/Beep/Beep Tick", partial(beep, notes=(1760.0,), note_s=0.08, buzz=0.0, length_s=0.12)),
    ("Interface/Beep/Beep Alert", partial(beep, notes=(1046.5, 1046.5, 1046.5), note_s=0.1, buzz=0.4, length_s=0.42)),
    (
        "Nature/Rain/Rain Light On Leaves",
        partial(rain, hiss=0.10, drops_hz=90, drop_hz=3200, drop_s=0.003, top_hz=9000, length_s=1.0),
    ),
    (
        "Nature/Rain/Rain Heavy On Roof",
        partial(rain, hiss=0.45, drops_hz=420, drop_hz=1500, drop_s=0.004, top_hz=6000, length_s=1.0),
    ),
    (
        "Nature/Rain/Rain Steady Street",
        partial(rain, hiss=0.4, drops_hz=220, drop_hz=2600, drop_s=0.003, top_hz=8000, length_s=1.0),
    ),
    (
        "Nature/Rain/Rain Dripping Gutter",
        partial(rain, hiss=0.08, drops_hz=45, drop_hz=1100, drop_s=0.009, top_hz=5000, length_s=1.0),
    ),
    ("Nature/Wind/Wind Gentle Field", partial(wind, centre_hz=350, gust_hz=1.2, howl=0.0, length_s=1.55)),
    ("Nature/Wind/Wind Howling Window", partial(wind, centre_hz=420, gust_hz=1.6, howl=1.3, length_s=1.55)),
    ("Nature/Wind/Wind Gusts Ridge", partial(wind, centre_hz=300, gust_hz=2.4, howl=0.2, length_s=1.55)),
    ("Nature/Wind/Wind Cold Plain", partial(wind, centre_hz=520, gust_hz=1.4, howl=0.5, length_s=1.35)),
    ("Nature/Thunder/Thunder Close Crack", partial(thunder, crack=1.3, rolls=3, dark_hz=160, length_s=2.1)),
    ("Nature/Thunder/Thunder Distant Roll", partial(thunder, crack=0.1, rolls=5, dark_hz=90, length_s=2.4)),
    ("Nature/Thunder/Thunder Overhead", partial(thunder, crack=0.9, rolls=4, dark_hz=130, length_s=2.2)),
    ("Nature/Thunder/Thunder Rumble Low", partial(thunder, crack=0.3, rolls=6, dark_hz=110, length_s=2.4)),
    ("Nature/Chirp/Chirp Sparrow", partial(chirp, hz=4200, sweep=0.5, syllable_s=0.07, n=4, trill_hz=0, length_s=0.7)),
    (
        "Nature/Chirp/Chirp Warbler Trill",
        partial(chirp, hz=4800, sweep=0.35, syllable_s=0.06, n=9, trill_hz=45, length_s=0.9),
    ),
    (
        "Nature/Chirp/Chirp Finch Rising",
        partial(chirp, hz=3300, sweep=0.9, syllable_s=0.12, n=3, trill_hz=30, length_s=0.7),
    ),
    (
        "Nature/Chirp/Chirp Wren Fast",
        partial(chirp, hz=5600, sweep=0.6, syllable_s=0.045, n=10, trill_hz=0, length_s=0.8),
    ),
    (
        "Foley/Footsteps/Footsteps Wood Floor",
        partial(
            footsteps, pace_s=0.5, thump_hz=120, thump=1.0, grit=0.35, low_hz=400, high_hz=2500, grains=1, length_s=1.4
        ),
    ),
    (
        "Foley/Footsteps/Footsteps Gravel Path",
        partial(
            footsteps, pace_s=0.55, thump_hz=80, thump=0.3, grit=1.0, low_hz=1500, high_hz=8000, grains=14, length_s=1.4
        ),
    ),
    (
        "Foley/Footsteps/Footsteps Concrete",
        partial(
            footsteps, pace_s=0.48, thump_hz=150, thump=0.6, grit=0.7, low_hz=900, high_hz=5000, grains=2, length_s=1.3
        ),
    ),
    (
        "Foley/Footsteps/Footsteps Snow",
        partial(
            footsteps, pace_s=0.62, thump_hz=70, thump=0.35, grit=0.9, low_hz=700, high_hz=4000, grains=20, length_s=1.5
        ),
    ),
    (
        "Vehicles/Engine/Engine Idle Diesel",
        partial(engine, fire_hz=24, rise=0.0, rough=1.0, formants=(85.0, 210.0, 620.0), length_s=1.8),
    ),
    (
        "Vehicles/Engine/Engine Idle Car",
        partial(engine, fire_hz=34, rise=0.0, rough=0.5, formants=(110.0, 290.0, 800.0), length_s=1.8),
    ),
    (
        "Vehicles/Engine/Engine Rev Up",
        partial(engine, fire_hz=36, rise=2.2, rough=0.5, formants=(120.0, 310.0, 900.0), length_s=2.0),
    ),
    (
        "Vehicles/Engine/Engine Motorbike",
        partial(engine, fire_hz=48, rise=0.5, rough=0.7, formants=(140.0, 380.0, 1100.0), length_s=1.8),
    ),
)


def finished(x: Array) -> Array:
    """Remove subsonic content, fade both ends, and normalise the peak to -1 dBFS."""
    columns = x if x.ndim == 2 else x[:, np.newaxis]
    columns = np.stack([filtered(column, band(18, 20_000, 2)) for column in columns.T], axis=1)
    n_in, n_out = round(0.0008 * RATE_HZ), round(min(0.03, 0.12 * len(columns) / RATE_HZ) * RATE_HZ)
    columns[:n_in] *= np.sin(np.linspace(0, np.pi / 2, n_in))[:, np.newaxis] ** 2
    columns[-n_out:] *= np.cos(np.linspace(0, np.pi / 2, n_out))[:, np.newaxis] ** 2
    return columns * PEAK / np.abs(columns).max()


def make(name: str, recipe: Callable[[Rng], Array]) -> Array:
    """Synthesise a sound, shape (n_frames, n_channels), peak at -1 dBFS."""
    return finished(recipe(np.random.default_rng(zlib.crc32(name.encode()))))


def main(out: Path) -> None:
    """Write every sound below a folder."""
    for name, recipe in SOUNDS:
        path = out / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = make(name, recipe)
        with soundfile.SoundFile(
            path, "w", RATE_HZ, samples.shape[1], "PCM_16", format="FLAC", compression_level=1.0
        ) as file:
            file.title = path.stem
            file.comment = COMMENT
            file.write(np.rint(samples * 32_767).astype(np.int16))
    print(f"{len(SOUNDS)} sounds in {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
