"""The whole service in one process, with a clock that tests move and phones that record.

Everything is real but time: the acceptance and the outbox on SQLite, shipped profiles, rules and policies, dispatch,
and the webhook channel into recording HTTP servers. What arrives is handed over as the ear would; nothing is
acknowledged that was not committed. A story says what happens and who hears of it; a phone that rang unexpectedly
fails the story.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.phones import Call, Exchange, exchange
from shouwang.app.clock import NoPoints
from shouwang.app.equipment import Equipment, load_equipment
from shouwang.app.precaution import InHand
from shouwang.channels.webhook import Webhook
from shouwang.domain.alert import Alert
from shouwang.domain.board import CaseQuery
from shouwang.domain.incident import Incident
from shouwang.domain.interpretation import Ask
from shouwang.domain.moment import instant, moment, parse_rfc3339
from shouwang.domain.rule import Rule
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.vocabulary import MINUTE, SECOND, Arrival, Duration, Instant
from shouwang.flows.dispatch import Dispatch
from shouwang.flows.holding import Holding
from shouwang.flows.intake import Intake
from shouwang.flows.rounds import Rounds
from shouwang.flows.timers import Timers
from shouwang.flows.world import World
from shouwang.registry.changes import plan_apply
from shouwang.registry.community import read_community
from shouwang.registry.holidays import calendar_of
from shouwang.settings import read_settings
from shouwang.store.board import SqlBoard
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.inbox import SqlInbox
from shouwang.store.journal import SqlJournal
from shouwang.store.leases import INTAKE, Leases
from shouwang.store.outbox import SqlOutbox
from shouwang.store.spool import SqlSpool
from shouwang.store.transactions import SqlCasebook

from .acting import Acting

NIGHT = parse_rfc3339("2026-01-14T02:00:00+08:00")
STEP: Duration = SECOND // 2
"""How finely ``forward`` moves: as often as dispatch and the rounds look."""

CALM: Sequence[Duration] = (60 * MINUTE, 5 * MINUTE, 20 * SECOND)
"""Longer steps, tried from the longest, while no step of an escalation is due."""

LONG_STEP: Duration = 10 * SECOND
"""While only a silence or another hold lasts."""


@cache
def shipped_equipment() -> Equipment:
    """Read once a test run: it takes a third of a second, and nothing in it changes."""
    return load_equipment(read_settings(data_dir=Path(__file__).parent))


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self, at: Instant) -> None:
        self._now = at

    def now(self) -> Instant:
        return self._now

    def set(self, at: Instant) -> None:
        assert at >= self._now, "stories move time forwards"
        self._now = at


@dataclass(frozen=True)
class Told:
    """An assertion that can be narrowed: ``.within(seconds=1)`` of the newest message that came in."""

    call: Call
    after: Duration

    def within(self, *, seconds: float) -> "Told":
        assert self.after <= seconds * SECOND, f"came after {self.after / SECOND} s, expected within {seconds} s"
        return self


class StoryPhone:
    """What one person is told, in order; each message is to be asked for exactly once."""

    def __init__(self, station: "Station", name: str) -> None:
        self._station = station
        self._name = name
        self._seen = 0

    @property
    def waiting(self) -> list[Call]:
        return self._station.phones[self._name].calls[self._seen :]

    def receives(self, why: str, *words: str) -> Told:
        """The next message has this reason, and names each of the words (in its place, class or title)."""
        assert self.waiting, f"{self._name} was told nothing more; expected {why} {words}"
        call = self.waiting[0]
        self._seen += 1
        assert call.body["why"] == why, f"{self._name} was told {call.body['why']!r}, expected {why!r}: {call.raw!r}"
        for word in words:
            assert word in call.raw.decode(), f"{word!r} is not in {call.raw.decode()}"
        return Told(call, parse_rfc3339(call.body["sent_at"]) - self._station.heard_at)

    def receives_nothing_else(self) -> None:
        assert not self.waiting, f"{self._name} was told {[call.body['why'] for call in self.waiting]} unexpectedly"


class Station:
    """See the module. ``community``: a community file's text in which ``{phone:NAME}`` stands for a phone's address."""

    def __init__(
        self,
        data_dir: Path,
        community: str,
        phones: Exchange,
        doors: ExitStack,
        at: Instant = NIGHT,
        *,
        state: str | None = None,
    ) -> None:
        self.phones = phones
        self.clock = MovedClock(at)
        self.heard_at = at
        self._data_dir = data_dir
        self._packet_ids = itertools.count(1)
        self._known: dict[str, StoryPhone] = {}
        self.database = Database(state or f"sqlite:///{data_dir}/state.sqlite")
        self.database.create()
        doors.callback(self.database.close)
        self.directory = SqlDirectory(self.database, self.clock.now, calendar=calendar_of)
        for name in _phones_named(community):
            community = community.replace(f"{{phone:{name}}}", phones.url(name))
        file = data_dir / "community.yaml"
        file.write_text(community, encoding="utf-8")
        self.apply(file)
        self.casebook = SqlCasebook(self.database)
        self.outbox = SqlOutbox(self.database)
        self.board = SqlBoard(self.database)
        self.journal = SqlJournal(self.database)
        self.spool = SqlSpool(self.database)
        self._equipment = shipped_equipment()
        self.interpreter = self._equipment.interpreter
        self.in_hand = data_dir / "in-hand"
        self.asked: list[Ask] = []
        self._webhook = Webhook(self.clock, seconds=5.0)
        self.respond = Acting(self.casebook, self.directory, self.clock)
        self.rounds = Rounds(self.casebook, self.outbox, self.directory, self.clock)
        self.holding = Holding(self.casebook, lambda: self.world, self.clock)
        self.dispatch = Dispatch(
            casebook=self.casebook,
            outbox=self.outbox,
            directory=self.directory,
            channels={"webhook": self._webhook},
            clock=self.clock,
            holder="station:1:1",
        )
        self.restart()

    def apply(self, file: Path) -> None:
        """Applies a community file, which must be without fault."""
        read = read_community(file)
        assert not read.problems, [str(problem) for problem in read.problems]
        plan = plan_apply(self.directory.community(), read.community, prune=False, has_site=read.has_site)
        self.directory.change(plan.put, plan.remove, plan.order)

    def restart(self) -> None:
        """Intake begins anew on the same state, as after ``kill -9``."""
        lease = Leases(self.database, lambda _holder: False).take(
            INTAKE, f"station:1:{self.clock.now()}", self.clock.now()
        )
        assert lease is not None
        points = NoPoints()
        self.inbox = SqlInbox(self.database, lease, points.reach)
        self.world = self._equipment.world(self.directory.community())
        self.interpreter = self.interpreter.in_zone(self.world.community.site.timezone)
        self.intake = Intake(
            self.inbox,
            self.interpreter,
            self._equipment.family_state(self.inbox),
            lambda: self.world,
            lambda: (),
            self.clock,
            points,
            self._equipment.codecs.run,
            InHand(self.in_hand),
            self.asked.extend,
        )
        self.timers = Timers(self.inbox, lambda: self.world, lambda: (), self.clock, points)
        self.timers.arm()

    def see_directory(self) -> None:
        """Intake sees the directory as it is now."""
        self.see(self._equipment.world(self.directory.community()))

    def keep_rules(self, rules: Sequence[Rule]) -> None:
        """These rules, and no others."""
        world = self.world
        self.see(World(world.community, RuleBook(rules), self._equipment.policies, world.profiles))

    def see(self, world: World) -> None:
        self.world = world

    def phone(self, name: str) -> StoryPhone:
        return self._known.setdefault(name, StoryPhone(self, name))

    async def hears(self, topic: str, payload: object, *, at: str | None = None, **how: Any) -> Arrival:
        """One message, taken in at once. ``at``: local ``HH:MM[:SS]`` to move the clock to first. ``how``: retained,
        duplicate, packet_id, qos."""
        if at is not None:
            await self.until(at)
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        arrival = Arrival(
            topic,
            body,
            self.clock.now(),
            session="story",
            packet_id=how.pop("packet_id", 0) or next(self._packet_ids),
            **how,
        )
        await self.takes(arrival)
        return arrival

    async def takes(self, *arrivals: Arrival) -> None:
        """The arrivals as one batch, to the end of dispatch."""
        self.heard_at = self.clock.now()
        batch = HandedBatch(arrivals)
        self.intake.accept(batch)
        assert batch.acknowledged
        await self.dispatch.cycle()

    async def forward(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Time goes on; timers, rounds and dispatch look as often as they do in the service."""
        end = self.clock.now() + round(minutes * MINUTE + seconds * SECOND)
        while self.clock.now() < end:
            self.clock.set(min(end, self._next_moment(end)))
            self.timers.carry_out_orders()
            while self.timers.run_due():
                pass
            self.holding.end_due()
            self.holding.let_go()
            self.holding.note_tries()
            if self.rounds.escalate_due() or self.outbox.notices(1):
                await self.dispatch.cycle()
        await self.dispatch.cycle()

    def _next_moment(self, end: Instant) -> Instant:
        """One step on; where nothing but timers of rules can happen before ``end``, the next of those."""
        step = self.clock.now() + STEP
        if self.casebook.incidents_due(end, 1):
            # Nothing falls due within a long step, so nothing is passed over by making it.
            calm = next((span for span in CALM if not self.casebook.incidents_due(self.clock.now() + span, 1)), STEP)
            return max(step, min(self.clock.now() + calm, self.inbox.next_due() or end))
        if self.casebook.holds_due(end, 1) or self.casebook.holders("", 1):
            return max(step, min(self.clock.now() + LONG_STEP, self.inbox.next_due() or end))
        return max(step, min(end, self.inbox.next_due() or end))

    async def until(self, local: str) -> None:
        """To the next local wall clock time ``HH:MM[:SS]`` of the site (UTC+8)."""
        hour, minute, *second = map(int, local.split(":"))
        now = moment(self.clock.now() + 8 * 60 * MINUTE)
        wanted = now.replace(hour=hour, minute=minute, second=second[0] if second else 0, microsecond=0)
        span = (instant(wanted) - instant(now)) % (24 * 60 * MINUTE)
        await self.forward(seconds=span / SECOND)

    async def settles(self) -> None:
        """What a person did is told on."""
        self.timers.carry_out_orders()
        await self.dispatch.cycle()

    def incidents(self) -> list[Incident]:
        return self.board.incidents(CaseQuery(), None, 100)

    def incident(self) -> Incident:
        """The only one."""
        (found,) = self.incidents()
        return found

    def alerts(self) -> list[Alert]:
        return self.board.alerts(CaseQuery(), None, 1000)

    def alert(self, rule: str) -> Alert:
        (found,) = [alert for alert in self.alerts() if alert.rule == rule]
        return found

    def nobody_else_is_told(self) -> None:
        for name in {call.path.strip("/") for call in self.phones.calls}:
            self.phone(name).receives_nothing_else()


class HandedBatch:
    """``ports.Batch``."""

    def __init__(self, arrivals: tuple[Arrival, ...]) -> None:
        self.arrivals = arrivals
        self.acknowledged = False

    def acknowledge(self) -> None:
        self.acknowledged = True


@contextmanager
def open_station(data_dir: Path, community: str, at: Instant = NIGHT, *, state: str | None = None) -> Iterator[Station]:
    """A station with its phones; at the end nobody may have been told what no story asked for. ``state``: the URL of
    its database, a new SQLite file unless told."""
    with ExitStack() as doors:
        phones = doors.enter_context(exchange())
        station = Station(data_dir, community, phones, doors, at, state=state)
        yield station
        station.nobody_else_is_told()


def _phones_named(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{phone:")[1:]}
