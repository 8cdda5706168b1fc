"""A hub on this machine that offers one model: the listing, and files with ranges."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """``asked``: methods and paths; ``damage``: a file that is sent otherwise than it is listed; ``cut``: one that is
    sent in part the first time."""

    folder: Path
    repository: str
    url: str = ""
    asked: list[str] = field(default_factory=list)
    damage: str = ""
    cut: str = ""

    def content(self, name: str) -> bytes:
        content = (self.folder / name).read_bytes()
        return content[:-1] + b"?" if name == self.damage else content

    def listing(self) -> dict[str, object]:
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        return {"id": self.repository, "sha": COMMIT, "siblings": [self._listed(path) for path in files]}

    def _listed(self, path: Path) -> dict[str, object]:
        content = path.read_bytes()
        entry = {"rfilename": path.relative_to(self.folder).as_posix(), "size": len(content), "blobId": "a" * 40}
        if path.suffix != ".safetensors":
            return entry
        sha256 = hashlib.sha256(content).hexdigest()
        return {**entry, "lfs": {"sha256": sha256, "size": len(content), "pointerSize": 130}}


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer(send=True)

    def do_HEAD(self) -> None:
        self._answer(send=False)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""

    def _answer(self, *, send: bool) -> None:
        hub, path = self.server.hub, self.path.partition("?")[0]
        hub.asked.append(f"{self.command} {path} {self.headers.get('Range', '')}".strip())
        if path.startswith(f"/api/models/{hub.repository}"):
            self._send(json.dumps(hub.listing()).encode(), {"Content-Type": "application/json"}, send)
            return
        found = re.fullmatch(rf"/{hub.repository}/resolve/{COMMIT}/(.+)", path)
        if found is None or not (hub.folder / found[1]).is_file():
            self._refuse()
            return
        content = hub.content(found[1])
        tag = hashlib.sha256(content).hexdigest()
        self._send(content, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}, send, found[1])

    def _refuse(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, content: bytes, headers: dict[str, str], send: bool, name: str = "") -> None:
        hub = self.server.hub
        start = int((self.headers.get("Range") or "bytes=0-")[6:].partition("-")[0])
        self.send_response(206 if start else 200)
        if start:
            headers = {**headers, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        for key, value in {**headers, "Content-Length": str(len(content) - start)}.items():
            self.send_header(key, value)
        self.end_headers()
        cut = bool(name) and name == hub.cut and send
        if cut:
            hub.cut, self.close_connection = "", True
        if send:
            self.wfile.write(content[start : len(content) // 2 if cut else None])


class _Server(ThreadingHTTPServer):
    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


@contextmanager
def serving_hub(folder: Path, repository: str) -> Iterator[Hub]:
    """A hub with the files of ``folder`` as ``repository``."""
    hub = Hub(folder, repository)
    server = _Server(hub)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
