"""Which systems an argument names, and where their vectors and rankings come from."""

import json

import numpy as np
import pytest

import package_index
from bowerbird.base.errors import QueryError
from bowerbird.benchmark.evaluation import evaluate_systems, prepare
from bowerbird.benchmark.labels import LabelledSet, LabelledSound, read_families
from bowerbird.benchmark.systems import LabelledVectors, SystemSpec, parse_systems, prepared, read_orders, read_vectors
from bowerbird.benchmark.trec import write_runs
from bowerbird.encoders.registry import encoder_named
from bowerbird.encoders.weights.packages import import_wheel
from bowerbird.encoders.weights.self_check import SelfCheck, write_self_check
from bowerbird.jobs.control import Control
from bowerbird.library.foreign_rankings import read_rankings


def labelled(*names, label=lambda name: name.rpartition("/")[2][0]):
    return LabelledSet(tuple(LabelledSound(name, (label(name),), name) for name in names))


def saved(path, paths, vectors, **more):
    np.savez(path, paths=np.array(paths), vectors=np.asarray(vectors, np.float32), **more)
    return path


def test_an_argument_names_an_encoder_parts_of_it_or_a_file():
    assert parse_systems("ear") == (SystemSpec("ear", "ear"),)
    assert parse_systems("ear:pitch+timbre")[0].blocks == ("pitch", "timbre")
    assert parse_systems("ear:pitch+timbre")[0].name == "ear:pitch+timbre"
    assert parse_systems("mine=ear,pca=10,search=nearest") == (
        SystemSpec("mine", "ear", n_components=10, search="nearest"),
    )
    (vectors,) = parse_systems("some/theirs.npz,window=max")
    assert (vectors.name, vectors.kind, vectors.aggregate) == ("theirs window=max", "vectors", "max")
    assert parse_systems("run.trec")[0].kind == "ranking"


def test_names_of_files_may_have_capitals_commas_and_equals_signs(tmp_path, monkeypatch):
    assert [parse_systems(name)[0].kind for name in ("Theirs.NPZ", "theirs.TREC")] == ["vectors", "ranking"]
    monkeypatch.chdir(tmp_path)
    for name in ("a,b.npz", "k=5,l2=no.JSONL", "b.npz"):
        (tmp_path / name).touch()
    assert parse_systems("a,b.npz") == (SystemSpec("a,b", "a,b.npz"),)
    assert parse_systems("mine=a,b.npz,pca=3") == (SystemSpec("mine", "a,b.npz", n_components=3),)
    assert parse_systems(f"{tmp_path}/k=5,l2=no.JSONL") == (SystemSpec("k=5,l2=no", f"{tmp_path}/k=5,l2=no.JSONL"),)


def test_every_combination_of_alternatives_is_a_system():
    found = parse_systems("ear,pca=0|100,l2=no|yes,search=cosine")
    assert len(found) == 4
    assert len({system.name for system in found}) == 4
    assert {(system.n_components, system.is_normalised) for system in found} == {
        (0, False),
        (0, True),
        (100, False),
        (100, True),
    }


@pytest.mark.parametrize(
    "text", ["ear,pca=few", "ear,window=sum", "ear,l2=maybe", "ear,search=luck", "ear:", "ear,x", ""]
)
def test_a_wrong_argument_is_a_sentence_with_the_form(text):
    with pytest.raises(QueryError, match=r"is not valid|is not a valid system") as caught:
        parse_systems(text)
    assert "ear:meaning" in str(caught.value)


def test_a_ranking_has_no_variants():
    with pytest.raises(QueryError, match="has no variants"):
        parse_systems("run.trec,pca=3")


def test_vectors_from_elsewhere_are_found_by_the_end_of_the_path(tmp_path):
    sounds = labelled("kit/a1.wav", "kit/a2.wav", "b1.wav", "b2.wav")
    names = ["/their/disk/kit/a1.wav", "a2", "b1.flac", "b2.wav", "other.wav"]
    path = saved(tmp_path / "x.npz", names, [[1, 0], [1, 0.1], [0, 1], [0.1, 1], [5, 5]])
    ready = prepare([SystemSpec("x", str(path))], sounds, folder=tmp_path, library=None)
    assert ready.absent == ()
    assert evaluate_systems(ready, families={}).systems[0].figures.macro.map_15 == 1.0


@pytest.mark.parametrize(("aggregate", "expected"), [("mean", [2.0, 2.0]), ("median", [1.0, 1.0]), ("max", [5.0, 4.0])])
def test_a_path_with_several_rows_has_several_windows(tmp_path, aggregate, expected):
    path = saved(tmp_path / "x.npz", ["a", "b", "a", "a"], [[1, 1], [7, 7], [5, 1], [0, 4]])
    spec = SystemSpec("x", str(path), aggregate=aggregate, is_normalised=False)
    ready = prepare([spec], labelled("a", "b"), folder=tmp_path, library=None)
    np.testing.assert_allclose(ready.vectors["x"], [expected, [7, 7]])


