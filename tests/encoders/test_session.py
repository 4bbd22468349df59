"""ONNX Runtime sessions: devices, options and errors."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import tiny_weights
from bowerbird.base.errors import EncoderError
from bowerbird.encoders.onnx import session
from bowerbird.encoders.onnx.encoder import OnnxEncoder
from bowerbird.encoders.onnx.runtime import onnxruntime
from bowerbird.encoders.onnx.session import PROVIDERS, Session, require_provider
from bowerbird.encoders.registry import encoder_named

FRAMES = Path(__file__).parent / "graphs" / "frames.onnx"
ABSENT = [name for name, (known, _) in PROVIDERS.items() if known not in onnxruntime.get_available_providers()]


def opened(path=FRAMES, **facts):
    return Session(path, **({"provider": "cpu", "inputs": ["samples"], "output": "vectors"} | facts))


def test_a_network_runs():
    result = opened().run({"samples": np.arange(8, dtype=np.float32)[None]})
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, np.arange(8).reshape(1, 2, 4))


def test_sessions_have_a_single_thread_and_no_spinning():
    options = opened()._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.execution_mode == onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    for threads in ("intra", "inter"):
        assert options.get_session_config_entry(f"session.{threads}_op.allow_spinning") == "0"
    assert opened()._session.get_providers() == ["CPUExecutionProvider"]


def test_8_bit_products_are_summed_in_32_bits_on_every_processor():
    options = opened()._session.get_session_options()
    assert options.get_session_config_entry("session.x64quantprecision") == "1"


@pytest.mark.parametrize("provider", ABSENT)
def test_a_missing_device_is_reported_with_its_package(provider):
    package = PROVIDERS[provider][1]
    with pytest.raises(EncoderError, match=f"{provider} is not available. Install {package}, or leave out"):
        require_provider(provider)
    tiny = tiny_weights.have()
    for make in (
        lambda: opened(provider=provider),
        lambda: OnnxEncoder(tiny, provider=provider),
        lambda: encoder_named(f"clap-tiny@{provider}"),
        lambda: encoder_named(f"clap-tiny-int8@{provider}"),
    ):
        with pytest.raises(EncoderError, match="is not available"):
            make()


def test_an_unknown_device_is_reported_with_the_known_devices():
    tiny_weights.have()
    with pytest.raises(EncoderError, match=r"Unknown device “tpu”\. Choose from: cpu, cuda"):
        encoder_named("clap-tiny@tpu")


def test_the_processor_is_neither_in_the_name_nor_in_the_id():
    tiny = tiny_weights.have()
    plain = OnnxEncoder(tiny)
    named = encoder_named("clap-tiny@cpu")
    assert (named.name, named.id) == (plain.name, plain.id)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"inputs": ["waveform"]}, "its card says waveform and vectors"),
        ({"inputs": ["samples", "mask"]}, "its card says mask and samples and vectors"),
        ({"inputs": []}, "its card says none and vectors"),
        ({"output": "embedding"}, "its card says samples and embedding"),
    ],
)
def test_names_that_do_not_match_the_graph_are_reported(facts, words):
    with pytest.raises(EncoderError, match=rf"frames\.onnx has inputs samples and outputs vectors; {words}\. Correct"):
        opened(**facts)


@pytest.mark.parametrize(
    "sample",
    [
        np.zeros((1, 7), np.float32),
        np.zeros((2, 1, 8), np.float32),
        np.zeros((1, 8), np.float64),
        np.zeros((1, 8), int),
    ],
)
def test_an_input_of_another_shape_is_a_sentence(sample):
    with pytest.raises(
        EncoderError, match=r"^frames\.onnx rejected an input that matches its card .+\. Correct"
    ) as told:
        opened().run({"samples": sample})
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", [b"\0" * 100, b"not a network", b"PK\x03\x04" + bytes(50)])
def test_a_file_that_is_not_a_network_is_a_sentence(tmp_path, content, capfd):
    path = tmp_path / "audio.onnx"
    path.write_bytes(content)
    with pytest.raises(EncoderError, match=r"^audio\.onnx .+\. (Download or import it again|Correct the card)"):
        opened(path)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_is_gone_or_a_folder_is_a_sentence(tmp_path):
    for path in (tmp_path / "absent.onnx", tmp_path):
        with pytest.raises(EncoderError, match="Download or import it again"):
            opened(path)


def test_a_path_of_any_letters_is_opened(tmp_path):
    path = tmp_path / "Dźwięki 雨の音 é" / "a b.onnx"
    path.parent.mkdir()
    shutil.copyfile(FRAMES, path)
    assert opened(path).run({"samples": np.ones((1, 4), np.float32)}).shape == (1, 1, 4)


@pytest.mark.parametrize(
    "said",
    [
        (
            "[ONNXRuntimeError] : 1 : FAIL : /onnxruntime_src/onnxruntime/core/graph/model.cc:181 "
            "onnxruntime::Model::Model(onnx::ModelProto&&, const std::filesystem::__cxx11::path&) Unsupported version."
        ),
        "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Protobuf parsing failed.",
    ],
)
def test_messages_of_onnx_runtime_are_shown_without_source_locations(said):
    told = session._first_line(RuntimeError(said))
    assert ".cc:" not in told
    assert "ONNXRuntimeError" not in told
    assert told.endswith(("Unsupported version", "Protobuf parsing failed"))


@pytest.mark.skipif("cuda" not in ABSENT, reason="needs a machine on which CUDA does not start")
@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_device_that_does_not_start_is_reported_and_not_replaced_silently(monkeypatch):
    monkeypatch.setattr(session, "require_provider", lambda provider: None)
    with pytest.raises(EncoderError, match=r"cuda is installed but does not start\. Install .+ @cuda\."):
        opened(provider="cuda")


def test_cuda_computes_in_single_precision_and_never_less():
    (name, options), (spare, _) = session._providers("cuda")
    assert (name, options["use_tf32"]) == ("CUDAExecutionProvider", "0")
    assert spare == "CPUExecutionProvider"
