import threading

import numpy as np

from bowerbird.playback.ring import Ring


def counted(begin: int, n: int) -> np.ndarray:
    return np.repeat(np.arange(begin, begin + n, dtype=np.float32)[:, np.newaxis], 2, axis=1)


def test_frames_come_out_in_order_across_the_seam():
    ring = Ring(10)
    heard, n_in = [], 0
    for n in (7, 6, 3, 10, 1):
        n_in += ring.write(counted(n_in, n))
        out = np.zeros((5, 2), np.float32)
        heard.extend(out[: ring.read_into(out)])
    np.testing.assert_array_equal(heard, counted(0, len(heard)))
    assert len(heard) == 25


def test_a_full_ring_accepts_only_what_fits():
    ring = Ring(8)
    assert ring.write(counted(0, 6)) == 6
    assert ring.write(counted(6, 6)) == 2
    assert ring.write(counted(8, 1)) == 0
    assert ring.n_waiting == 8


def test_an_empty_ring_leaves_the_block_alone():
    ring = Ring(8)
    ring.write(counted(1, 2))
    out = np.full((4, 2), 9, np.float32)
    assert ring.read_into(out) == 2
    np.testing.assert_array_equal(out[:, 0], [1, 2, 9, 9])


def test_a_writer_and_a_reader_lose_nothing():
    ring, n_total = Ring(997), 200_000

    def write() -> None:
        at = 0
        while at < n_total:
            at += ring.write(counted(at, min(313, n_total - at)))

    writer = threading.Thread(target=write)
    writer.start()
    heard = []
    out = np.zeros((128, 2), np.float32)
    while sum(map(len, heard)) < n_total:
        heard.append(out[: ring.read_into(out)].copy())
    writer.join()
    np.testing.assert_array_equal(np.concatenate(heard), counted(0, n_total))
