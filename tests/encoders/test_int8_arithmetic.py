"""8-bit networks on a processor without VNNI, which valgrind emulates."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = """
import sys
import numpy as np
from bowerbird.encoders.onnx.encoder import OnnxEncoder
from bowerbird.encoders.onnx.text import OnnxTextEncoder
from bowerbird.encoders.weights.store import weights_in
from pathlib import Path
weights = weights_in(Path(sys.argv[1]))
window = np.random.default_rng(0).normal(0, 0.1, 4_800).astype(np.float32)
full, small = OnnxEncoder(weights), OnnxEncoder(weights, is_int8=True)
texts = [OnnxTextEncoder(weights, n_dims=full.n_dims, is_int8=is_int8) for is_int8 in (False, True)]
np.savez(
    sys.argv[2],
    sounds=np.concatenate([encoder.encode([window]) for encoder in (full, small)]),
    texts=np.concatenate([encoder.encode(["dark rain"]) for encoder in texts]),
)
"""
TINY = Path(__file__).parent / "tiny_clap"


@pytest.mark.long
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_8_bit_embeddings_are_the_same_bits_with_and_without_vnni(tmp_path):
    results = {}
    for name, prefix in (
        ("here", []),
        ("avx2", ["valgrind", "--tool=none", "--smc-check=all-non-file", "-q"]),  # reports AVX2 and no VNNI
    ):
        out = tmp_path / f"{name}.npz"
        subprocess.run(
            [*prefix, sys.executable, "-c", PROGRAM, str(TINY), str(out)],
            check=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        with np.load(out) as stored:
            results[name] = dict(stored)
    for kind in ("sounds", "texts"):
        full, small = results["avx2"][kind]
        print(f"{kind}: cosine {full @ small:.4f} between full precision and 8 bits on AVX2")
        assert full @ small > 0.98
        np.testing.assert_allclose(small, results["here"][kind][1], atol=1e-6)
