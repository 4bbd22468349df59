"""The only import of ONNX Runtime: its usage telemetry is switched off before the library loads.

Since version 1.29 ONNX Runtime on Linux writes a device id and an event file into the user's cache and looks up the
address of a collector, unless this variable is set when the library is first imported.
"""

import os
from typing import Final

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoModel,
    NoSuchFile,
    NotImplemented,  # noqa: A004 - the library's own name
    RuntimeException,
)

__all__ = ["LOAD_ERRORS", "RUN_ERRORS", "onnxruntime"]

RUN_ERRORS: Final = (Fail, InvalidArgument, RuntimeException)
"""Raised when a session refuses its input."""

LOAD_ERRORS: Final = (*RUN_ERRORS, InvalidGraph, InvalidProtobuf, NoModel, NoSuchFile, NotImplemented)
"""Raised when a file cannot be opened as a network."""
