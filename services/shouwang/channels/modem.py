"""A 4G modem on a serial line: texts out, reports and answers in, without any provider or Internet.

One message at a time is all that a modem can do: they wait in order of urgency, first notices before all else, and one
that would wait longer than an attempt may last is handed back at once, so that its person's next contact is tried. The
modem is a device of ours that hangs, loses its network and is unplugged: then it is opened anew, for as long as it
takes, and nothing else waits for it.
"""

import asyncio
import contextlib
import heapq
import logging
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from shouwang import metrics
from shouwang.channels.at_dialogue import Declined, Dialogue, Silent, Unasked
from shouwang.channels.modem_words import Health, failure_of, health_in, octets_in, receipt_of_report
from shouwang.channels.pdu import Incoming, Report, Submit, read_pdu, submits
from shouwang.channels.serial_line import SerialLine
from shouwang.domain.contact import number_of
from shouwang.domain.duty import Contact, Person
from shouwang.domain.gateway import failed
from shouwang.domain.notice import (
    DeliveryState,
    Failure,
    Message,
    Outcome,
    Refused,
    Sent,
    Unreachable,
    Why,
    notice_rank,
)
from shouwang.domain.pulse import Look
from shouwang.domain.receipt import Receipt, answer_in, international, is_emergency_service, national
from shouwang.domain.vocabulary import SECOND, DeliveryKey

log = logging.getLogger(__name__)

REOPEN_SECONDS = 2.0
LOOK_SECONDS = 10.0
"""Between two looks at SIM, network and signal."""

PACE_SECONDS = 4.0
"""Of one part, until it was measured."""

KEPT = 1000
"""Results of messages whose attempt had given up before."""

RECEIPT_TRIES, RECEIPT_PAUSE = 5, 1.0
"""A report may come before dispatch has written that the message left."""

_ASKS_FOR_REPORTS = ("AT+CNMI=2,1,0,1,0", "AT+CNMI=2,1,0,2,0", "AT+CNMI=2,1")
"""Texts are stored and announced, so that none is lost while we are away; reports come at once, or stored too."""


@dataclass(eq=False)
class _Job:
    key: DeliveryKey
    parts: list[Submit]
    outcome: asyncio.Future[Outcome]
    begun: bool = False
    is_awaited: bool = True


@dataclass(eq=False)
class _Waited:
    """A message whose report is awaited, one for each of its parts."""

    reference: str
    open: set[int]


