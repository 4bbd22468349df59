"""Decoding: every format, unusual rates and channels, and errors of undecodable files."""

import os
import sys

import numpy as np
import pytest
import soundfile

from bowerbird.audio.decode import open_sound, read_clip
from bowerbird.audio.formats import READABLE
from bowerbird.audio.mono import mixdown
from bowerbird.base.errors import AudioError
from privileges import bound_by_permissions
from sounds import noise, sine, write

LOSSLESS = {
    # extension: (format, subtype, largest error)
    "aif": ("AIFF", "PCM_16", 1e-4),
    "aifc": ("AIFF", "FLOAT", 1e-6),
    "aiff": ("AIFF", "PCM_24", 1e-6),
    "afc": ("AIFF", "PCM_32", 1e-6),
    "au": ("AU", "PCM_16", 1e-4),
    "bwf": ("WAV", "PCM_24", 1e-6),
    "caf": ("CAF", "PCM_16", 1e-4),
    "flac": ("FLAC", "PCM_24", 1e-6),
    "rf64": ("RF64", "PCM_24", 1e-6),
    "snd": ("AU", "PCM_24", 1e-6),
    "w64": ("W64", "PCM_16", 1e-4),
    "wav": ("WAV", "PCM_16", 1e-4),
    "wave": ("WAV", "FLOAT", 1e-6),
    "wavex": ("WAVEX", "PCM_24", 1e-6),
}
LOSSY = {"mp3": ("MP3", None), "oga": ("OGG", "VORBIS"), "ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS")}
BY_HAND = {"mp1", "mp2"}
OLDER = {"8svx", "16sv", "avr", "htk", "ircam", "nist", "paf", "pvf", "sd2", "sds", "sph", "svx", "voc", "wve", "xi"}
"""Decoded in test_formats."""

REMEDY = r"^.+ .+\. (Re-export|Restore|Check|Convert|Choose|Is the drive)\b.*[.?]$"


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples))))


def test_every_listed_extension_is_tried_here():
    assert set(LOSSLESS) | set(LOSSY) | BY_HAND | OLDER == READABLE


@pytest.mark.parametrize("ending", LOSSLESS)
def test_a_lossless_file_decodes_to_its_samples_in_mono(tmp_path, ending):
    format_, subtype, error = LOSSLESS[ending]
    samples = noise(1, duration_s=0.5, n_channels=2)
    path = write(tmp_path / f"x.{ending}", samples, format=format_, subtype=subtype)
    clip = read_clip(path, rate_hz=44_100)
    assert clip.samples.dtype == np.float32
    assert clip.samples.shape == (22_050,)
    np.testing.assert_allclose(clip.samples, samples.mean(axis=1), atol=error)


@pytest.mark.parametrize("ending", LOSSY)
def test_a_lossy_file_decodes_to_the_right_length_and_level(tmp_path, ending):
    format_, subtype = LOSSY[ending]
    path = write(
        tmp_path / f"x.{ending}", sine(1000, rate_hz=48_000, n_channels=2), 48_000, format=format_, subtype=subtype
    )
    clip = read_clip(path, rate_hz=48_000)
    assert clip.samples.ndim == 1
    assert abs(len(clip.samples) - 48_000) < 2400
    assert rms(clip.samples[4800:-4800]) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


@pytest.mark.parametrize(
    ("ending", "frame", "n_samples"),
    [
        ("mp1", b"\xff\xff\x60\xc0" + bytes(204), 384),
        ("mp2", b"\xff\xfd\xa0\xc0" + bytes(622), 1152),
    ],
)
def test_the_older_layers_of_mpeg_decode(tmp_path, ending, frame, n_samples):
    path = tmp_path / f"silent.{ending}"
    path.write_bytes(frame * 60)
    clip = read_clip(path, rate_hz=44_100)
    assert abs(len(clip.samples) - 60 * n_samples) <= 2 * n_samples
    assert not clip.samples.any()


@pytest.mark.parametrize(
    ("format_", "subtype", "error"),
    [
        ("WAV", "PCM_U8", 0.01),
        ("WAV", "PCM_32", 1e-6),
        ("WAV", "DOUBLE", 1e-6),
        ("WAV", "ULAW", 0.05),
        ("WAV", "ALAW", 0.05),
        ("WAV", "IMA_ADPCM", 0.1),
        ("WAV", "MS_ADPCM", 0.1),
        ("CAF", "ALAC_16", 1e-4),
        ("AIFF", "PCM_S8", 0.01),
        ("FLAC", "PCM_S8", 0.01),
    ],
)
def test_every_coding_decodes_to_its_level(tmp_path, format_, subtype, error):
    samples = sine(500, duration_s=0.5)
    path = write(tmp_path / "x.wav", samples, format=format_, subtype=subtype)
    clip = read_clip(path, rate_hz=44_100)
    assert abs(len(clip.samples) - len(samples)) < 4096  # ADPCM comes in blocks
    n = min(len(clip.samples), len(samples))
    assert rms(clip.samples[:n] - samples[:n, 0]) < error / 2
    with open_sound(path) as reader:
        assert reader.header.encoding


def test_samples_that_are_not_numbers_become_silence(tmp_path):
    samples = sine(duration_s=0.1).astype(np.float32)
    samples[100], samples[200], samples[300] = np.nan, np.inf, -np.inf
    path = write(tmp_path / "x.wav", samples, subtype="FLOAT")
    found = read_clip(path, rate_hz=44_100).samples
    assert found[[100, 200, 300]].tolist() == [0, 0, 0]
    kept = np.setdiff1d(np.arange(len(found)), [100, 200, 300])
    np.testing.assert_array_equal(found[kept], samples[kept, 0])


def test_absurd_levels_stay_finite(tmp_path):
    samples = np.full((1000, 2), 3e38, np.float32)
    path = write(tmp_path / "x.wav", samples, subtype="FLOAT")
    assert np.isfinite(read_clip(path, rate_hz=32_000).samples).all()


def test_a_clip_is_read_only(tmp_path):
    clip = read_clip(write(tmp_path / "x.wav", sine()), rate_hz=44_100)
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0] = 1


def test_a_file_without_a_frame_contains_no_audio(tmp_path):
    path = write(tmp_path / "x.wav", np.zeros((0, 1)))
    with pytest.raises(AudioError, match=REMEDY):
        read_clip(path, rate_hz=44_100)


@pytest.mark.parametrize("rate_hz", [44_100, 8_000, 192_000])
def test_a_single_frame_is_a_sound(tmp_path, rate_hz):
    path = write(tmp_path / "x.wav", np.full((1, 1), 0.5), rate_hz)
    assert len(read_clip(path, rate_hz=32_000).samples) >= 1


@pytest.mark.parametrize("rate_hz", [5_000, 11_025, 96_000, 192_000])
def test_odd_rates_resample_to_the_right_length_and_level(tmp_path, rate_hz):
    path = write(tmp_path / "x.wav", sine(300, rate_hz=rate_hz, duration_s=2), rate_hz, subtype="FLOAT")
    clip = read_clip(path, rate_hz=32_000)
    assert abs(len(clip.samples) - 64_000) <= 1
    assert rms(clip.samples[3200:-3200]) == pytest.approx(0.5 / np.sqrt(2), rel=0.001)


