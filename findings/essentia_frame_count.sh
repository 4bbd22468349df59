#!/bin/sh
# Essentia's FrameCutter centres its first frame at the first sample by default, as librosa does, but it does not stop
# where librosa stops: it yields every frame that begins before the end of the sound, so its last frame is centred up to
# one hop after the end. That is ceil(n / hop) + 1 frames for frames of two hops, where librosa (center=True) has
# 1 + floor(n / hop): one more, unless the length is a multiple of the hop. Spectrograms of both that are compared frame
# by frame, or networks that were trained on one and are given the other, differ by that frame.
#
# Output with essentia 2.1b6.dev1389 and librosa 0.11.0, frames of 2048 and a hop of 1024:
#     100 samples: essentia 2, librosa 1
#     1024 samples: essentia 2, librosa 2
#     1025 samples: essentia 3, librosa 2
#     44100 samples: essentia 45, librosa 44
# Exit status 1 if that changes.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet "essentia==2.1b6.dev1389" "librosa==0.11.0" "numpy==2.2.6"
"$scratch/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import essentia

essentia.log.infoActive = False
import essentia.standard
import librosa
import numpy as np

found = {}
for n_samples in (100, 1024, 1025, 44_100):
    samples = np.random.default_rng(0).normal(0, 0.1, n_samples).astype(np.float32)
    frames = list(essentia.standard.FrameGenerator(samples, frameSize=2048, hopSize=1024))
    spectra = librosa.stft(samples, n_fft=2048, hop_length=1024, center=True, pad_mode="constant")
    found[n_samples] = (len(frames), spectra.shape[1])
    print(f"{n_samples} samples: essentia {len(frames)}, librosa {spectra.shape[1]}")
sys.exit(0 if found == {100: (2, 1), 1024: (2, 2), 1025: (3, 2), 44_100: (45, 44)} else 1)
PYTHON
