"""ONNX Runtime for the export tool, which runs without the program: telemetry is off before the library loads."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime import quantization

__all__ = ["onnxruntime", "quantization"]
