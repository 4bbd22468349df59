"""Retrieval figures against examples worked out by hand and against a plain reading of the definitions."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.base.errors import QueryError
from bowerbird.benchmark import retrieval
from bowerbird.benchmark.retrieval import evaluate


def on_a_circle(*degrees):
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def own_groups(n):
    return [f"g{i}" for i in range(n)]


def test_a_small_collection_is_scored_as_worked_out_by_hand():
    # Nearest first: a0 finds b10 a25 b60, a25 finds b10 a0 b60, b10 finds a0 a25 b60, b60 finds a25 b10 a0.
    figures = evaluate(on_a_circle(0, 10, 26, 60), ["a", "b", "a", "b"], own_groups(4))
    assert [each.label for each in figures.classes] == ["a", "b"]
    assert figures.classes[0].averages.map_15 == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert figures.classes[1].averages.map_15 == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert figures.classes[1].averages.mr1 == pytest.approx((2 + 1) / 2)
    assert figures.macro.map_15 == pytest.approx((1 / 2 + 5 / 12) / 2)
    assert figures.macro.mr1 == pytest.approx((1 + 1.5) / 2)
    assert (figures.n_sounds, figures.n_queries, figures.unscored) == (4, 4, ())


def test_a_sound_of_the_query_s_group_is_no_hit_and_takes_no_rank():
    vectors = on_a_circle(0, 1, 10, 20)
    figures = evaluate(vectors, ["a", "a", "b", "a"], ["x", "x", "y", "z"])
    # The first finds b then a (rank 1), its near-copy left out; the last finds b, then both of the pair.
    by_hand = [1 / 2, 1 / 2, (1 / 2 + 2 / 3) / 2]
    assert figures.classes[0].averages.map_15 == pytest.approx(np.mean(by_hand))
    assert figures.classes[0].averages.mr1 == pytest.approx(1.0)


def test_a_class_of_a_single_group_is_counted_but_not_scored():
    figures = evaluate(on_a_circle(0, 5, 50, 60), ["a", "a", "b", "b"], ["x", "x", "y", "z"])
    assert figures.unscored == ("a",)
    assert [each.label for each in figures.classes] == ["b"]
    assert figures.n_queries == 2
    assert figures.macro.map_15 == figures.classes[0].averages.map_15


def test_macro_weighs_classes_and_micro_weighs_queries():
    figures = evaluate(on_a_circle(0, 1, 2, 40, 90, 45), list("aaabbc"), own_groups(6))
    scores = {each.label: each for each in figures.classes}
    expected = (3 * scores["a"].averages.map_15 + 2 * scores["b"].averages.map_15) / 5
    assert figures.micro.map_15 == pytest.approx(expected)
    assert figures.macro.map_15 == pytest.approx(np.mean([each.averages.map_15 for each in scores.values()]))
    assert figures.micro.map_15 != figures.macro.map_15


def test_micro_counts_any_shared_label_as_relevant():
    figures = evaluate(on_a_circle(0, 10, 30), [("a", "b"), ("b",), ("a",)], own_groups(3))
    # For the first sound everything is relevant; for the others only the first sound.
    assert figures.micro.map_15 == pytest.approx((1.0 + 1.0 + 1 / 2) / 3)


def test_perfect_vectors_score_one_and_rank_zero():
    labels = [str(i // 5) for i in range(50)]
    figures = evaluate(np.eye(10, dtype=np.float32)[np.arange(50) // 5], labels, own_groups(50))
    assert dataclasses.astuple(figures.macro) == pytest.approx(dataclasses.astuple(figures.micro))
    assert (figures.macro.map_15, figures.macro.map_150, figures.macro.mr1) == pytest.approx((1.0, 1.0, 0.0))


def test_the_length_of_a_vector_does_not_matter():
    vectors = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)
    labels = [str(i % 4) for i in range(40)]
    stretched = vectors * np.linspace(0.1, 9.0, 40, dtype=np.float32)[:, None]
    assert evaluate(vectors, labels, own_groups(40)) == evaluate(stretched, labels, own_groups(40))


def test_families_average_their_scored_classes():
    figures = evaluate(
        on_a_circle(0, 10, 26, 60, 61),
        ["a", "b", "a", "b", "lonely"],
        own_groups(5),
        families={"both": {"a", "b"}, "one": {"b", "absent"}, "none": {"lonely"}},
    )
    by_family = {each.family: each for each in figures.families}
    assert set(by_family) == {"both", "one"}
    assert by_family["both"].averages == figures.macro
    assert by_family["one"].averages == figures.classes[1].averages


def test_nothing_to_find_is_a_sentence_with_a_remedy():
    with pytest.raises(QueryError, match=r"nothing to find\. Label more"):
        evaluate(on_a_circle(0, 1), ["a", "b"], own_groups(2))
    with pytest.raises(QueryError):
        evaluate(np.zeros((0, 3), np.float32), [], [])


def test_unequal_lengths_are_our_own_fault():
    with pytest.raises(ValueError, match="2 vectors, 1 labels"):
        evaluate(on_a_circle(0, 1), ["a"], own_groups(2))


def plain_figures(vectors, labels, groups):
    """The definitions read aloud, with no thought of speed."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    per_class = {}
    for query in range(len(vectors)):
        others = [i for i in range(len(vectors)) if groups[i] != groups[query]]
        others.sort(key=lambda i: (-float(units[query] @ units[i]), i))
        hits = [labels[i] == labels[query] for i in others]
        if not any(hits):
            continue
        scores = []
        for n in (15, 150):
            precisions = [sum(hits[: k + 1]) / (k + 1) for k in range(min(n, len(hits))) if hits[k]]
            scores.append(sum(precisions) / min(n, sum(hits)))
        per_class.setdefault(labels[query], []).append([*scores, hits.index(True)])
    return np.mean([np.mean(rows, axis=0) for rows in per_class.values()], axis=0)


@given(st.integers(0, 10_000), st.integers(20, 60), st.integers(2, 6), st.integers(2, 30))
@settings(max_examples=25, deadline=None)
def test_figures_match_a_plain_reading_of_the_definitions(seed, n_sounds, n_classes, n_groups):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n_sounds, 8)).astype(np.float32)
    groups = [str(g) for g in rng.integers(n_groups, size=n_sounds)]
    labels = [str(c) for c in rng.integers(n_classes, size=n_sounds)]
    try:
        macro = evaluate(vectors, labels, groups).macro
    except QueryError:
        return
    assert (macro.map_15, macro.map_150, macro.mr1) == pytest.approx(plain_figures(vectors, labels, groups))


def test_the_size_of_a_chunk_does_not_change_the_figures(monkeypatch):
    rng = np.random.default_rng(1)
    vectors = np.round(rng.standard_normal((300, 4)), 1).astype(np.float32)
    labels = [str(c) for c in rng.integers(9, size=300)]
    whole = evaluate(vectors, labels, own_groups(300))
    monkeypatch.setattr(retrieval, "_CHUNK_BYTES", 4 * 300 * 7)
    pieces = evaluate(vectors, labels, own_groups(300))
    assert pieces.macro.map_150 == pytest.approx(whole.macro.map_150, abs=1e-3)
    assert pieces.n_queries == whole.n_queries


def test_equal_scores_keep_the_order_of_the_collection():
    vectors = np.tile(on_a_circle(0), (4, 1))
    figures = evaluate(vectors, ["a", "b", "b", "a"], own_groups(4))
    assert figures.classes[0].averages.mr1 == pytest.approx((2 + 0) / 2)
    assert figures.classes[0].averages.map_15 == pytest.approx((1 / 3 + 1) / 2)
