#!/bin/sh
# aisfx 0.1.2 offers two spectrograms, by Essentia and by librosa. Essentia's has one row a frame, librosa's one row a mel
# band, and the function that cuts a spectrogram into blocks of 100 frames cuts rows. So with librosa a sound of any
# length becomes one block: its 96 bands followed by 4 rows of zeros, with time where the bands should be. The network
# accepts every size, so embeddings come out without an error and mean something else.
#
# Output with aisfx 0.1.2, librosa 0.11.0 and numpy 2.2.6, for 10 s of noise:
#     spectrogram (96, 431), blocks (1, 100, 431); turned: spectrogram (431, 96), blocks (7, 100, 96)
# Exit status 1 if that changes.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet "librosa==0.11.0" "numpy==2.2.6" "soundfile==0.13.1"
"$scratch/venv/bin/python" -m pip install --quiet --no-deps "aisfx==0.1.2"
"$scratch/venv/bin/python" - "$scratch" <<'PYTHON'
import importlib.util
import sys
import sysconfig
from pathlib import Path

import numpy as np
import soundfile

package = Path(sysconfig.get_path("purelib")) / "aisfx"


def module(path):
    """Load a module of the package alone: the package itself imports torch, which is not needed here."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


compute_spectrogram = module(package / "spectrogram" / "spectrogram_librosa.py").compute_spectrogram
blocking = module(package / "preprocessing.py").blocking

sound = str(Path(sys.argv[1]) / "noise.wav")
soundfile.write(sound, np.random.default_rng(0).normal(0, 0.1, 441_000), 44_100)
spec = compute_spectrogram(sound, sr=44_100, block_size=2048, hop_size=1024, n_mels=96, f_min=0.0, f_max=22_050.0)
shapes = [blocking(each, block_size=100, hop_size=50, drop_partial_block=True).shape for each in (spec, spec.T)]
print(f"spectrogram {spec.shape}, blocks {shapes[0]}; turned: spectrogram {spec.T.shape}, blocks {shapes[1]}")
sys.exit(0 if (spec.shape, *shapes) == ((96, 431), (1, 100, 431), (7, 100, 96)) else 1)
PYTHON