def test_sounds_without_a_vector_are_left_out_of_every_system_and_named(tmp_path):
    first = saved(tmp_path / "one.npz", ["a1", "a2", "b1", "b2"], np.eye(4))
    second = saved(tmp_path / "two.npz", ["a1", "a2", "b1"], np.eye(3))
    sounds = labelled("a1", "a2", "b1", "b2", "c1")
    specs = [SystemSpec("one", str(first)), SystemSpec("two", str(second))]
    ready = prepare(specs, sounds, folder=tmp_path, library=None)
    assert ready.absent == ("b2", "c1")
    found = evaluate_systems(ready, families={})
    assert [system.figures.n_sounds for system in found.systems] == [3, 3]
    assert found.n_labelled == 5


def test_principal_components_keep_what_varies_most():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 5)).astype(np.float32) * np.array([10, 5, 0.1, 0.1, 0.1], np.float32) + 3
    spec = SystemSpec("x", "x", n_components=2, is_normalised=False)
    kept = prepared(vectors, spec)
    assert kept.shape == (200, 2)
    centred = vectors - vectors.mean(axis=0)
    np.testing.assert_allclose(np.abs(kept[:, 0]), np.abs(centred @ np.linalg.svd(centred)[2][0]), atol=1e-3)
    with pytest.raises(QueryError, match="at most 5"):
        prepared(vectors, SystemSpec("x", "x", n_components=6))


def test_length_matters_only_to_inner_product_and_distance_without_normalisation(tmp_path):
    vectors = [[1, 0], [1.1, 0.2], [0.2, 9], [0.1, 1]]
    path = saved(tmp_path / "x.npz", ["a1", "a2", "b1", "b2"], vectors)
    specs = parse_systems(f"x={path},l2=yes|no,search=cosine|inner_product|nearest")
    ready = prepare(specs, labelled("a1", "a2", "b1", "b2"), folder=tmp_path, library=None)
    found = evaluate_systems(ready, families={})
    mr1 = {system.name: system.figures.macro.mr1 for system in found.systems}
    assert mr1["x l2=no search=inner_product"] == pytest.approx(0.25)  # a2 finds b1 first, by its length
    assert mr1["x l2=no search=nearest"] == pytest.approx(0.5)  # b2 finds both of a before b1
    assert {value for name, value in mr1.items() if "l2=yes" in name or "cosine" in name} == {0.0}


