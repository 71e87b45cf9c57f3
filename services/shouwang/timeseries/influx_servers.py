"""The two ways to speak to an InfluxDB server: ``/write`` and ``/query`` (1.x, 3.x), and the v2 API (2.x).

Which one is found by asking: ``/ping`` names the version in a header, ``/health`` in its body where a proxy drops
headers. A user and password always speak the first way, which 2.x understands too (its "1.x compatible" users).
Messages never hold a password or token.
"""

import gzip
import re
from collections.abc import Sequence
from typing import Any, Protocol

import httpx
import msgspec

from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.vocabulary import Value
from shouwang.timeseries.influxql import identifier

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
"""A write of 5,000 points takes 50 ms; a server that compacts may take seconds. Nobody but shipping waits for it."""
QUERY_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Somebody looks at a chart meanwhile."""

LONGEST_LINE = 8_192
"""A single line that is refused as too large is given up only beyond this many bytes: below it, something between us
and the server refuses whatever comes."""

# What of a server's answer is about points rather than about the request. All else keeps readings waiting.
_REASONS = (
    ("field type conflict", "field_type"),
    ("beyond retention policy", "beyond_retention"),
    ("max-values-per-tag", "cardinality"),
    ("max-series-per-database", "cardinality"),
    ("max key length", "too_large"),
    ("time outside range", "time_range"),
    ("unable to parse", "unparsable"),
    ("partial write", "other"),
)
_DROPPED = re.compile(r"dropped[=:]\s*(\d+)")


class Address(Value, frozen=True, kw_only=True):
    """Where an InfluxDB is, and as whom we come. Printed, it shows neither password nor token."""

    host: str
    port: int = 8086
    name: str
    """Database or bucket."""
    user: str = ""
    password: str = ""
    token: str = ""
    org: str = ""
    tls: bool = False
    compress: bool = False

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def __str__(self) -> str:
        return f"InfluxDB {self.url}/{self.name}"

    __repr__ = __str__


class Refusal(Value, frozen=True):
    """The server will never take some of these points. ``dropped``: how many, where it says so, else 0."""

    reason: str
    detail: str
    dropped: int = 0


class Server(Protocol):
    """One server, its version known and its database there."""

    def write(self, texts: Sequence[str]) -> Refusal | None:
        """Lines of line protocol, microseconds. Raises StoreUnavailable."""
        ...

    def query(self, influxql: str) -> dict[str, Any]:
        """The result of one statement as its JSON says it, times in microseconds. Raises StoreUnavailable.

        One, because 1.6 answers several on a missing database with a single "not executed"."""
        ...

    def close(self) -> None: ...


def connect(address: Address) -> Server:
    """Asks the server for its version and makes sure that the database is there. Raises StoreUnavailable."""
    http = Http(address)
    try:
        version = _version(http)
        if version.startswith("2.") and address.token:
            from shouwang.timeseries.influx_v2 import Influx2  # the optional extra, and half a second of imports

            return Influx2(http)
        server = Influx1(http)
        if version.startswith("1."):
            server.create_database()
        return server
    except BaseException:
        http.close()
        raise


class Http:
    """HTTP to one InfluxDB; every failure is a StoreUnavailable that names the server and what it said."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client = httpx.Client(
            base_url=address.url,
            timeout=TIMEOUT,
            auth=(address.user, address.password) if address.user else None,
            headers={"Authorization": f"Token {address.token}"} if address.token else None,
        )

    def send(self, method: str, path: str, *, expect: Sequence[int] = (), **request: Any) -> httpx.Response:
        """The answer, if its status is a success or one of ``expect``."""
        try:
            answer = self._client.request(method, path, **request)
        except (httpx.HTTPError, OSError, RuntimeError) as error:  # RuntimeError: closed by another thread
            raise self.unavailable(f"does not answer: {str(error) or type(error).__name__}") from error
        if answer.is_success or answer.status_code in expect:
            return answer
        if answer.status_code in (401, 403):
            raise self.unavailable(
                f"refuses our credentials ({said(answer.content)}); check the user or token and its rights"
            )
        raise self.unavailable(f"answers {method} {path} with {answer.status_code}: {said(answer.content)}")

    def query(self, influxql: str) -> dict[str, Any]:
        where = {"db": self.address.name, "epoch": "u"}
        answer = self.send("POST", "/query", params=where, data={"q": influxql}, timeout=QUERY_TIMEOUT)
        result: dict[str, Any]
        try:
            content = msgspec.json.decode(answer.content)
            (result,) = content["results"]
            problem = str(result.get("error", ""))
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise self.unavailable(f"answers a query with {answer.text[:200]!r}, not with its result") from None
        if problem and "database not found" not in problem:  # a database that is not there holds no readings
            raise self.unavailable(f"refuses a query: {problem}")
        return result

    def unavailable(self, what: str) -> StoreUnavailable:
        return StoreUnavailable(f"{self.address} {what}")

    def close(self) -> None:
        self._client.close()


