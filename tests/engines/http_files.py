"""A web server with one file and bad manners: each request is answered as a script says."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Script:
    """``answers`` are used up one a request; after them everything is answered properly.

    An answer is ``ok``, ``no-ranges``, ``wrong-range``, ``wrong-size``, a status such as ``404``, or
    ``drop N``: the connection breaks after N bytes of the body.
    """

    content: bytes
    answers: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The Range header of every request, empty where it had none."""

    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        script = self.server.script
        wanted = self.headers.get("Range", "")
        script.asked.append(wanted)
        answer = script.answers.pop(0) if script.answers else "ok"
        if answer.isdigit():
            self.send_error(int(answer))
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and answer != "no-ranges" else 0
        if start >= len(script.content):
            self.send_error(416)
            return
        self._send(script.content, start, answer)

    def _send(self, content: bytes, start: int, answer: str) -> None:
        body, told = content[start:], start + (answer == "wrong-range")
        extra = 7 if answer == "wrong-size" else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) + extra))
        if start:
            self.send_header("Content-Range", f"bytes {told}-{len(content) - 1}/{len(content) + extra}")
        self.end_headers()
        drop = re.fullmatch(r"drop (\d+)", answer)
        with contextlib.suppress(OSError):  # the other side may have had enough
            self.wfile.write(body[: int(drop[1])] if drop else body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""


class _Server(ThreadingHTTPServer):
    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script


@contextlib.contextmanager
def serving(content: bytes) -> Iterator[Script]:
    """A server on a free port; ``url`` of the script is its file's."""
    script = Script(content)
    server = _Server(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        script.url = f"http://127.0.0.1:{server.server_address[1]}/weights.safetensors"
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