def test_rankings_from_elsewhere_are_scored(tmp_path):
    path = tmp_path / "theirs.jsonl"
    ranked = {"a1": ["a1", "a2", "b1", "b2", "z"], "a2": ["b1", "a1"], "b1": ["a1"]}
    lines = [
        {"query_fname": q, "results": [{"result_fname": r, "score": 0.5} for r in results], "search": "mcss"}
        for q, results in ranked.items()
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    found = evaluate_systems(
        prepare([SystemSpec("theirs", str(path))], labelled("a1", "a2", "b1", "b2"), folder=tmp_path, library=None),
        families={},
    )
    figures = found.systems[0].figures
    by_class = {each.label: each.averages for each in figures.classes}
    assert by_class["a"].map_15 == pytest.approx((1 + 1 / 2) / 2)  # a query among its own results has no rank
    assert by_class["a"].mr1 == pytest.approx(0.5)
    assert by_class["b"].map_15 == 0.0
    assert np.isnan(by_class["b"].mr1)  # the ranking ends before b2
    assert found.n_unranked == 1  # b2
    assert found.systems[0].notes == ("1 result of theirs is not a labelled sound and was left out.",)


def test_a_run_that_is_written_gives_the_same_figures_when_it_is_read(tmp_path):
    rng = np.random.default_rng(1)
    names = [f"{letter} {number}\u00a0100%\t%20.wav" for letter in "abc" for number in range(5)]
    path = saved(tmp_path / "x.npz", names, rng.normal(size=(15, 4)))
    ready = prepare([SystemSpec("x", str(path))], labelled(*names), folder=tmp_path, library=None)
    files = write_runs(ready, tmp_path / "runs")
    assert [file.name for file in files] == ["qrels.txt", "x.trec"]
    run = tmp_path / "runs" / "x.trec"
    again = prepare([SystemSpec("run", str(run))], labelled(*names), folder=tmp_path, library=None)
    first, second = (evaluate_systems(each, families={}).systems[0].figures.macro for each in (ready, again))
    assert first == second
    qrels = (tmp_path / "runs" / "qrels.txt").read_text().splitlines()
    assert len(qrels) == 15 * 4
    assert qrels[0] == "a%200%C2%A0100%25%09%2520.wav 0 a%201%C2%A0100%25%09%2520.wav 1"


def test_systems_whose_names_differ_in_punctuation_have_runs_of_their_own(tmp_path):
    path = saved(tmp_path / "x.npz", ["a1", "a2"], [[1, 0], [0, 1]])
    specs = [SystemSpec(name, str(path)) for name in ("x y", "x:y", "X_Y", "x_y_2")]
    ready = prepare(specs, labelled("a1", "a2"), folder=tmp_path, library=None)
    files = write_runs(ready, tmp_path / "runs")[1:]
    assert [file.name for file in files] == ["x_y.trec", "x_y_2.trec", "X_Y_3.trec", "x_y_2_2.trec"]
    assert [file.read_text().split()[5] for file in files] == [file.stem for file in files]


def test_the_lines_of_a_query_are_merged_by_rank_wherever_they_are(tmp_path):
    path = tmp_path / "run.trec"
    path.write_text("a Q0 d 3 0.1 t\nb Q0 a 1 0.9 t\na Q0 b 1 0.9 t\na Q0 c 2 0.5 t\n")
    orders, _ = read_orders(path, labelled("a", "b", "c", "d"))
    assert {query: order.tolist() for query, order in orders.items()} == {0: [1, 2, 3], 1: [0]}
    assert read_rankings(path)["a"] == [("b", 0.9), ("c", 0.5), ("d", 0.1)]
    parts = [{"query_fname": "a", "results": [{"result_fname": name, "score": 1.0}]} for name in "cb"]
    path.write_text("\n".join(map(json.dumps, parts)))
    assert read_orders(path, labelled("a", "b", "c"))[0][0].tolist() == [2, 1]


def test_runs_and_qrels_give_trec_eval_the_same_figures(tmp_path):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="pytrec-eval-terrier has no wheel for this system")
    rng = np.random.default_rng(2)
    names = [f"{letter}{number}" for letter in "abcd" for number in range(8)]
    path = saved(tmp_path / "x.npz", names, rng.normal(size=(32, 3)))
    ready = prepare([SystemSpec("x", str(path))], labelled(*names), folder=tmp_path, library=None)
    write_runs(ready, tmp_path)
    with (tmp_path / "qrels.txt").open() as file:
        qrels = pytrec_eval.parse_qrel(file)
    with (tmp_path / "x.trec").open() as file:
        run = pytrec_eval.parse_run(file)
    theirs = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank", "P.15", "ndcg_cut.15"}).evaluate(run)
    ours = evaluate_systems(ready, families={}).systems[0].figures.micro
    for figure, measure in (("mrr", "recip_rank"), ("p_15", "P_15"), ("ndcg_15", "ndcg_cut_15")):
        expected = np.mean([found[measure] for found in theirs.values()])
        assert getattr(ours, figure) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (lambda path: path.write_bytes(b"no archive"), "is not a NumPy archive"),
        (lambda path: np.savez(path, paths=np.array(["a"])), "is not a NumPy archive"),
        (lambda path: np.savez(path, paths=np.array(["a"]), vectors=np.zeros((2, 3))), "1 paths and vectors of shape"),
        (lambda path: np.savez(path, paths=np.array(["a"]), vectors=np.full((1, 3), np.nan)), "not finite"),
        (lambda path: np.savez(path, paths=np.array(["a"], object), vectors=np.zeros((1, 3))), "not as objects"),
        (lambda path: None, "cannot be read"),
    ],
)
def test_a_wrong_archive_is_a_sentence_with_a_remedy(tmp_path, write, sentence):
    write(tmp_path / "x.npz")
    with pytest.raises(QueryError, match=sentence) as caught:
        read_vectors(tmp_path / "x.npz")
    assert str(caught.value).endswith(".")


def test_files_about_other_sounds_are_sentences_with_a_remedy(tmp_path):
    path = saved(tmp_path / "x.npz", ["z"], [[1.0]])
    with pytest.raises(QueryError, match="None of the 2 labelled sounds has a vector"):
        prepare([SystemSpec("x", str(path))], labelled("a", "b"), folder=tmp_path, library=None)
    (tmp_path / "run.trec").write_text("z Q0 y 1 0.5 tag\n")
    with pytest.raises(QueryError, match="ranks none of the 2 labelled sounds"):
        read_orders(tmp_path / "run.trec", labelled("a", "b"))


def test_families_are_read_and_shared_classes_stay_outside(tmp_path):
    path = tmp_path / "families.json"
    path.write_text(json.dumps({"Drums": ["tom", "bell"], "Metal": ["bell"], "Dogs": ["bark", "howl"]}))
    assert read_families(path) == {"Dogs": ("bark", "howl"), "Drums": ("tom",)}
    for text in ("[]", '{"a": "b"}', "not json"):
        path.write_text(text)
        with pytest.raises(QueryError, match="Its format is"):
            read_families(path)


@pytest.mark.parametrize("name", ["ear", f"ear+{package_index.NAME}"])
def test_the_acoustic_block_ends_where_another_encoder_begins(monkeypatch, tmp_path, name):
    wheel = tmp_path / package_index.WHEEL
    wheel.write_bytes(package_index.wheel())
    monkeypatch.setattr("bowerbird.encoders.weights.packages.models_path", lambda: package_index.GRAPH.parent)
    weights = import_wheel(package_index.card(wheel.read_bytes()), wheel, control=Control())
    write_self_check(weights, SelfCheck(1.0))
    spec = parse_systems(f"{name}:acoustic")[0]
    (part,) = LabelledVectors(labelled("a"), tmp_path, None).encoder(spec).parts
    ear = encoder_named("ear")
    assert (part.start, part.stop) == (ear.blocks["meaning"].stop, ear.n_dims)