class Influx1:
    """InfluxDB 1.x, 3.x, and 2.x with a user and password."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def write(self, texts: Sequence[str]) -> Refusal | None:
        content, headers = "\n".join(texts).encode(), {"Content-Type": "text/plain; charset=utf-8"}
        if self._http.address.compress:
            content, headers["Content-Encoding"] = gzip.compress(content, 1), "gzip"
        where = {"db": self._http.address.name, "precision": "u"}
        answer = self._http.send(
            "POST", "/write", expect=(400, 413, 422), params=where, content=content, headers=headers
        )
        return None if answer.is_success else refusal(self._http, answer.status_code, said(answer.content), texts)

    def query(self, influxql: str) -> dict[str, Any]:
        return self._http.query(influxql)

    def create_database(self) -> None:
        """Does nothing where it exists. A user who may not create one may still write to one that is there."""
        statement = {"q": f"CREATE DATABASE {identifier(self._http.address.name)}"}
        self._http.send("POST", "/query", expect=(401, 403), data=statement)

    def close(self) -> None:
        self._http.close()


def refusal(http: Http, status: int, detail: str, texts: Sequence[str]) -> Refusal:
    """What a refused write says of its points. Raises StoreUnavailable where it says nothing of them: a missing
    database, a wrong organisation, a proxy; then all readings wait, and none is given up."""
    if status == 413:
        if len(texts) == 1 and len(texts[0].encode()) <= LONGEST_LINE:
            raise http.unavailable(f"refuses a write of {len(texts[0])} characters as too large: {detail}")
        return Refusal("too_large", detail)
    for sign, reason in _REASONS:
        if sign in detail:
            dropped = _DROPPED.search(detail)
            return Refusal(reason, detail, int(dropped[1]) if dropped else 0)
    raise http.unavailable(f"refuses a write: {detail}")


def said(body: bytes) -> str:
    """What the server gave as its reason, in one line; long lines of ours that it quotes are cut in the middle."""
    try:
        content = msgspec.json.decode(body)
        text = str(content.get("error") or content.get("message") or content)
        if isinstance(content.get("data"), list):  # InfluxDB 3: an entry for each refused line
            text = f"{text}: {'; '.join(str(item.get('error_message')) for item in content['data'][:3])}"
    except (msgspec.DecodeError, AttributeError):
        text = body.decode(errors="replace")
    text = " ".join(text.split()) or "without a word"
    return text if len(text) <= 400 else f"{text[:250]} … {text[-140:]}"


def _version(http: Http) -> str:
    answer = http.send("GET", "/ping")
    version = str(answer.headers.get("X-Influxdb-Version", ""))
    if not version:
        try:
            version = str(http.send("GET", "/health").json().get("version", ""))
        except (ValueError, AttributeError):
            version = ""
    version = version.removeprefix("v")
    if not re.match(r"[123]\.", version):
        found = f"version {version!r}" if version else "no version"
        raise http.unavailable(f"names {found} at /ping and /health; expected InfluxDB 1.6 or newer, 2 or 3")
    return version
