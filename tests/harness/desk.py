"""A desk that works while the server dies under its hands: acts over HTTP until they are answered; and the gateway,
whose reports are posted until they are taken."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from types import TracebackType

import httpx
from standardwebhooks import Webhook as Signer

from harness.receivers import GATEWAY_SECRET, Receivers
from harness.works import Works
from shouwang.domain.access import Role
from shouwang.domain.board import CaseQuery
from shouwang.domain.incident import IncidentState
from shouwang.domain.vocabulary import IncidentId
from shouwang.store.tokens import SqlTokens

BETWEEN = 0.15
"""Seconds between two acts."""

PATIENCE = 300.0
LIVE = frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.EN_ROUTE, IncidentState.ON_SCENE})

_ACTS: Mapping[str, Mapping[str, object]] = {
    "acknowledge": {},
    "verify": {"finding": "real", "how": "on_scene"},
    "escalate": {"note": "more people"},
    "resolve": {"outcome": "false_alarm", "cause": "dust", "note": ""},
}


class Desk:
    """Acts by chance on what is going on, beside the gateway's reports, from ``with`` to ``stands_everybody_down``."""

    def __init__(self, works: Works, receivers: Receivers, chance: Random) -> None:
        self.acts = 0
        self.reports = 0
        self.ended: set[IncidentId] = set()
        """Which it stood down while others were still being told."""
        self._works = works
        self._receivers = receivers
        self._chance = Random(chance.random())
        self._verified: set[IncidentId] = set()
        self._stopping = threading.Event()
        self._leaving = threading.Event()
        self._failure: Exception | None = None
        token = SqlTokens(works.database).create(role=Role.OPERATOR, name="desk", now=works.clock.now())
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{works.http_port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=work.__name__, daemon=True)
            for work in (self._keep_acting, self._keep_reporting)
        ]

    def is_well(self) -> bool:
        """True; fails with what ended it, where something did."""
        if self._failure is not None:
            raise self._failure
        return True

    def stands_everybody_down(self) -> None:
        """Ends whatever is left, and acts no more."""
        self._leaving.set()
        self._works.until(lambda: self._stopping.is_set(), "the desk has stood everybody down", 120)
        assert self.is_well()

    def __enter__(self) -> "Desk":
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leaving.set()
        self._stopping.set()
        for one in self._threads:
            one.join(PATIENCE)
        self._http.close()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as failure:  # noqa: BLE001  (handed to the test by ``stands_everybody_down``)
            self._failure = failure
            self._stopping.set()

    def _keep_acting(self) -> None:
        while not self._leaving.wait(BETWEEN):
            self._act()
        while not self._stopping.is_set() and (left := self._live()):
            for incident in left:
                self._post(incident, "resolve")
        self._stopping.set()

    def _keep_reporting(self) -> None:
        while not self._stopping.wait(BETWEEN / 3):
            self._report()

    def _act(self) -> None:
        live = self._live()
        if not live:
            return
        incident = self._chance.choice(live)
        act = self._chance.choices(["acknowledge", "verify", "escalate", "resolve", ""], [30, 12, 4, 34, 20])[0]
        if not act or (act == "verify" and incident in self._verified):
            return
        if act == "verify":
            self._verified.add(incident)
        if act == "resolve":
            self.ended.add(incident)
        self._post(incident, act)

    def _post(self, incident: IncidentId, act: str) -> None:
        """Until it is answered, as a person does whose page does not load."""
        answer = self._until_answered(f"/incidents/{incident}/{act}", json.dumps(_ACTS[act]).encode(), {})
        if answer is not None:
            assert answer.status_code in (200, 409), f"{act}: {answer.status_code} {answer.text}"
            self.acts += 1

    def _report(self) -> None:
        for report in self._receivers.reports():
            body = json.dumps({"reports": [report.body]}).encode()
            key, at = f"r-{self.reports}", datetime.now(tz=UTC)
            signed = {
                "webhook-id": key,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": Signer(GATEWAY_SECRET).sign(key, at, body.decode()),
            }
            answer = self._until_answered("/callbacks/http", body, signed)
            if answer is not None:
                assert answer.status_code == 200, f"report: {answer.status_code} {answer.text}"
                self.reports += 1

    def _until_answered(self, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response | None:
        """None where the test ended first."""
        deadline = time.monotonic() + PATIENCE
        while not self._stopping.is_set():
            try:
                answer = self._http.post(path, content=body, headers={"content-type": "application/json", **headers})
                if answer.status_code < 500:
                    return answer
                problem = answer.text
            except httpx.TransportError as error:
                problem = repr(error)
            if time.monotonic() > deadline:
                raise AssertionError(f"{path} is not answered within {PATIENCE:.0f} s: {problem}")
            self._stopping.wait(0.05)
        return None

    def _live(self) -> list[IncidentId]:
        return [one.id for one in self._works.board.incidents(CaseQuery(states=LIVE), None, 200)]
