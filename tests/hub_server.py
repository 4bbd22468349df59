"""A hub on the loopback address that behaves like Hugging Face's and can be made to fail."""

import hashlib
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

REPOSITORY = "somebody/tiny"
COMMIT = "c0ffee" * 6 + "c0ff"
LARGE_BYTES = 50_000
"""From this size on, files are stored as large files: identified by sha256 and served by another host."""


@dataclass
class Hub:
    """The files and the behaviour of the hub. Use it as a context manager.

    Attributes
    ----------
    files : dict of str to bytes
        By path.
    breaks : dict of str to list of int
        The next answers for a path break off after so many bytes, one after another.
    statuses : dict of str to int
        Answers that are refusals.
    tags : dict of str to str
        Reported for a file instead of its real tag; "" for none.
    is_ranged : bool
        Whether it can go on in the middle of a file.
    requests : list of (str, str, dict)
        Method, path and headers of every request.
    """

    files: dict
    breaks: dict = field(default_factory=dict)
    statuses: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    commit: str = COMMIT
    is_ranged: bool = True
    requests: list = field(default_factory=list)

    def __enter__(self):
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self.port = self._server.server_address[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def gets(self, path):
        """Return the Range header of every request for a file's content, in order; None for the whole."""
        return [
            {key.lower(): value for key, value in headers.items()}.get("range")
            for method, place, headers in self.requests
            if method == "GET" and place.endswith(path) and (place.startswith("/cdn/") or not self._is_large(path))
        ]

    def tag(self, path):
        data = self.files[path]
        if path in self.tags:
            return self.tags[path]
        if self._is_large(path):
            return hashlib.sha256(data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    def _is_large(self, path):
        return len(self.files.get(path, b"")) >= LARGE_BYTES


def closed_endpoint():
    """Return an address without a server."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{place.getsockname()[1]}"


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request, client_address):
        """Ignore aborted connections."""


def _handler_of(hub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self._answer(has_body=False)

        def do_GET(self):
            self._answer(has_body=True)

        def _answer(self, *, has_body):
            place = unquote(self.path)
            hub.requests.append((self.command, place, dict(self.headers)))
            if place.startswith("/cdn/"):
                self._send(place.removeprefix("/cdn/"), has_body, {})
                return
            repository, _, rest = place.lstrip("/").partition("/resolve/")
            revision, _, path = rest.partition("/")
            if path in hub.statuses:
                self._refuse(hub.statuses[path])
            elif repository != REPOSITORY or revision not in ("main", hub.commit) or path not in hub.files:
                self._refuse(404, {"X-Error-Code": "EntryNotFound"})
            elif hub._is_large(path):
                self.send_response(302)
                self.send_header("Location", f"http://localhost:{hub.port}/cdn/{path}")
                self.send_header("X-Repo-Commit", hub.commit)
                self.send_header("X-Linked-Size", str(len(hub.files[path])))
                if hub.tag(path):
                    self.send_header("X-Linked-Etag", f'"{hub.tag(path)}"')
                    self.send_header("ETag", '"of-the-pointer"')
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                facts = {"X-Repo-Commit": hub.commit}
                if hub.tag(path):
                    facts["ETag"] = f'"{hub.tag(path)}"'
                self._send(path, has_body, facts)

        def _send(self, path, has_body, facts):
            data = hub.files[path]
            first = 0
            wanted = self.headers.get("Range")
            if wanted and hub.is_ranged:
                first = int(wanted.removeprefix("bytes=").removesuffix("-"))
                if first >= len(data):
                    self._refuse(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            else:
                self.send_response(200)
            body = data[first:]
            self.send_header("Content-Length", str(len(body)))
            for name, value in facts.items():
                self.send_header(name, value)
            self.end_headers()
            if not has_body:
                return
            if hub.breaks.get(path):
                body = body[: hub.breaks[path].pop(0)]
                self.close_connection = True
            self.wfile.write(body)

        def _refuse(self, status, facts=()):
            self.send_response(status)
            for name, value in dict(facts).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler
