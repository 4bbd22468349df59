"""How likely results are right: curves, their files, and bands."""

import numpy as np
import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.domain.matches import Match, Moment
from bowerbird.encoders import calibration
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.calibration import calibration_of, calibration_text, read_calibration
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.ranking.calibration import Calibration, Curve, calibration_error, margins


def test_a_curve_is_logistic_in_cosine_and_margin():
    curve = Curve(-2.0, 3.0, 0.5, trained=1.0)
    expected = 1 / (1 + np.exp(-(-2.0 + 3.0 * 0.4 + 0.5 * 2.0)))
    assert curve.probabilities([0.4], [2.0]) == pytest.approx([expected])
    assert curve.probabilities([0.4], [2.0], is_trained=True) == pytest.approx([1 / (1 + np.exp(-1.2))])


def test_margins_count_standard_deviations_above_the_librarys_mean():
    library = np.array([0.0, 0.2], np.float32)
    assert margins([0.1, 0.4], library) == pytest.approx([0.0, 3.0], abs=1e-6)
    assert margins([0.1], np.zeros(0, np.float32)).tolist() == [0.0]


def test_the_error_of_a_calibration_is_weighted_by_how_many_are_in_a_bin():
    probabilities = np.array([0.95, 0.95, 0.95, 0.15])
    right = np.array([True, True, False, False])
    assert calibration_error(probabilities, right) == pytest.approx(0.75 * abs(0.95 - 2 / 3) + 0.25 * 0.15)


def test_a_file_gives_back_what_was_written(tmp_path):
    written = Calibration("some-1", {"sounds": Curve(-1.0, 2.0, 0.25), "learned words": Curve(0.5, 1.0, 0.0, 2.0)})
    path = tmp_path / "some.calibration.toml"
    path.write_text(calibration_text(written, comment="Fitted by hand\nfor a test."), "utf-8")
    assert read_calibration(path) == written


@pytest.mark.parametrize("text", ["", "encoder_id =", 'encoder_id = "a"\n[sounds]\nintercept = "high"\n'])
def test_a_damaged_file_is_refused_with_its_name(tmp_path, text):
    path = tmp_path / "some.calibration.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(EncoderError, match=r"some\.calibration\.toml"):
        read_calibration(path)


def test_built_in_encoders_have_calibrations_of_their_own_weights():
    for encoder, kinds in ((EarEncoder(), {"sounds", "words", "learned words"}), (AcousticEncoder(), {"sounds"})):
        shipped = calibration_of(encoder)
        assert shipped is not None
        assert kinds <= set(shipped.curves)


def test_a_damaged_calibration_stops_no_search(tmp_path, monkeypatch, caplog):
    (tmp_path / "ear.calibration.toml").write_text("encoder_id =", "utf-8")
    monkeypatch.setattr(calibration, "models_path", lambda: tmp_path)
    assert calibration_of(EarEncoder()) is None
    assert "ranks only" in caplog.text


def test_a_calibration_for_other_weights_is_not_used():
    class Other:
        id, name = "ear-of-somebody-else", "ear"

    assert calibration_of(Other()) is None


# Bands


def match(probability, percentile=99.0, *, is_named=False):
    return Match(1, 0.5, percentile, 0.0, 1.0, "", probability=probability, n_named=int(is_named))


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        (1.0, "close"),
        (0.7, "close"),
        (0.69, "related"),
        (0.3, "related"),
        (0.1, "stretch"),
        (0.09, "weak"),
        (0.0, "weak"),
    ],
)
def test_bands_are_ranges_of_probability(probability, band):
    assert match(probability).band == band
    assert match(probability).is_weak == (band == "weak")


def test_without_a_probability_there_is_a_rank_and_no_band():
    assert match(None).band is None
    assert match(None, 99.0).top_percent == pytest.approx(1.0)
    assert match(None, 100.0).top_percent == 0.1, "the sample cannot tell more"
    assert match(None, None).top_percent is None


def test_a_sound_that_words_name_is_never_weak():
    named = match(0.01, is_named=True)
    assert (named.band, named.is_weak) == (None, False)
    assert match(0.9, is_named=True).band == "close"


def test_a_moment_has_a_probability_of_its_own():
    long = Match(1, 0.9, 99.0, 0.0, 10.0, "", probability=0.9, moments=(Moment(0.5, 95.0, 20.0, 30.0, 0.2),))
    assert (long.band, long.at(1).band) == ("close", "stretch")
