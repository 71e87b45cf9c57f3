"""The HTTP face of InfluxDB 2 over a real InfluxDB 1: what our way to InfluxDB 2 asks for, translated.

It proves that we call InfluxData's client rightly and read what it says; that a real InfluxDB 2 answers so is for the
container to prove, where there is one. Paths, status codes and bodies: the InfluxDB 2 API reference.
"""

import contextlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

TOKEN = "the-token/with=signs"
ORG = {"id": "0000000000000abc", "name": "tests"}
BUCKET_ID = "0000000000000def"


@contextlib.contextmanager
def influxdb2_face(influxdb1_url: str, *, bucket_exists: bool = False) -> Iterator[str]:
    """The URL of an InfluxDB 2 whose bucket is the database of ``influxdb1_url``."""
    behind = urlsplit(influxdb1_url)
    name = behind.path.removeprefix("/")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Face)
    server.daemon_threads = True
    server.state = _State(f"http://{behind.netloc}", name, bucket_exists)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"influxdb://{quote(TOKEN, safe='')}@127.0.0.1:{server.server_port}/{name}?org={ORG['name']}"
    finally:
        server.shutdown()
        server.server_close()


class _State:
    def __init__(self, behind: str, name: str, bucket_exists: bool) -> None:
        self.behind = behind
        self.name = name
        self.bucket = bucket_exists
        self.mapped = False


class _Face(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def state(self) -> _State:
        return self.server.state  # type: ignore[attr-defined, no-any-return]

    def do_GET(self) -> None:
        path, query = self._asked()
        if path == "/ping":
            self._answer(204, b"", {"X-Influxdb-Version": "v2.7.11", "X-Influxdb-Build": "OSS"})
        elif not self._may():
            return
        elif path == "/api/v2/buckets":
            found = self.state.bucket and query.get("name") == self.state.name
            self._json(200, {"buckets": [self._bucket()] if found else []})
        elif path == "/api/v2/orgs":
            self._json(200, {"orgs": [ORG]})
        elif path == "/api/v2/dbrps":
            mapping = {"id": "1", "bucketID": BUCKET_ID, "database": self.state.name, "default": True}
            self._json(200, {"content": [{**mapping, "retention_policy": "autogen"}] if self.state.mapped else []})
        else:
            self._json(404, {"code": "not found", "message": f"path not found: {path}"})

    def do_POST(self) -> None:
        path, query = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._may():
            return
        if path == "/api/v2/buckets" and json.loads(body)["orgID"] == ORG["id"]:
            self.state.bucket = True
            self._json(201, self._bucket())
        elif path == "/api/v2/dbrps":
            self.state.mapped = json.loads(body)["bucketID"] == BUCKET_ID
            self._json(201, {"id": "1", **json.loads(body)})
        elif path == "/api/v2/write" and query["bucket"] == self.state.name and query["org"] in ORG.values():
            self._write(body, query)
        elif path == "/query" and self.state.mapped:
            self._forward(f"/query?{urlsplit(self.path).query}", body)
        else:
            self._json(404, {"code": "not found", "message": f"bucket or path not found: {self.path}"})

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def _write(self, body: bytes, query: dict[str, str]) -> None:
        precision = {"us": "u", "ns": "n"}[query["precision"]]
        status, answer = self._sent(f"/write?db={quote(self.state.name)}&precision={precision}", body)
        if status == 400:  # v2 says 422 where it took some of the points
            said = json.loads(answer)["error"]
            partial = "dropped=" in said
            code, status = ("unprocessable entity", 422) if partial else ("invalid", 400)
            message = f"failure writing points to database: {said}" if partial else said
            answer = json.dumps({"code": code, "message": message}).encode()
        self._answer(status, answer, {"Content-Type": "application/json; charset=utf-8"})

    def _forward(self, path: str, body: bytes) -> None:
        status, answer = self._sent(path, body)
        self._answer(status, answer, {"Content-Type": "application/json"})

    def _sent(self, path: str, body: bytes) -> tuple[int, bytes]:
        kept = {name: self.headers[name] for name in ("Content-Type", "Content-Encoding") if name in self.headers}
        request = urllib.request.Request(f"{self.state.behind}{path}", body, kept, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def _may(self) -> bool:
        if self.headers.get("Authorization") == f"Token {TOKEN}":
            return True
        self._json(401, {"code": "unauthorized", "message": "unauthorized access"})
        return False

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return parts.path, {name: found[0] for name, found in parse_qs(parts.query).items()}

    def _bucket(self) -> dict[str, object]:
        return {"id": BUCKET_ID, "orgID": ORG["id"], "name": self.state.name, "retentionRules": []}

    def _json(self, status: int, content: object) -> None:
        self._answer(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)
