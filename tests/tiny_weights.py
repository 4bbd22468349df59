"""The tiny network as installed weights: checked, or damaged in several ways."""

import shutil
from dataclasses import replace
from pathlib import Path

from bowerbird.base.paths import weights_path
from bowerbird.encoders.weights.cards import CARD_NAME
from bowerbird.encoders.weights.self_check import SelfCheck, write_self_check
from bowerbird.encoders.weights.store import Weights, weights_in, write_card

TINY = Path(__file__).parent / "encoders" / "tiny_clap"
NAME = "clap-tiny"


def have(name=NAME, *, is_checked=True, **facts):
    """Install the tiny network under a name, with changes to its card; return the weights."""
    folder = weights_path() / name
    shutil.copytree(TINY, folder)
    card = replace(weights_in(folder).card, id=name, **facts)
    write_card(card, folder / CARD_NAME)
    weights = Weights(card, folder)
    if is_checked:
        write_self_check(weights, SelfCheck(1.0))
    return weights


def cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def tamper(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def swap(path):
    """Replace a network by another that also runs."""
    other = {"audio.onnx": "audio_int8.onnx", "audio_int8.onnx": "audio.onnx", "text.onnx": "text_int8.onnx"}
    shutil.copyfile(TINY / other[path.name], path)


HARMS = (cut, tamper, swap)
