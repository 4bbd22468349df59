import threading
import time
from pathlib import Path

import numpy as np
import pytest
from playback_stage import RATE_HZ, Stage, sine, steps_of

from bowerbird.playback.device import open_output
from bowerbird.playback.events import CannotPlay, DeviceChanged, OutputReplaced, Started, Stopped
from bowerbird.playback.player import GRACE_S, Player
from bowerbird.playback.request import Treatment
from bowerbird.playback.voice import RING_S
from pulse import wait_until


def play_to_start(stage: Stage, path: Path, **options: object) -> None:
    stage.player.play(path, **options)
    assert stage.next(Started).path == path


def test_a_sound_is_heard_as_it_is_and_ends(stage: Stage):
    path = stage.sound("a.wav", samples := sine(440, 0.5))
    stage.player.play(path)
    assert stage.next(Started) == Started(path, 0.5)
    assert stage.player.is_playing
    np.testing.assert_array_equal(stage.pull(len(samples))[:, 0], samples)
    assert not stage.pull(480).any()
    assert stage.next(Stopped) == Stopped(path, finished=True)
    assert not stage.player.is_playing
    assert stage.player.position_s is None


def test_a_switch_falls_in_five_milliseconds_and_does_not_click(stage: Stage):
    first, second = stage.sound("a.wav", sine(300, 2, level=0.4)), stage.sound("b.wav", sine(500, 2, level=0.4))
    play_to_start(stage, first)
    before = stage.pull(4840)  # at the crest of a period
    stage.player.play(second)
    assert stage.next(Stopped) == Stopped(first, finished=False)
    stage.next(Started)
    after = stage.pull(4800)
    assert steps_of(np.concatenate([before, after])) < 0.06
    np.testing.assert_allclose(after[240:, 0], sine(500, 2, level=0.4)[240:4800], atol=1e-6)
    # The same measure on the same sounds, cut hard:
    assert steps_of(np.concatenate([before[:, 0], sine(500, 0.1, level=0.4)])) > 0.2


def test_a_device_that_swallows_much_at_once_finds_it(stage: Stage):
    samples = np.full(10 * 192_000, 0.5, np.float32)
    play_to_start(stage, stage.sound("a.wav", samples, 192_000))
    heard = stage.outputs[-1].pull(round(0.24 * RATE_HZ))  # all at once, like PulseAudio when it is opened
    assert heard[1000:].min() > 0.49


