"""The event stream over real sockets: live, resumed without a gap, scoped, and never held up by who does not read."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from harness.window import COMPOUND, Site, site_on
from shouwang.api.server import build_app
from shouwang.api.stream import EventStream, Tail
from shouwang.domain.access import Role
from shouwang.domain.errors import StoreUnavailable
from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import IncidentId, PlaceId

pytestmark = pytest.mark.servers


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_on(f"sqlite:///{tmp_path}/state.sqlite", tmp_path, {}) as site:
        yield site


@pytest.fixture
def address(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real server on a free port; its heartbeats are quick, so that those who leave are noticed soon."""
    monkeypatch.setattr(EventStream.__init__, "__kwdefaults__", {"sees": None, "heartbeat": 0.2, "send_timeout": 0.5})
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    app = build_app(site.window())
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    site.tail.close()
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


class Listener:
    """One client, read in a thread: what it got, with the moment of each."""

    def __init__(self, address: str, token: str, **headers: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.head: list[str] = []
        self._rest = ""
        self.opened = threading.Event()
        self._stop = threading.Event()
        path = headers.pop("path", "/api/v1/events")
        self._thread = threading.Thread(target=self._read, args=(address + path, token, headers), daemon=True)
        self._thread.start()
        assert self.opened.wait(5), "the stream did not open"

    def _read(self, url: str, token: str, headers: dict[str, str]) -> None:
        given = {
            "Authorization": f"Bearer {token}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        with httpx.stream("GET", url, headers=given, timeout=10) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            try:
                for part in answer.iter_text():
                    self.opened.set()
                    self._take(part)
                    if self._stop.is_set():
                        return
            except httpx.TransportError:
                return

    def _take(self, part: str) -> None:
        *blocks, self._rest = (self._rest + part).split("\n\n")
        self.head = self.head or blocks[:1]
        self.events += [read(block) for block in blocks if "\ndata: " in block]

    def waits_for(self, count: int, seconds: float = 4) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.events

    def leave(self) -> None:
        self._stop.set()
        self._thread.join(3)


def read(block: str) -> dict[str, Any]:
    fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
    entry: dict[str, Any] = json.loads(fields["data"])
    assert fields["event"] == entry["kind"] and fields["id"] == str(entry["seq"])
    return entry


def test_what_is_committed_arrives_at_once_and_in_order(site: Site, address: str) -> None:
    listener = Listener(address, site.token(Role.VIEWER))
    begun = time.monotonic()
    _, incident = site.alarm("smoke-501")
    events = listener.waits_for(3)
    assert time.monotonic() - begun < 3, "generous: the machine may be busy"
    assert [one["kind"] for one in events] == ["alert.raised", "incident.opened", "notice.made"]
    assert {one["incident"] for one in events} == {incident.id}
    listener.leave()


def test_without_a_wake_it_is_noticed_within_a_quarter_of_a_second_or_so(site: Site, address: str) -> None:
    listener = Listener(address, site.token(Role.VIEWER))
    with site.casebook.change() as transaction:
        transaction.record(Entry(at=1, kind="system.started"))
    assert [one["kind"] for one in listener.waits_for(1, seconds=2)] == ["system.started"]
    listener.leave()


def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(site: Site, address: str) -> None:
    token = site.token(Role.VIEWER)
    first = Listener(address, token)
    site.alarm("smoke-501")
    seen = [one["seq"] for one in first.waits_for(3)]
    first.leave()
    site.alarm("smoke-202")
    second = Listener(address, token, Last_Event_ID=str(seen[-1]))
    site.alarm("smoke-601")
    last = site.journal.last()
    second.waits_for(last - seen[-1])
    assert [*seen, *(one["seq"] for one in second.events)] == list(range(1, last + 1))
    second.leave()


def test_from_zero_comes_everything_and_from_nothing_only_what_is_new(site: Site, address: str) -> None:
    site.alarm("smoke-501")
    count = site.journal.last()
    whole = Listener(address, site.token(Role.VIEWER), path="/api/v1/events?after=0")
    assert [one["seq"] for one in whole.waits_for(count)] == list(range(1, count + 1))
    new = Listener(address, site.token(Role.VIEWER))
    assert new.head == [f"retry: 1000\nid: {count}"] and new.events == []
    for one in (whole, new):
        one.leave()


def test_a_number_beyond_the_end_waits_for_what_comes_next(site: Site, address: str) -> None:
    listener = Listener(address, site.token(Role.VIEWER), Last_Event_ID="999999")
    site.alarm("smoke-501")
    assert len(listener.waits_for(3)) == 3
    listener.leave()
    answer = httpx.get(
        f"{address}/api/v1/events", headers={"Authorization": f"Bearer {site.token(Role.VIEWER)}", "Last-Event-ID": "x"}
    )
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "header/last-event-id"


def test_a_client_of_a_place_hears_of_that_place_alone_and_still_moves_on(site: Site, address: str) -> None:
    listener = Listener(address, site.token(Role.RESPONDER, place=PlaceId(f"{COMPOUND}/b3")))
    site.alarm("smoke-202")
    with site.casebook.change() as transaction:
        transaction.record(Entry(at=1, kind="system.started"))
    _, incident = site.alarm("smoke-501")
    with site.casebook.change() as transaction:
        transaction.record(Entry(at=1, kind="delivery.sent", incident=incident.id))
    site.tail.wake()
    events = listener.waits_for(4)
    assert {one["incident"] for one in events} == {incident.id}
    assert "delivery.sent" in [one["kind"] for one in events], "its place is that of its incident"
    listener.leave()


def test_many_listeners_cost_one_reader(site: Site, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = site.token(Role.VIEWER)
    asked: list[int] = []
    since = site.journal.since
    monkeypatch.setattr(site.journal, "since", lambda seq, limit: (asked.append(seq), since(seq, limit))[1])
    listeners = [Listener(address, token) for _ in range(12)]
    asked.clear()
    site.alarm("smoke-501")
    for one in listeners:
        assert len(one.waits_for(3)) == 3
    spent = len(asked)
    assert spent < 60, f"{spent} reads for 12 listeners"
    for one in listeners:
        one.leave()


def test_one_who_never_reads_holds_up_nobody_and_is_dropped(site: Site, address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    deaf = socket.create_connection((host, int(port)))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    request = f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.token(Role.VIEWER)}\r\n\r\n"
    deaf.sendall(request.encode())
    listener = Listener(address, site.token(Role.VIEWER))
    body = {"filler": "x" * 60_000}
    for number in range(100):
        with site.casebook.change() as transaction:
            transaction.record(Entry(at=number, kind="incident.noted", incident=IncidentId("i"), body=body))
        site.tail.wake()
    begun = time.monotonic()
    assert len(listener.waits_for(100, seconds=10)) == 100
    assert time.monotonic() - begun < 5
    deadline = time.monotonic() + 10
    while site.tail.clients > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert site.tail.clients == 1, "the deaf client was not dropped"
    deaf.close()
    listener.leave()


class Ledger:
    """A journal in memory that can fail."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.fails = False

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            self.entries.append(Entry(at=0, kind="x", seq=len(self.entries) + 1))

    def since(self, seq: int, limit: int) -> list[Entry]:
        if self.fails:
            raise StoreUnavailable("the disk is away")
        return self.entries[seq : seq + limit]

    def last(self) -> int:
        return len(self.entries)


async def chunks(tail: Tail, after: int | None, sent: list[bytes], **options: Any) -> "asyncio.Task[None]":
    """A client of a tail; what it is sent comes into ``sent``."""
    gone = asyncio.Event()

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    return asyncio.create_task(EventStream(tail, after, **options)({"type": "http", "path": "/"}, receive, send))


async def test_one_that_fell_behind_the_ring_reads_on_from_the_database() -> None:
    ledger = Ledger()
    ledger.add(50)
    tail = Tail(ledger, poll=0.01, ring=10)
    running = asyncio.create_task(tail.run())
    sent: list[bytes] = []
    client = await chunks(tail, 0, sent)
    for _ in range(20):
        ledger.add(20)
        tail.wake()
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    numbers = [int(line[4:]) for line in b"".join(sent).split(b"\n") if line.startswith(b"id: ")]
    assert numbers[1:] == list(range(1, 451))
    for task in (client, running):
        task.cancel()


async def test_a_server_that_stops_waits_for_no_listener() -> None:
    tail = Tail(Ledger())
    running = asyncio.create_task(tail.run())
    sent: list[bytes] = []
    client = await chunks(tail, None, sent)
    await asyncio.sleep(0.1)
    tail.close()
    await asyncio.wait_for(client, 1)
    assert tail.clients == 0
    running.cancel()


async def test_a_heartbeat_comes_in_silence_and_stops_when_the_journal_cannot_be_read() -> None:
    ledger = Ledger()
    tail = Tail(ledger, poll=0.01)
    running = asyncio.create_task(tail.run())
    sent: list[bytes] = []
    client = await chunks(tail, None, sent, heartbeat=0.05)
    await asyncio.sleep(0.4)
    assert sent.count(b": beat\n\n") >= 3
    ledger.fails = True
    await asyncio.sleep(0.2)
    before = sent.count(b": beat\n\n")
    await asyncio.sleep(0.3)
    assert sent.count(b": beat\n\n") == before and not tail.healthy
    ledger.fails = False
    ledger.add()
    await asyncio.sleep(0.3)
    assert any(b"id: 1\nevent: x" in one for one in sent) and tail.healthy
    for task in (client, running):
        task.cancel()