def test_eight_channels_are_mixed_by_their_mean(tmp_path):
    samples = noise(3, duration_s=0.1, n_channels=8)
    path = write(tmp_path / "x.wav", samples, subtype="FLOAT")
    np.testing.assert_allclose(read_clip(path, rate_hz=44_100).samples, samples.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("n_channels", [2, 8])
def test_a_sound_on_one_channel_is_as_loud_as_in_a_mono_file(tmp_path, n_channels):
    samples = np.zeros((44_100, n_channels))
    samples[:, 1] = noise(3, duration_s=1.0)[:, 0]
    path = write(tmp_path / "x.wav", samples, subtype="FLOAT")
    np.testing.assert_allclose(read_clip(path, rate_hz=44_100).samples, samples[:, 1], atol=1e-6)


def test_a_channel_that_sounds_later_counts_from_then_on(tmp_path):
    samples = noise(3, duration_s=8.0, n_channels=2)
    samples[: 5 * 44_100, 0] = 0.0
    path = write(tmp_path / "x.wav", samples, subtype="FLOAT")
    mono = read_clip(path, rate_hz=44_100).samples
    np.testing.assert_allclose(mono[-44_100:], samples[-44_100:].mean(axis=1), atol=1e-6)


def test_a_constant_offset_is_removed_and_a_low_tone_is_not(tmp_path):
    for hz, offset in ((440.0, 0.2), (20.0, 0.0)):
        tone = sine(hz, duration_s=1.0)
        path = write(tmp_path / "x.wav", tone + offset, subtype="FLOAT")
        np.testing.assert_allclose(read_clip(path, rate_hz=44_100).samples, tone[:, 0], atol=2e-3)


@pytest.mark.parametrize("n_channels", [1, 2, 3, 8])
def test_mixing_down_is_the_mean_over_channels(n_channels):
    block = noise(3, duration_s=0.01, n_channels=n_channels).astype(np.float32)
    np.testing.assert_allclose(mixdown(block), block.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("n_channels", [2, 3, 64])
def test_channels_that_cancel_each_other_out_are_not_silence(n_channels):
    channel = noise(3, duration_s=0.1)[:, 0].astype(np.float32)
    opposite = np.zeros((len(channel), n_channels), np.float32)
    opposite[:, 0], opposite[:, 1] = channel, -0.99 * channel
    np.testing.assert_array_equal(mixdown(opposite), channel)


@pytest.mark.parametrize("silent", [0, 1])
def test_a_channel_beside_silence_is_half_as_loud(silent):
    block = noise(3, duration_s=0.1, n_channels=2).astype(np.float32)
    block[:, silent] = 0.0
    np.testing.assert_array_equal(mixdown(block), block[:, 1 - silent] * np.float32(0.5))


def test_silence_is_silence():
    assert not mixdown(np.zeros((100, 2), np.float32)).any()


def test_a_part_is_exactly_its_frames(tmp_path):
    samples = noise(5, duration_s=3)
    path = write(tmp_path / "x.flac", samples, subtype="PCM_24")
    clip = read_clip(path, rate_hz=44_100, start_s=1.0, end_s=1.5)
    np.testing.assert_allclose(clip.samples, samples[44_100:66_150, 0], atol=1e-6)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "aiff", "caf"])
def test_a_part_is_the_same_as_in_the_whole(tmp_path, ending):
    samples = np.concatenate([sine(300), sine(3000), sine(300)])
    path = write(tmp_path / f"x.{ending}", samples)
    clip = read_clip(path, rate_hz=44_100, start_s=1.1, end_s=1.9)
    strongest = np.argmax(np.abs(np.fft.rfft(clip.samples))) * 44_100 / len(clip.samples)
    assert strongest == pytest.approx(3000, abs=5)


def test_a_part_beyond_the_end_contains_no_audio(tmp_path):
    path = write(tmp_path / "x.wav", sine())
    with pytest.raises(AudioError, match=r"contains no audio between 5 and 6 s\. Choose"):
        read_clip(path, rate_hz=44_100, start_s=5, end_s=6)
    with pytest.raises(AudioError, match=r"contains no audio after 5 s\. Choose"):
        read_clip(path, rate_hz=44_100, start_s=5)


def test_a_part_that_ends_beyond_the_end_ends_with_the_sound(tmp_path):
    path = write(tmp_path / "x.wav", sine())
    assert len(read_clip(path, rate_hz=44_100, start_s=0.5, end_s=60).samples) == 22_050


def test_a_truncated_lossless_file_is_refused(tmp_path):
    path = write(tmp_path / "x.flac", noise(1, duration_s=3))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_sound(path) as reader, pytest.raises(AudioError, match=REMEDY):
        list(reader.blocks())


