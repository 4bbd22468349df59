"""ONNX Runtime sessions with every option written out, and the library's errors as sentences."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError

if TYPE_CHECKING:
    from bowerbird.encoders.onnx.runtime import onnxruntime

PROVIDERS: Final[Mapping[str, tuple[str, str]]] = {
    "cpu": ("CPUExecutionProvider", "onnxruntime"),
    "cuda": ("CUDAExecutionProvider", "onnxruntime-gpu"),
    "coreml": ("CoreMLExecutionProvider", "onnxruntime on macOS"),
    "directml": ("DmlExecutionProvider", "onnxruntime-directml"),
}
"""Devices: the name in encoder names, ONNX Runtime's name, and the package that provides it."""

Array = npt.NDArray[Any]

_NUMBER: Final = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_SOURCE_LOCATION: Final = re.compile(
    r"(?:[A-Za-z]:)?/?[\w.+-]*/\S*\.(?:cc|cpp|h|hpp):\d+\s*(?:[\w:<>~ ]*\([^()]*\)\s*)?"
)
"""Such as "/onnxruntime_src/onnxruntime/core/graph/model.cc:181 onnxruntime::Model::Model(…)"."""


def require_provider(provider: str) -> None:
    """Check that a provider is known and installed.

    Raises
    ------
    EncoderError
        When it is not.
    """
    if provider not in PROVIDERS:
        raise EncoderError(f"Unknown device “{provider}”. Choose from: {', '.join(PROVIDERS)}.")
    from bowerbird.encoders.onnx import runtime  # noqa: PLC0415 - slow to import, and few processes need it

    name, package = PROVIDERS[provider]
    if name not in runtime.onnxruntime.get_available_providers():
        raise EncoderError(f"{provider} is not available. Install {package}, or leave out @{provider}.")


class Session:
    """Runs a network, one input at a time.

    Several sessions with a thread each are faster than a session with several threads. Spinning is off, because
    spinning threads take the core of another worker (measured: two workers were twice as slow as one).

    Parameters
    ----------
    path : Path
    provider : str
        A key of `PROVIDERS`.
    inputs : sequence of str
        Names that the graph must have; empty names are ignored.
    output : str
    n_threads : int
        More than one reduces the latency of a single run.

    Raises
    ------
    EncoderError
        When the file is not a network, does not match its card, or the device does not start.
    """

    def __init__(self, path: Path, *, provider: str, inputs: Sequence[str], output: str, n_threads: int = 1) -> None:
        require_provider(provider)
        self._path = path
        self._output = output
        self._session = _open(path, provider, n_threads)
        if (
            self._session.get_providers()[0] != PROVIDERS[provider][0]
        ):  # it would run on the CPU: slow, and with different vectors
            raise EncoderError(
                f"{provider} is installed but does not start. Install the drivers and libraries that "
                f"{PROVIDERS[provider][1]} needs, or leave out @{provider}."
            )
        found = {node.name for node in self._session.get_inputs()}
        outputs = {node.name for node in self._session.get_outputs()}
        wanted = {name for name in inputs if name}
        if found != wanted or output not in outputs:
            raise EncoderError(
                f"{path.name} has inputs {_listed(found)} and outputs {_listed(outputs)}; its card says "
                f"{_listed(wanted)} and {output}. Correct the card, or import the matching weights."
            )

    def run(self, inputs: Mapping[str, Array]) -> npt.NDArray[np.float32]:
        """Run the network once.

        Raises
        ------
        EncoderError
            When the network rejects the input.
        """
        from bowerbird.encoders.onnx import runtime  # noqa: PLC0415

        try:
            (result,) = self._session.run([self._output], dict(inputs))
        except runtime.RUN_ERRORS as error:
            raise EncoderError(
                f"{self._path.name} rejected an input that matches its card ({_first_line(error)}). "
                "Correct the card, or import the matching weights."
            ) from error
        return np.asarray(result, np.float32)


def _open(path: Path, provider: str, n_threads: int) -> "onnxruntime.InferenceSession":
    from bowerbird.encoders.onnx.runtime import LOAD_ERRORS, onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # On x86 without VNNI, products of 8-bit matrices are summed in 16 bits, which overflow: the embeddings are wrong.
    # This keeps 32 bits there. It changes no bit where VNNI is present, nor in networks of full precision.
    options.add_session_config_entry("session.x64quantprecision", "1")
    options.log_severity_level = 4  # errors are raised as exceptions
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=_providers(provider))
    except LOAD_ERRORS as error:
        raise EncoderError(
            f"{path.name} is not a network that can be run ({_first_line(error)}). Download or import it again."
        ) from error


def _providers(provider: str) -> list[tuple[str, dict[str, str]]]:
    """Return the device with its options, then the CPU for operators that the device lacks."""
    cpu: tuple[str, dict[str, str]] = (PROVIDERS["cpu"][0], {})
    if provider == "cpu":
        return [cpu]
    # TF32 has a 10-bit mantissa: vectors would differ from single precision.
    return [(PROVIDERS[provider][0], {"use_tf32": "0"} if provider == "cuda" else {}), cpu]


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names)) or "none"


def _first_line(error: Exception) -> str:
    """Return the first line of an ONNX Runtime error without source locations."""
    first = _SOURCE_LOCATION.sub("", _NUMBER.sub("", str(error))).strip().splitlines()
    return first[0][:200].strip(". :") if first else type(error).__name__