def test_stop_fades_out(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", np.full(RATE_HZ, 0.5, np.float32)))
    stage.pull(4800)
    stage.player.stop()
    stage.next(Stopped)
    heard = stage.pull(960)
    assert 0.4 < heard[0, 0] <= 0.5
    assert steps_of(heard) < 0.01
    assert not heard[240:].any()
    assert not stage.player.is_playing


def test_a_slow_load_is_silence_and_never_plays_late(stage: Stage):
    first, slow, third = (stage.sound(f"{n}.wav", np.full(10 * RATE_HZ, n / 10, np.float32)) for n in (1, 2, 3))
    opened = stage.hold(slow)
    play_to_start(stage, first)
    stage.pull(480)
    asked_at = time.monotonic()
    stage.player.play(slow)
    stage.next(Stopped)
    assert time.monotonic() - asked_at >= GRACE_S
    assert not stage.pull(960)[240:].any()
    play_to_start(stage, third)
    opened.set()
    assert stage.sounds[slow].is_closed.wait(10)
    assert stage.pull(RATE_HZ // 2)[:, 0] == pytest.approx(0.3)
    assert not stage.has_events


def test_stop_while_loading_plays_nothing(stage: Stage):
    slow = stage.sound("slow.wav", sine(440, 1))
    opened = stage.hold(slow)
    stage.player.prepare()
    stage.player.play(slow)
    wait_until(lambda: any(t.name.startswith("bowerbird-feeder") for t in threading.enumerate()), "it is opened")
    stage.player.stop()
    wait_until(lambda: not stage.player.is_playing, "it is stopped")
    opened.set()
    assert stage.sounds[slow].is_closed.wait(10)
    assert not stage.pull(4800).any()
    assert not stage.has_events


def test_the_newest_of_many_wins(stage: Stage):
    paths = [stage.sound(f"{n}.wav", np.full(RATE_HZ, n / 100, np.float32)) for n in range(50)]
    for path in paths:
        stage.player.play(path)
    last = paths[-1]
    wait_until(lambda: Started(last, 1.0) in list(stage.events.queue), "the last one starts")
    for _ in range(3):
        stage.pull(480)
    assert stage.pull(480)[:, 0] == pytest.approx(0.49)
    started = [event.path for event in list(stage.events.queue) if isinstance(event, Started)]
    stopped = [event.path for event in list(stage.events.queue) if isinstance(event, Stopped)]
    assert started[:-1] == stopped  # in order, each once


def test_the_same_sound_continues_elsewhere_without_a_click_or_an_event(stage: Stage):
    ramp = np.linspace(-0.5, 0.5, 4 * RATE_HZ, dtype=np.float32)
    path = stage.sound("a.wav", ramp)
    play_to_start(stage, path)
    before = stage.pull(4800)
    stage.player.play(path, from_s=3.0)
    old = before[-1, 0]
    heard = [before]

    def is_there() -> bool:
        heard.append(stage.pull(480))
        return bool(heard[-1][-1, 0] > 0.2)

    wait_until(is_there, "the new place is heard")
    assert steps_of(np.concatenate(heard)) < 0.02
    assert heard[-1][-1, 0] == pytest.approx(0.25, abs=0.01)
    assert old < -0.4
    assert stage.player.position_s == pytest.approx(3.0, abs=0.1)
    assert not stage.has_events


def test_position_follows_playback_and_stays_in_a_loop(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", sine(440, 2)), start_s=1.0, end_s=1.5, loop=True)
    stage.pull(480)
    assert stage.player.position_s == pytest.approx(1.0, abs=0.02)
    stage.pull(round(1.2 * RATE_HZ))
    place_s = stage.player.position_s
    assert place_s is not None
    assert 1.15 < place_s < 1.25  # 1.21 s after 1.0, in the third repetition
    assert not stage.has_events


def test_position_waits_for_the_devices_latency(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", sine(440, 5)))
    block = np.zeros((RATE_HZ // 10, 2), np.float32)
    stage.outputs[-1]._render(block, 10.0)
    assert stage.player.position_s == 0.0
    stage.outputs[-1]._render(block, 0.0)
    place_s = stage.player.position_s
    assert place_s is not None
    assert 0.1 <= place_s <= 0.2


def test_volume_changes_without_a_step(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", np.full(RATE_HZ, 0.5, np.float32)))
    stage.pull(480)
    stage.player.volume_db = -20.0
    heard = stage.outputs[-1].pull(4800, block_frames=32)
    assert steps_of(heard) < 0.001
    assert heard[-1, 0] == pytest.approx(0.05, rel=1e-4)
    stage.player.volume_db = -60.0
    assert stage.pull(4800)[-1, 0] == 0.0
    stage.player.volume_db = 99.0
    assert stage.player.volume_db == 6.0
    assert stage.pull(4800)[-1, 0] == pytest.approx(0.5 * 10 ** (6 / 20), rel=1e-4)


def test_nothing_louder_than_full_scale_reaches_the_device(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", np.full(RATE_HZ, 0.9, np.float32)), gain_db=12.0)
    assert stage.pull(4800).max() == 1.0


def test_half_an_hour_is_read_no_further_than_the_ring(stage: Stage):
    long = np.broadcast_to(np.float32(0.25), (1800 * RATE_HZ, 2))
    path = stage.sound("long.wav", long)
    play_to_start(stage, path)
    sound = stage.sounds[path]
    wait_until(lambda: sound.n_read >= RING_S * RATE_HZ, "the ring is full")
    stage.pull(RATE_HZ)
    assert sound.n_read <= (RING_S + 1) * RATE_HZ + 2 * 16_384
    wait_until(lambda: sound.n_read >= (RING_S + 1) * RATE_HZ, "it is filled up")
    stage.player.stop()
    assert sound.is_closed.wait(10)


def test_a_sound_that_cannot_be_opened_is_named_and_the_previous_sound_stops(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", sine(440, 2)))
    stage.pull(480)
    stage.player.play(Path("gone.wav"))
    stage.next(Stopped)
    assert stage.next(CannotPlay) == CannotPlay(Path("gone.wav"), "gone.wav is not there. Check the drive.")
    assert not stage.player.is_playing
    assert not stage.pull(960)[240:].any()


def test_without_a_device_the_sentence_comes_and_the_next_play_tries_again(stage: Stage):
    path = stage.sound("a.wav", sine(440, 1))
    stage.fault = "No sound output was found. Connect one."
    stage.player.play(path)
    assert stage.next(DeviceChanged) == DeviceChanged("No sound output was found. Connect one.")
    wait_until(lambda: not stage.player.is_playing, "it has given up")
    stage.fault = None
    stage.player.play(path)
    assert stage.next(DeviceChanged) == DeviceChanged(None)
    stage.next(Started)
    assert stage.pull(480).any()


def test_an_unplugged_device_is_reported_and_reopened_at_the_next_play(stage: Stage):
    path = stage.sound("a.wav", sine(440, 5))
    play_to_start(stage, path)
    stage.pull(480)
    stage.outputs[0].is_alive = False
    assert stage.next(Stopped) == Stopped(path, finished=False)
    sentence = stage.next(DeviceChanged).sentence
    assert sentence is not None
    assert "was lost. Connect it again" in sentence
    assert stage.outputs[0].closed.is_set()
    stage.player.play(path)
    assert stage.next(DeviceChanged).sentence is None
    stage.next(Started)
    assert len(stage.outputs) == 2


def test_a_device_that_runs_dry_all_the_time_gets_more_latency_and_the_sound_again(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", samples := sine(440, 5)))
    stage.pull(480)
    stage.outputs[0].n_underflows = 50
    assert stage.outputs[0].closed.wait(10)
    wait_until(lambda: len(stage.outputs) == 2, "it is opened anew")
    assert stage.outputs[1].latency_s == 2 * stage.outputs[0].latency_s
    heard = []

    def is_heard() -> bool:
        heard.append(stage.outputs[1].pull(480))
        return bool(heard[-1].any())

    wait_until(is_heard, "the sound is heard again")
    np.testing.assert_array_equal(heard[-1][:, 0], samples[:480])
    assert not stage.has_events


def test_an_idle_device_is_released_and_taken_again(stage: Stage):
    path = stage.sound("a.wav", sine(440, 0.1))
    stage.player.close()
    stage.player = player = stage.make_player(idle_s=0.0)
    try:
        player.play(path)
        stage.next(Started)
        stage.pull(9600)
        stage.next(Stopped)
        assert stage.outputs[0].closed.wait(10)
        player.play(path)
        stage.next(Started)
        assert len(stage.outputs) == 2
        stage.outputs[1].is_alive = False
    finally:
        player.close()


def test_close_ends_every_thread_even_with_a_drive_that_does_not_answer(stage: Stage):
    slow = stage.sound("slow.wav", sine(440, 1))
    opened = stage.hold(slow)
    play_to_start(stage, stage.sound("a.wav", sine(440, 10)))
    stage.player.play(slow)
    wait_until(lambda: len(stage.player._feeders) == 2, "it is being opened")
    opened.set()
    stage.player.close()
    stage.player.close()
    assert stage.outputs[0].closed.is_set()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("bowerbird")]


def test_a_stretch_that_ends_before_it_begins_is_refused(stage: Stage):
    with pytest.raises(ValueError, match="invalid part"):
        stage.player.play(Path("a.wav"), start_s=2.0, end_s=1.0)


def test_without_portaudio_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage
):
    (tmp_path / "sounddevice.py").write_text('raise OSError("PortAudio library not found")\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "sounddevice", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    player = Player(post=stage.events.put, open_output=open_output)
    try:
        player.play(Path("a.wav"))
        sentence = stage.next(DeviceChanged).sentence
    finally:
        player.close()
    assert sentence is not None
    assert sentence.startswith("Sound output needs PortAudio. Install libportaudio2")


def test_an_even_sound_is_played_with_its_gain(stage: Stage):
    path = stage.sound("a.wav", np.full(RATE_HZ, 0.5, np.float32))
    stage.gains[path] = -6.0
    play_to_start(stage, path, is_even=True, gain_db=-6.0)
    assert stage.pull(480)[-1, 0] == pytest.approx(0.5 * 10 ** (-12 / 20), rel=1e-4)
    play_to_start_again(stage, path)
    assert stage.pull(4800)[-1, 0] == pytest.approx(0.5)


def play_to_start_again(stage: Stage, path: Path, **options: object) -> None:
    stage.player.play(path, **options)
    assert stage.next(Stopped).path == path
    assert stage.next(Started).path == path


def test_a_change_of_treatment_continues_where_the_sound_is(stage: Stage):
    ramp = np.linspace(-0.5, 0.5, 4 * RATE_HZ, dtype=np.float32)
    play_to_start(stage, path := stage.sound("a.wav", ramp))
    stage.pull(2 * RATE_HZ)
    stage.player.play(path, from_s=2.0, treatment=Treatment(is_reversed=True))
    heard = stage.pull(480)

    def is_backwards() -> bool:
        nonlocal heard
        heard = stage.pull(480)
        return bool(heard[-1, 0] < heard[0, 0])

    wait_until(is_backwards, "it is heard backwards")
    assert heard[-1, 0] == pytest.approx(0.0, abs=0.02)
    position_s = stage.player.position_s
    assert position_s is not None
    assert 1.9 < position_s < 2.0
    assert not stage.has_events


def test_the_position_runs_at_the_pace_of_the_sound(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", sine(440, 4)), treatment=Treatment(speed=2.0))
    stage.outputs[-1].pull(RATE_HZ // 10)
    position_s = stage.player.position_s
    assert position_s is not None
    assert 0.17 < position_s < 0.3


def test_a_prefetched_sound_starts_without_its_file(stage: Stage):
    path = stage.sound("a.wav", samples := sine(440, 0.5))
    stage.player.prefetch([path])
    wait_until(lambda: stage.player._heads.n_bytes > 0, "it is read")
    stage.hold(path)  # the drive does not respond from now on
    play_to_start(stage, path)
    np.testing.assert_array_equal(stage.pull(len(samples))[:, 0], samples)
    assert stage.next(Stopped) == Stopped(path, finished=True)


def test_another_output_plays_on_from_where_the_sound_is(stage: Stage):
    play_to_start(stage, stage.sound("a.wav", np.linspace(-0.5, 0.5, 4 * RATE_HZ, dtype=np.float32)))
    stage.pull(2 * RATE_HZ)
    stage.player.choose_output("Headphones", latency=0.5)
    wait_until(lambda: len(stage.outputs) == 2, "it is opened")
    assert (stage.outputs[1].name, stage.outputs[1].latency_s) == ("Headphones", 0.5)
    assert stage.outputs[0].closed.is_set()
    wait_until(lambda: bool(abs(stage.outputs[1].pull(480)[-1, 0]) < 0.05), "the sound goes on there")
    wait_until(lambda: stage.player.is_playing, "it plays")
    assert not stage.has_events


def test_a_chosen_output_that_is_not_there_is_replaced_and_named(stage: Stage):
    stage.missing.add("Headphones")
    stage.player.choose_output("Headphones")
    path = stage.sound("a.wav", sine(440, 5))
    stage.player.play(path)
    assert "“Headphones” is not available" in stage.next(OutputReplaced).sentence
    stage.next(Started)
    assert stage.outputs[-1].name is None


def test_a_chosen_output_that_disappears_is_replaced_while_the_sound_plays_on(stage: Stage):
    stage.player.choose_output("Headphones")
    play_to_start(stage, stage.sound("a.wav", sine(440, 5)))
    stage.pull(480)
    stage.missing.add("Headphones")
    stage.outputs[0].is_alive = False
    assert stage.next(OutputReplaced).name == "Headphones"
    wait_until(lambda: bool(stage.outputs[-1].pull(480).any()), "it is heard through the default")
    assert stage.outputs[-1].name is None
    assert stage.player.is_playing
    assert not stage.has_events
