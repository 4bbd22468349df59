"""The compact index against exact search, on vectors that lie in clusters as sounds do."""

import threading

import numpy as np
import pytest

from bowerbird.index import compact
from bowerbird.index.compact import CompactIndex, DamagedIndexError
from bowerbird.index.exact import ExactIndex
from bowerbird.index.protocol import Weighting
from bowerbird.index.vector_file import VectorFile

pytestmark = pytest.mark.skipif(not compact.is_available(), reason="Faiss is not installed")

N, N_DIMS = 6_000, 32


def unit(vectors):
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def clustered(n=N, n_dims=N_DIMS, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(60, n_dims))
    return unit(centres[rng.integers(0, 60, n)] + rng.normal(0, 0.35, (n, n_dims)))


def uniform(n=N, n_dims=N_DIMS, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(n, n_dims)))


def filled(kind, vectors):
    index = kind(vectors.shape[1])
    index.add(np.arange(len(vectors)), vectors)
    return index


@pytest.fixture(scope="module")
def vectors():
    return clustered()


@pytest.fixture
def index(vectors):
    made = filled(CompactIndex, vectors)
    made.train()
    return made


def recall(found, truth, queries, k=10, **options):
    hits = 0
    for query in queries:
        hits += len(set(found.search(query, k, **options)[0]) & set(truth.search(query, k, **options)[0]))
    return hits / (k * len(queries))


@pytest.mark.parametrize("make", [clustered, uniform])
@pytest.mark.parametrize("n_dims", [31, 64])
def test_nearly_all_true_neighbours_are_found_with_their_cosines(make, n_dims):
    vectors = make(n_dims=n_dims)
    index, exact = filled(CompactIndex, vectors), filled(ExactIndex, vectors)
    queries = [*vectors[::100], *make(40, n_dims, seed=5)]
    assert recall(index, exact, queries) >= 0.95
    labels, scores = index.search(vectors[17], 10)
    assert labels[0] == 17
    np.testing.assert_allclose(scores, vectors[labels] @ vectors[17], atol=5e-4)
    assert (np.diff(scores) <= 1e-7).all()


@pytest.mark.parametrize("n_allowed", [0, 1, 9, 1_000, 2_001, 3_000, 5_999])
@pytest.mark.parametrize("k", [1, 10, 700, 10_000])
def test_a_filtered_search_is_never_short(index, vectors, n_allowed, k):
    allowed = np.random.default_rng(n_allowed).permutation(N)[:n_allowed].astype(np.int64)
    for query in (*vectors[:3], -vectors[0], *uniform(2, seed=9)):
        labels, scores = index.search(query, k, allowed=allowed)
        assert len(labels) == len(scores) == len(set(labels.tolist())) == min(k, n_allowed)
        assert np.isin(labels, allowed).all()


def test_a_filtered_search_finds_the_nearest_of_those_that_are_allowed(index, vectors):
    exact = filled(ExactIndex, vectors)
    allowed = np.random.default_rng(1).permutation(N)[: N // 2].astype(np.int64)
    assert recall(index, exact, vectors[::100], allowed=allowed) >= 0.95


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_vectors_that_are_all_the_same_are_all_found(value):
    vectors = np.zeros((3_000, 8), np.float32)
    vectors[:, 0] = value
    index = filled(CompactIndex, vectors)
    assert len(index.search(vectors[0], 20)[0]) == 20
    assert len(index.search(vectors[0], 20, allowed=np.arange(2_500))[0]) == 20


def test_removed_vectors_are_found_no_more_and_the_rest_still_are(index, vectors):
    exact = filled(ExactIndex, vectors)
    gone = np.arange(0, N, 7)
    for each in (index, exact):
        each.remove(gone)
        each.remove(gone)
        assert len(each) == N - len(gone)
    assert index.share_deleted == pytest.approx(len(gone) / N)
    np.testing.assert_array_equal(index.labels(), exact.labels())
    for query in vectors[::500]:
        assert not np.isin(index.search(query, 20)[0], gone).any()
    assert recall(index, exact, vectors[::100]) >= 0.95


def test_vectors_added_later_are_found_at_once(vectors):
    index = filled(CompactIndex, vectors[:3_000])
    index.train()
    for start in range(3_000, N, 500):
        index.add(np.arange(start, start + 500), vectors[start : start + 500])
        assert index.search(vectors[start + 3], 1)[0].tolist() == [start + 3]
    assert recall(index, filled(ExactIndex, vectors), vectors[::100]) >= 0.95


def test_an_index_that_was_begun_small_asks_to_be_trained_again(vectors):
    index = filled(CompactIndex, vectors[:1_200])
    index.train()
    assert not index.is_outgrown
    index.add(np.arange(1_200, N), vectors[1_200:])
    assert index.is_outgrown
    index.train()
    assert not index.is_outgrown
    assert recall(index, filled(ExactIndex, vectors), vectors[::100]) >= 0.95


def test_weights_count_as_in_an_exact_search(index, vectors):
    weighting = Weighting(((0, 8), (8, N_DIMS)), (3.0, 0.5))
    exact = filled(ExactIndex, vectors)
    labels, scores = index.search(vectors[5], 10, weighting=weighting)
    expected = exact.search(vectors[5], 10, weighting=weighting)
    assert len(set(labels) & set(expected[0])) >= 9
    np.testing.assert_allclose(scores[0], expected[1][0], atol=1e-3)


def test_labels_must_ascend(index, vectors):
    with pytest.raises(ValueError, match="ascend"):
        index.add(np.array([N + 1, N]), vectors[:2])
    with pytest.raises(ValueError, match="ascend"):
        index.add(np.array([N - 1]), vectors[:1])


def test_the_saved_index_is_the_same_however_many_threads_there_are(tmp_path, vectors):
    faiss = pytest.importorskip("faiss")

    def saved(name, n_threads):
        def build():
            faiss.omp_set_num_threads(n_threads)
            index = filled(CompactIndex, vectors)
            index.train()
            (tmp_path / name).mkdir()
            index.write(tmp_path / name / "it.index")

        builder = threading.Thread(target=build)
        builder.start()
        return builder

    before = faiss.omp_get_max_threads()
    try:
        for name, n_threads in (("one", 1), ("two", 2), ("eight", 8)):
            saved(name, n_threads).join()
        for builder in [saved(name, 4) for name in ("beside", "another")]:
            builder.join()
    finally:
        faiss.omp_set_num_threads(before)
    for piece in ("it.index", "it.vectors"):
        contents = {(tmp_path / name / piece).read_bytes() for name in ("one", "two", "eight", "beside", "another")}
        assert len(contents) == 1


def test_searches_stay_right_while_another_thread_learns_the_points_again(vectors):
    index = filled(CompactIndex, vectors)
    index.train()
    exact = filled(ExactIndex, vectors)
    learned = []
    learner = threading.Thread(target=lambda: learned.append(index.trained()))
    learner.start()
    number = 0
    while learner.is_alive() or number < 20:
        assert index.search(vectors[number], 1)[0].tolist() == [number]
        number += 1
    learner.join()
    index.add(np.array([N]), uniform(1, seed=3))
    index.use(learned[0])
    assert index.search(uniform(1, seed=3)[0], 1)[0].tolist() == [N]
    assert recall(index, exact, vectors[::100]) >= 0.95


def test_a_cancelled_training_leaves_the_index_as_it_was(vectors):
    index = filled(CompactIndex, vectors)
    assert index.trained(is_cancelled=lambda: True) is None
    assert index.search(vectors[3], 1)[0].tolist() == [3]


def test_a_saved_index_comes_back_and_grows_on(tmp_path, index, vectors):
    index.remove(np.arange(10))
    codes, rows = index.write(tmp_path / "it.index")
    again = CompactIndex.read(codes, rows, index.vectors_path, N_DIMS)
    np.testing.assert_array_equal(again.labels(), index.labels())
    for query in vectors[::500]:
        for found, expected in zip(again.search(query, 10), index.search(query, 10), strict=True):
            np.testing.assert_array_equal(found, expected)
    again.add(np.arange(N, N + 100), uniform(100, seed=4))
    again.write(tmp_path / "more.index")
    third = CompactIndex.read(tmp_path / "more.index", tmp_path / "more.rows.npz", again.vectors_path, N_DIMS)
    assert third.search(uniform(100, seed=4)[99], 1)[0].tolist() == [N + 99]


def test_a_vector_that_changed_on_disk_is_not_believed(tmp_path, index, vectors):
    codes, rows = index.write(tmp_path / "it.index")
    with index.vectors_path.open("r+b") as file:
        file.seek(2 * N_DIMS * 17)
        file.write(vectors[0].astype(np.float16).tobytes())
    again = CompactIndex.read(codes, rows, index.vectors_path, N_DIMS)
    with pytest.raises(DamagedIndexError):
        again.search(vectors[17], 5)


def test_a_file_of_vectors_that_was_never_saved_goes_with_its_index(tmp_path, vectors):
    path = tmp_path / "draft.vectors"

    def written():
        file = VectorFile(N_DIMS)
        file.write_to(path)
        index = CompactIndex(N_DIMS, file)
        index.add(np.arange(100), vectors[:100])
        assert path.stat().st_size == 100 * N_DIMS * 2
        return index

    index = written()
    del index
    assert not path.exists()
    kept = written()
    kept.write(tmp_path / "it.index")
    del kept
    assert path.exists()


def test_a_draft_that_another_process_removed_is_written_again(tmp_path, vectors):
    file = VectorFile(N_DIMS)
    file.write_to(tmp_path / "draft.vectors")
    index = CompactIndex(N_DIMS, file)
    index.add(np.arange(100), vectors[:100])
    (tmp_path / "draft.vectors").unlink()
    codes, rows = index.write(tmp_path / "it.index")
    again = CompactIndex.read(codes, rows, index.vectors_path, N_DIMS)
    assert again.search(vectors[42], 1)[0].tolist() == [42]
