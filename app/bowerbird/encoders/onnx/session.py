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
"""What can compute: the name that people write, ONNX Runtime's own, and the package that brings it."""

Array = npt.NDArray[Any]

_NUMBER: Final = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_SOURCE_PLACE: Final = re.compile(r"(?:[A-Za-z]:)?/?[\w.+-]*/\S*\.(?:cc|cpp|h|hpp):\d+\s*(?:[\w:<>~ ]*\([^()]*\)\s*)?")
"""Such as "/onnxruntime_src/onnxruntime/core/graph/model.cc:181 onnxruntime::Model::Model(…)"."""


def require_provider(provider: str) -> None:
    """Check that a provider is known and installed.

    Raises
    ------
    EncoderError
        When it is not.
    """
    if provider not in PROVIDERS:
        raise EncoderError(f"There is no `{provider}` to compute with. Choose one of: {', '.join(PROVIDERS)}.")
    from bowerbird.encoders.onnx import runtime  # noqa: PLC0415 - takes a while to load, and few processes need it

    name, package = PROVIDERS[provider]
    if name not in runtime.onnxruntime.get_available_providers():
        raise EncoderError(f"`{provider}` is not installed here. Install {package}, or leave out `@{provider}`.")


class Session:
    """One network, run one input at a time.

    One thread a session and several sessions beside one another is faster than the reverse; threads that wait by
    spinning take the core from another worker (measured: two are then twice as slow as one), so none does.

    Parameters
    ----------
    path : Path
    provider : str
        A key of `PROVIDERS`.
    inputs : sequence of str
        Names that the graph must have.
    output : str
    n_threads : int
        More than one is for somebody who waits for a single answer.

    Raises
    ------
    EncoderError
        When the file is no network, or another than its card says, or the provider does not start.
    """

    def __init__(self, path: Path, *, provider: str, inputs: Sequence[str], output: str, n_threads: int = 1) -> None:
        require_provider(provider)
        self._path = path
        self._output = output
        self._session = _open(path, provider, n_threads)
        if self._session.get_providers()[0] != PROVIDERS[provider][0]:  # silence would mean other bits, slowly
            raise EncoderError(
                f"`{provider}` is installed here, but does not start. Install the drivers and libraries that "
                f"{PROVIDERS[provider][1]} needs, or leave out `@{provider}`."
            )
        found = {one.name for one in self._session.get_inputs()}
        outputs = {one.name for one in self._session.get_outputs()}
        wanted = {name for name in inputs if name}
        if found != wanted or output not in outputs:
            raise EncoderError(
                f"`{path.name}` takes {_listed(found)} and gives {_listed(outputs)}; its card says "
                f"{_listed(wanted)} and `{output}`. Mend the card, or import the weights that belong to it."
            )

    def run(self, inputs: Mapping[str, Array]) -> npt.NDArray[np.float32]:
        """Run the network once.

        Raises
        ------
        EncoderError
            When it refuses the input.
        """
        from bowerbird.encoders.onnx import runtime  # noqa: PLC0415

        try:
            (result,) = self._session.run([self._output], dict(inputs))
        except runtime.RUN_ERRORS as error:
            raise EncoderError(
                f"`{self._path.name}` cannot take what its card says it takes ({_first_line(error)}). "
                "Mend the card, or import the weights that belong to it."
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
    options.log_severity_level = 4  # its faults come as exceptions; its advice is for programmers
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=_providers(provider))
    except LOAD_ERRORS as error:
        raise EncoderError(
            f"`{path.name}` is no network that can be run here ({_first_line(error)}). Fetch or import it again."
        ) from error


def _providers(provider: str) -> list[tuple[str, dict[str, str]]]:
    """Return what computes, with its options, and then the processor, for the operators that the other lacks."""
    cpu: tuple[str, dict[str, str]] = (PROVIDERS["cpu"][0], {})
    if provider == "cpu":
        return [cpu]
    # TF32 keeps ten bits of each number: its vectors would not be those of single precision.
    return [(PROVIDERS[provider][0], {"use_tf32": "0"} if provider == "cuda" else {}), cpu]


def _listed(names: set[str]) -> str:
    return " and ".join(f"`{name}`" for name in sorted(names)) or "nothing"


def _first_line(error: Exception) -> str:
    """Return what ONNX Runtime says first, without the places in its sources."""
    first = _SOURCE_PLACE.sub("", _NUMBER.sub("", str(error))).strip().splitlines()
    return first[0][:200].strip(". :") if first else type(error).__name__
