"""What cannot be measured or written is said before anything is measured."""

import numpy as np
import pytest

from bowerbird.base.errors import QueryError
from bowerbird.cli import evaluate as command
from privileges import bound_by_permissions


@pytest.fixture
def measure(tmp_path, monkeypatch):
    """Evaluate vectors, or a ranking, of sixty sounds without files; scoring them is a failure."""

    def scored(*arguments, **options):
        raise AssertionError("systems were scored")

    monkeypatch.setattr(command, "evaluate_systems", scored)
    names = [f"{letter}{number}" for letter in "ab" for number in range(30)]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(["path,class", *(f"{name},{name[0]}" for name in names)]))
    np.savez(tmp_path / "x.npz", paths=np.array(names), vectors=np.random.default_rng(0).normal(size=(60, 3)))
    (tmp_path / "x.trec").write_text("a1 Q0 a2 1 0.5 tag\n")

    def measured(system, **options):
        return command.evaluate(
            labels=labels, encoder=[str(tmp_path / system)], library=tmp_path / "library", **options
        )

    return measured


@pytest.mark.parametrize(
    ("system", "option", "sentence"),
    [
        ("x.trec", "probes", "Rankings cannot be probed"),
        ("x.trec", "words", "None of the systems encodes text"),
        ("x.npz", "words", "None of the systems encodes text"),
        ("x.trec", "descriptors", "Rankings cannot be correlated"),
        ("x.npz", "descriptors", "0 of 60 labelled sounds can be read"),
    ],
)
def test_options_that_the_systems_cannot_answer_are_refused_first(measure, system, option, sentence):
    with pytest.raises(QueryError, match=sentence):
        measure(system, **{option: True})


@pytest.mark.parametrize("option", ["csv", "html", "trec"])
def test_files_that_cannot_be_written_are_refused_first(measure, tmp_path, option):
    folder = tmp_path / "read-only"
    folder.mkdir()
    folder.chmod(0o555)
    with bound_by_permissions(), pytest.raises(QueryError, match="cannot be written"):
        measure("x.npz", **{option: folder / "out"})
    folder.chmod(0o755)
    with pytest.raises(AssertionError, match="systems were scored"):
        measure("x.npz", **{option: folder / "out"})
    assert list(folder.iterdir()) == []


def test_a_folder_or_a_missing_folder_is_not_a_file_to_write(measure, tmp_path):
    for path in (tmp_path, tmp_path / "missing" / "figures.csv"):
        with pytest.raises(QueryError, match="cannot be written"):
            measure("x.npz", csv=path)
