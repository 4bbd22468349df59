"""Fitting how likely results are right: the curve that made the data is found, and files are written."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy.optimize", reason="fitting needs scipy")
sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "train"))

import fit_calibration
from fit_calibration import PAGE, Results, curve_probabilities, fitted_curve

from bowerbird.encoders.calibration import read_calibration
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.ranking.calibration import Curve, calibration_error
from sounds import click, noise, sine, write

TRUE = Curve(-5.0, 6.0, 0.8, 0.5)
N = 40_000


def simulated(ceiling):
    rng = np.random.default_rng(11)
    results = Results(rng.uniform(0, 1, N), rng.normal(2, 2, N), rng.random(N) < 0.5, np.zeros(N, bool))
    probabilities = curve_probabilities(TRUE, results)
    right = rng.random(N) < ceiling * probabilities
    return Results(results.scores, results.margins, results.is_trained, right), probabilities


@pytest.mark.parametrize("ceiling", [1.0, 0.8])
def test_the_curve_that_made_the_data_is_found_whatever_share_of_the_labels_agrees(ceiling):
    results, probabilities = simulated(ceiling)
    curve = fitted_curve("words", results)
    found = curve_probabilities(curve, results)
    assert np.abs(found - probabilities).mean() < 0.04
    assert calibration_error(found * ceiling, results.is_right) < 0.03


def test_a_feature_that_is_always_the_same_has_no_weight():
    results, _ = simulated(1.0)
    same = Results(results.scores, results.margins, np.zeros(N, bool), results.is_right)
    assert fitted_curve("sounds", same).trained == 0.0


def test_the_script_indexes_fits_and_writes_a_calibration_for_each_encoder(tmp_path, monkeypatch, capsys):
    folder, models = tmp_path / "clips", tmp_path / "models"
    models.mkdir()
    rows = []
    kinds = {
        "rain": lambda number: noise(number, duration_s=0.2),
        "whistle": lambda number: sine(900 + 15 * number, duration_s=0.2),
        "bass": lambda number: sine(60 + 3 * number, duration_s=0.2),
        "click": lambda number: click(duration_s=0.05 + 0.01 * number),
    }
    for kind, made in kinds.items():
        for number in range(2 * PAGE + 10):
            samples = made(number)
            path = f"{kind}{number}.wav"
            write(folder / path, samples)
            rows.append({"path": path, "label": kind, "words": kind, "source_path": path, "group": path})
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    monkeypatch.setattr(fit_calibration, "MODELS", models)
    monkeypatch.setattr(sys, "argv", ["fit_calibration.py", str(folder)])
    assert fit_calibration.main() == 0
    ear = read_calibration(models / "ear.calibration.toml")
    assert ear.encoder_id == EarEncoder().id
    assert set(ear.curves) == {"sounds", "words", "learned words"}
    assert set(read_calibration(models / "acoustic.calibration.toml").curves) == {"sounds", "learned words"}
    assert f"{len(rows)} clips" in (models / "ear.calibration.toml").read_text(encoding="utf-8")
    assert "right, ceiling" in capsys.readouterr().out