def _empty(path):
    path.write_bytes(b"")


def _garbage(path):
    path.write_bytes(b"RIFF" + bytes(range(256)))


def _text(path):
    path.write_text("no sound at all")


def _cut_header(path):
    write(path, sine(), format="WAV")
    path.write_bytes(path.read_bytes()[:20])


def _absent(path):
    pass


def _directory(path):
    path.mkdir()


def _pipe(path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(path)


@pytest.mark.parametrize("make", [_empty, _garbage, _text, _cut_header, _absent, _directory, _pipe])
@pytest.mark.parametrize("ending", ["wav", "mp3", "flac", "ogg", "m4a", "xyz"])
def test_an_undecodable_file_is_a_sentence_with_a_remedy(tmp_path, make, ending):
    path = tmp_path / f"broken.{ending}"
    make(path)
    with pytest.raises(AudioError, match=REMEDY) as caught:
        read_clip(path, rate_hz=44_100)
    assert "broken" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_folder_is_refused_as_a_folder(tmp_path):
    with pytest.raises(AudioError, match="is a folder, not a sound"):
        open_sound(tmp_path)


def test_a_file_without_permission_says_so(tmp_path):
    path = write(tmp_path / "x.wav", sine())
    path.chmod(0)
    with bound_by_permissions(), pytest.raises(AudioError, match=r"\(.*permi.+\)\. Check its permissions"):
        open_sound(path)


def test_a_format_that_cannot_be_decoded_is_named(tmp_path):
    path = tmp_path / "song.wma"
    path.write_bytes(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(100))
    with pytest.raises(AudioError, match=r"Windows Media.+Convert it to WAV or FLAC\."):
        open_sound(path)


def test_a_header_with_an_impossible_rate_is_damaged(tmp_path):
    path = write(tmp_path / "x.wav", sine())
    data = bytearray(path.read_bytes())
    data[24:28] = (2_000_000).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(AudioError, match="has a damaged header"):
        open_sound(path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_a_file_whose_name_is_not_utf_8_is_decoded(tmp_path):
    path = tmp_path / b"caf\xe9 \xff.wav".decode("utf-8", "surrogateescape")
    write(path, sine())
    assert len(read_clip(path, rate_hz=44_100).samples) == 44_100


@pytest.mark.parametrize(
    "name", ["ü ö 雨 🎵.wav", "a'b\"c.wav", "100%_kick.wav", "x" * 250 + ".wav", " .wav", "\n.wav"]
)
def test_any_name_can_be_opened(tmp_path, name):
    assert len(read_clip(write(tmp_path / name, sine()), rate_hz=44_100).samples) == 44_100


def test_the_reader_can_be_sought_to_the_frame(tmp_path):
    samples = noise(2, duration_s=1)
    with open_sound(write(tmp_path / "x.wav", samples, subtype="FLOAT")) as reader:
        reader.seek(10_000)
        np.testing.assert_allclose(reader.read(5), samples[10_000:10_005], atol=1e-7)
        reader.seek(10**9)
        assert reader.read(5).shape == (0, 1)


def test_libsndfile_is_recent_enough_for_mp3():
    assert "MP3" in soundfile.available_formats()


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg", "a.opus"])
@pytest.mark.parametrize("kind", ["tone", "noise"])
def test_seeking_finds_the_samples_that_reading_finds(tmp_path, name, kind):
    samples = sine(duration_s=6, rate_hz=48_000) if kind == "tone" else noise(1, duration_s=6, rate_hz=48_000)
    subtype = "OPUS" if name == "a.opus" else None
    write(tmp_path / name, samples, 48_000, subtype=subtype)
    with open_sound(tmp_path / name) as reader:
        whole = np.concatenate(list(reader.blocks()))
        for frame in (200_000, 1000, 60_000, 60_500, 123_457, 0, len(whole) - 100):
            reader.seek(frame)
            found = reader.read(5000)
            np.testing.assert_allclose(found, whole[frame : frame + 5000], atol=1e-4)
            assert len(found) == len(whole[frame : frame + 5000])