class Modem:
    """``ports.Channel``. ``run`` does the work, on the loop that sends."""

    name = "modem"

    def __init__(
        self,
        path: str,
        *,
        seconds: float = 10.0,
        reopen_seconds: float = REOPEN_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """``path``: of the modem's serial line for commands. ``seconds``: of one attempt, its waiting included."""
        self.health = Health(problem="not opened yet")
        self.on_receipt: Callable[[Receipt], bool] = lambda _receipt: True
        """Called in a thread; False where no delivery is known yet that the receipt is about."""
        self._path = path
        self._seconds = seconds
        self._reopen = reopen_seconds
        self._every = look_seconds
        self._pace = PACE_SECONDS
        self._stirred = asyncio.Event()
        self._jobs: dict[DeliveryKey, _Job] = {}
        self._waiting: list[tuple[int, int, _Job]] = []
        self._count = 0
        self._kept: OrderedDict[DeliveryKey, Outcome] = OrderedDict()
        self._waited: dict[int, _Waited] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._said = ""

    async def probe(self, contacts: Sequence[Contact]) -> Look | None:
        """What the modem last said of itself: as far as a message goes before it is on the air."""
        health = self.health
        if health.problem:
            return Look(failure=health.failure, detail=f"modem: {health.problem}", is_whole=True)
        signal = "" if health.signal is None else f"modem: signal {health.signal} dBm"
        return Look(detail=signal, is_whole=True)

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        number = number_of(person, contact)
        if not national(number):
            return Refused("modem: the person has no telephone number here")
        if is_emergency_service(number):
            return Refused("modem: emergency services are called by a person, never by a machine")
        if (known := self._kept.pop(message.key, None)) is not None:
            return known
        job = self._jobs.get(message.key)
        if job is None:
            if self.health.problem:
                return failed(self.health.failure, f"modem: {self.health.problem}")
            try:
                job = self._queued(message, number)
            except ValueError as error:
                return Refused(f"modem: {error}")
            wait = self._wait_of(job)
            if wait > self._seconds:
                self._forget(job)
                return Unreachable("modem: others are sent first", round(wait * SECOND), Failure.RATE)
        job.is_awaited = True
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(job.outcome)
        except TimeoutError:
            if not job.begun:
                self._forget(job)
                return Unreachable("modem: others are sent first", round(self._pace * SECOND), Failure.RATE)
            # It may have left. What became of it is kept for the next attempt of this key.
            job.is_awaited = False
            return Unreachable(f"modem: no answer within {self._seconds:g} s")
        except asyncio.CancelledError:
            job.is_awaited = False
            if not job.begun:
                self._forget(job)
            raise

    async def run(self, stop: asyncio.Event) -> None:
        """Opens the line, works, and opens it again whenever it is lost, until ``stop``."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                working = asyncio.create_task(self._serve())
                await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
                working.cancel()
                await asyncio.wait({working})
                self._lost("the service stops" if working.cancelled() else working.result())
                await asyncio.wait({stopping}, timeout=self._reopen)
        finally:
            stopping.cancel()
            self._lost("the service stops")
            for task in self._telling:
                task.cancel()

    async def _serve(self) -> str:
        """One opening of the line, to its end; why it ended."""
        line: SerialLine | None = None
        listening: asyncio.Task[None] | None = None
        working: asyncio.Task[None] | None = None
        try:
            line = await SerialLine.open(self._path)
            talk = Dialogue(line, self._stirred.set)
            listening = asyncio.create_task(talk.listen())
            working = asyncio.create_task(self._work(talk))
            await asyncio.wait({listening, working}, return_when=asyncio.FIRST_COMPLETED)
            for task in (listening, working):
                if task.done():
                    task.result()
        except (Silent, Declined) as trouble:
            return str(trouble)
        except OSError as trouble:
            return f"{self._path}: {trouble.strerror or type(trouble).__name__}"
        except Exception as trouble:
            log.exception("modem: the conversation failed; the line is opened anew")
            return type(trouble).__name__
        finally:
            for one in (listening, working):
                if one is not None:
                    one.cancel()
            if line is not None:
                await line.close()
        return "the conversation ended"

    async def _work(self, talk: Dialogue) -> None:
        await self._greet(talk)
        is_set_up = False
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        while True:
            self._stirred.clear()
            if loop.time() >= look_at:
                self._note(await health_in(talk))
                look_at = loop.time() + self._every
                if not is_set_up and self.health.sim == "READY":
                    await self._set_up(talk)
                    is_set_up = True
            while talk.unasked:
                await self._hear(talk, talk.unasked.popleft())
            if self._waiting and not self.health.problem:
                await self._hand_over(talk, heapq.heappop(self._waiting)[2])
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, look_at - loop.time())):
                    await self._stirred.wait()

    async def _greet(self, talk: Dialogue) -> None:
        """A modem that has just been plugged in needs some seconds; one that was left in a prompt needs the way out."""
        for tries_left in (2, 1, 0):
            try:
                await talk.ask("AT", 1.0)
                break
            except Silent:
                if not tries_left:
                    raise
            except Declined:
                continue
        await talk.tell("ATE0")
        await talk.tell("AT+CMEE=1")

    async def _set_up(self, talk: Dialogue) -> None:
        await talk.ask("AT+CMGF=0")
        await talk.tell("AT+CSMS=0")  # phase 2: what arrives needs no acknowledgement from us
        for command in _ASKS_FOR_REPORTS:
            if await talk.tell(command):
                break
        # What came while nobody listened.
        for index, pdu, octets in _stored(await talk.ask("AT+CMGL=4", 15.0)):
            self._understand(pdu, octets)
            await talk.tell(f"AT+CMGD={index}")

    async def _hear(self, talk: Dialogue, said: Unasked) -> None:
        if said.pdu:
            self._understand(said.pdu, octets_in(said.head))
            return
        index = said.head.rpartition(",")[2].strip()
        if not index.isdecimal():
            return
        try:
            lines = await talk.ask(f"AT+CMGR={index}")
        except Declined:
            return
        if len(lines) >= 2:
            self._understand(lines[-1], octets_in(lines[-2]))
        await talk.tell(f"AT+CMGD={index}")

    async def _hand_over(self, talk: Dialogue, job: _Job) -> None:
        job.begun = True
        began = asyncio.get_running_loop().time()
        references: list[int] = []
        try:
            for part in job.parts:
                references.append(await talk.hand_over(part.pdu, part.octets))
        except Declined as error:
            outcome = failed(failure_of(error.family, error.code), f"modem: {error}")
            self._finish(job, outcome)
            return
        except (Silent, OSError) as error:
            self._finish(job, Unreachable(f"modem: {error}"))
            raise
        took = asyncio.get_running_loop().time() - began
        self._pace = 0.7 * self._pace + 0.3 * took / len(job.parts)
        waited = _Waited(str(references[-1]), set(references))
        self._waited.update(dict.fromkeys(references, waited))  # at most 256: the modem counts in one octet
        self._finish(job, Sent(waited.reference))

    def _queued(self, message: Message, number: str) -> _Job:
        text, url = message.text, str(message.body.get("url") or "")
        parts = submits(
            international(number), f"{text} {url}" if url else text, zlib.crc32(message.key.encode()) & 0xFF
        )
        job = _Job(message.key, parts, asyncio.get_running_loop().create_future())
        self._count += 1
        rank = notice_rank(Why(str(message.body.get("why") or Why.TEST)))
        self._jobs[message.key] = job
        heapq.heappush(self._waiting, (rank, self._count, job))
        self._stirred.set()
        return job

    def _wait_of(self, job: _Job) -> float:
        """Seconds until its turn is over, as far as one can know."""
        turn = next(entry for entry in self._waiting if entry[2] is job)
        ahead = [entry[2].parts for entry in self._waiting if entry < turn]
        ahead += [one.parts for one in self._jobs.values() if one.begun]
        return self._pace * (sum(map(len, ahead)) + len(job.parts)) if ahead else 0.0

    def _forget(self, job: _Job) -> None:
        self._jobs.pop(job.key, None)
        self._waiting = [entry for entry in self._waiting if entry[2] is not job]
        heapq.heapify(self._waiting)

    def _finish(self, job: _Job, outcome: Outcome) -> None:
        self._jobs.pop(job.key, None)
        if not job.outcome.done():
            job.outcome.set_result(outcome)
        if not job.is_awaited and isinstance(outcome, Sent):
            self._kept[job.key] = outcome
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _understand(self, pdu: str, octets: int | None) -> None:
        try:
            found = read_pdu(pdu, octets)
        except ValueError as error:
            log.warning("modem: a message cannot be read: %s", error)
            return
        match found:
            case Report():
                self._report(found)
            case Incoming():
                if (answer := answer_in(found.text)) is not None:
                    self._tell(Receipt(number=found.number, answer=answer))

    def _report(self, report: Report) -> None:
        receipt = receipt_of_report(report)
        if receipt is None:
            return
        if (waited := self._waited.pop(report.reference, None)) is not None:
            waited.open.discard(report.reference)
            if receipt.arrived is DeliveryState.DELIVERED and waited.open:
                return  # Of several parts, the others are still on their way.
            receipt = msgspec.structs.replace(receipt, reference=waited.reference)
        self._tell(receipt)

    def _tell(self, receipt: Receipt) -> None:
        task = asyncio.create_task(self._pass_on(receipt))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _pass_on(self, receipt: Receipt) -> None:
        for _ in range(RECEIPT_TRIES):
            try:
                if await asyncio.to_thread(self.on_receipt, receipt):
                    return
            except Exception:
                log.exception("modem: a receipt could not be taken; it is tried again")
            await asyncio.sleep(RECEIPT_PAUSE)

    def _note(self, health: Health) -> None:
        self.health = health
        metrics.MODEM_REGISTERED.set(health.registered)
        if health.signal is not None:
            metrics.MODEM_SIGNAL_DBM.set(health.signal)
        if health.problem != self._said:
            self._said = health.problem
            if health.problem:
                log.warning("modem: %s", health.problem)
            else:
                log.info("modem: SIM ready, registered, signal %s dBm", health.signal)

    def _lost(self, why: str) -> None:
        """Nobody waits for a modem that is away."""
        self._note(Health(problem=why))
        for job in list(self._jobs.values()):
            self._finish(job, Unreachable(f"modem: {why}"))
        self._waiting = []


def _stored(lines: list[str]) -> list[tuple[str, str, int | None]]:
    """(index, PDU, octets) of each message in a list: ``+CMGL: 3,0,,24`` and the line after it."""
    return [
        (head.removeprefix("+CMGL:").split(",")[0].strip(), pdu, octets_in(head))
        for head, pdu in pairwise(lines)
        if head.startswith("+CMGL:")
    ]
