"""Figures of rankings against trec_eval where it defines the same, and worked out by hand where it does not."""

import numpy as np
import pytest

from bowerbird.ranking.hits import FIGURES, average_precisions, hit_figures


def figures_of(hits, n_relevant):
    """Figures of one ranking, by name."""
    first = float(np.argmax(hits)) if any(hits) else float("nan")
    values = hit_figures(np.array([hits], np.bool_), n_relevant=np.array([n_relevant]), first=np.array([first]))
    return dict(zip(FIGURES, values[0].tolist(), strict=True))


def test_the_denominator_of_average_precision_is_the_smaller_of_n_and_the_relevant():
    hits = [True, False, True, *[False] * 12, *[True] * 20]
    figures = figures_of(hits, 22)
    assert figures["map_15"] == pytest.approx((1 / 1 + 2 / 3) / 15)
    later = sum((3 + i) / (16 + i) for i in range(20))
    assert figures["map_150"] == pytest.approx((1 / 1 + 2 / 3 + later) / 22)
    assert figures_of([True, True], 2)["map_15"] == 1.0
    assert figures_of([True, True], 15)["map_15"] == pytest.approx(2 / 15)


def test_ranks_count_from_zero_and_a_ranking_without_a_hit_has_none():
    figures = figures_of([False, False, True], 1)
    assert (figures["mr1"], figures["mrr"]) == (2.0, pytest.approx(1 / 3))
    missed = figures_of([False, False], 3)
    assert np.isnan(missed["mr1"])
    assert (missed["mrr"], missed["p_15"], missed["ndcg_15"], missed["map_15"]) == (0, 0, 0, 0)


def test_short_rankings_count_as_if_nothing_followed():
    figures = figures_of([True], 3)
    assert figures["p_15"] == pytest.approx(1 / 15)
    assert figures["ndcg_15"] == pytest.approx(1 / (1 + 1 / np.log2(3) + 1 / 2))


def test_figures_equal_trec_eval():
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="pytrec-eval-terrier has no wheel for this system")
    rng = np.random.default_rng(3)
    n_queries, n_items = 60, 300
    relevant = rng.random((n_queries, n_items)) < rng.choice([0.01, 0.05, 0.3], (n_queries, 1))
    relevant[:, 0] |= ~relevant.any(axis=1)
    order = np.stack([rng.permutation(n_items) for _ in range(n_queries)])
    hits = np.take_along_axis(relevant, order, axis=1)
    n_relevant = relevant.sum(axis=1)
    ours = hit_figures(hits[:, :150], n_relevant=n_relevant, first=hits.argmax(axis=1).astype(np.float64))

    qrels = {f"q{q}": {f"d{i}": int(relevant[q, i]) for i in range(n_items)} for q in range(n_queries)}
    run = {f"q{q}": {f"d{i}": float(n_items - rank) for rank, i in enumerate(order[q])} for q in range(n_queries)}
    measures = {"map", "map_cut.15,150", "recip_rank", "P.15", "ndcg_cut.15"}
    theirs = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    for figure, measure in (("mrr", "recip_rank"), ("p_15", "P_15"), ("ndcg_15", "ndcg_cut_15")):
        expected = [theirs[f"q{q}"][measure] for q in range(n_queries)]
        np.testing.assert_allclose(ours[:, FIGURES.index(figure)], expected, rtol=1e-9, atol=1e-12)
    # The denominator of map_cut is the number of relevant items: the sum over relevant ranks is the same.
    for figure, n in (("map_15", 15), ("map_150", 150)):
        expected = [theirs[f"q{q}"][f"map_cut_{n}"] for q in range(n_queries)]
        scaled = ours[:, FIGURES.index(figure)] * np.minimum(n, n_relevant) / n_relevant
        np.testing.assert_allclose(scaled, expected, rtol=1e-9, atol=1e-12)
    whole = average_precisions(hits, n_relevant=n_relevant, cutoff=n_items)
    np.testing.assert_allclose(whole, [theirs[f"q{q}"]["map"] for q in range(n_queries)], rtol=1e-9)
