"""What the window needs from outside, and the one bundle in which its endpoints find it.

Everything here is read beside the domain; only ``Respond`` (acts) and ``Directory`` (devices) change anything.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request

from shouwang.domain.access import Account, Bearer, Principal, Role
from shouwang.domain.alert import Alert, AlertClass
from shouwang.domain.backtest import Job
from shouwang.domain.board import (
    CaseQuery,
    DeliveryQuery,
    EntryQuery,
    KeptReply,
    Mark,
    ReasonCount,
    StrayDevice,
    StrayMessage,
)
from shouwang.domain.casefile import Attachment
from shouwang.domain.checklist import Checklist
from shouwang.domain.community import Community
from shouwang.domain.device_sheet import SheetReading
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Policy
from shouwang.domain.figures import Raise
from shouwang.domain.incident import Incident
from shouwang.domain.journal import Entry
from shouwang.domain.label import Label
from shouwang.domain.notice import Delivery
from shouwang.domain.place import Device
from shouwang.domain.plan import Plan, Spot
from shouwang.domain.profile import Profile
from shouwang.domain.pulse import Fare
from shouwang.domain.receipt import Receipt
from shouwang.domain.rule import Rule
from shouwang.domain.setting import SettingInForce
from shouwang.domain.standing import DeviceState
from shouwang.domain.suggestion import Suggestion
from shouwang.domain.suppression import Hold, HoldKind
from shouwang.domain.transfer import Transfer, What
from shouwang.domain.tryout import Tried, Tryout
from shouwang.domain.visit import Visit
from shouwang.domain.vocabulary import (
    AlertId,
    DeliveryKey,
    DeviceId,
    Duration,
    IncidentId,
    Instant,
    PersonId,
    PlaceId,
    Value,
)
from shouwang.flows.answering import Answering
from shouwang.flows.exercises import Exercises
from shouwang.flows.holding import Holding
from shouwang.flows.installing import Installing
from shouwang.flows.respond import Respond
from shouwang.flows.world import World
from shouwang.ports import Casebook, Clock, Directory, Journal, ReadingStore, Subscriptions

from .covering import KeptGaps
from .stream import Tail


class Board(Protocol):
    """Read models. Pages run from newest to oldest; ``after`` is the mark of the page before."""

    def alerts(self, query: CaseQuery, after: Mark | None, limit: int) -> list[Alert]: ...

    def alert(self, id: AlertId) -> Alert | None: ...

    def incidents(self, query: CaseQuery, after: Mark | None, limit: int) -> list[Incident]: ...

    def incident(self, id: IncidentId) -> Incident | None: ...

    def timelines(self, ids: Collection[IncidentId], newest: int | None) -> Mapping[IncidentId, list[Entry]]: ...

    def deliveries_of(self, ids: Collection[IncidentId]) -> Mapping[IncidentId, list[Delivery]]: ...

    def delivery(self, key: DeliveryKey) -> Delivery | None: ...

    def deliveries(self, query: DeliveryQuery, after: Mark | None, limit: int) -> list[Delivery]: ...

    def entries(self, query: EntryQuery, after: int | None, limit: int) -> list[Entry]: ...

    def states(self, devices: Collection[DeviceId]) -> Mapping[DeviceId, DeviceState]: ...

    def heard(self) -> Mapping[DeviceId, Instant]: ...

    def links(self) -> Mapping[DeviceId, str]: ...

    def open_classes(self) -> list[tuple[DeviceId, AlertClass]]: ...

    def stray_messages(self, reason: str | None, after: int | None, limit: int) -> list[StrayMessage]: ...

    def stray_message(self, seq: int) -> StrayMessage | None: ...

    def stray_counts(self, since: Instant) -> list[ReasonCount]: ...

    def stray_devices(self, after: Mark | None, limit: int) -> list[StrayDevice]: ...

    def stray_device(self, address: str) -> StrayDevice | None: ...


class Holds(Protocol):
    """Silences, maintenance, permits and shelves; and what was raised, for the alarm figures."""

    def holds(self, kind: HoldKind, *, ended: bool, after: Mark | None, limit: int) -> list[Hold]: ...

    def hold(self, id: str) -> Hold | None: ...

    def open_holds(self) -> list[Hold]: ...

    def raises(self, start: Instant, end: Instant, places: Collection[PlaceId]) -> list[Raise]: ...

    def true_since(self, places: Collection[PlaceId]) -> list[Instant]: ...


class Tokens(Protocol):
    """``by`` of a change, here and of users: whose act it is, for the journal."""

    def find(self, text: str, now: Instant) -> Principal | None:
        """Who bears this token, None for one unknown, revoked or expired."""
        ...

    def create(
        self,
        *,
        role: Role,
        name: str,
        now: Instant,
        place: PlaceId | None = None,
        person: PersonId | None = None,
        expires_at: Instant | None = None,
        by: str | None = None,
    ) -> str:
        """Its text, which cannot be had again."""
        ...

    def bearers(self, now: Instant) -> list[Bearer]: ...

    def revoke(self, id: str, now: Instant, *, by: str | None = None) -> bool:
        """False where there is no such live token."""
        ...


class Users(Protocol):
    """Who signs in with name and password, and the sessions of their browsers."""

    def sign_in(self, name: str, password: str, now: Instant) -> str | None:
        """A new session's text, None where name or password is wrong. Slow on purpose."""
        ...

    def find(self, text: str, now: Instant) -> Principal | None:
        """Whose session this is, None for one unknown, ended or expired."""
        ...

    def sign_out(self, text: str) -> None: ...

    def is_password(self, name: str, password: str) -> bool:
        """Slow on purpose."""
        ...

    def accounts(self, now: Instant) -> list[Account]: ...

    def add(
        self,
        *,
        name: str,
        password: str,
        role: Role,
        now: Instant,
        place: PlaceId | None = None,
        person: PersonId | None = None,
        by: str | None = None,
    ) -> str:
        """Raises Conflict where the name is taken."""
        ...

    def change(self, who: Principal, *, now: Instant, by: str) -> None:
        """Raises NotFound; Conflict, as ``remove`` does, where no administrator of the whole site would be left."""
        ...

    def set_password(
        self, name: str, password: str, *, now: Instant, by: str | None = None, spare: str | None = None
    ) -> None:
        """Ends the user's sessions, but for the one whose text is ``spare``. Raises NotFound."""
        ...

    def end_sessions(self, name: str, *, now: Instant, by: str) -> int: ...

    def remove(self, name: str, now: Instant, *, by: str | None = None) -> None: ...


class Replies(Protocol):
    """Answers kept under their Idempotency-Key for a day."""

    def find(self, token: str, key: str, now: Instant) -> KeptReply | None: ...

    def keep(self, token: str, key: str, reply: KeptReply, now: Instant) -> None: ...


class Visits(Protocol):
    """Visits to dwellings."""

    def keep(self, visit: Visit) -> None: ...

    def newest(self, subtrees: Sequence[PlaceId]) -> list[Visit]: ...

    def missed(self, places: Collection[PlaceId]) -> Mapping[PlaceId, int]: ...


class Attachments(Protocol):
    """Photos and documents of cases, by an id that names their content."""

    @property
    def types(self) -> Sequence[str]: ...

    def type_of(self, content: bytes) -> str | None: ...

    def keep(self, content: bytes) -> str: ...

    def read(self, id: str) -> bytes | None: ...


class Plans(Protocol):
    """Pictures of places and the spots of devices on them; each change commits with its line of the journal."""

    def plans(self) -> Mapping[PlaceId, Plan]: ...

    def plan(self, place: str) -> Plan | None: ...

    def picture(self, id: str) -> bytes | None: ...

    def spots(self, place: str) -> list[Spot]: ...

    def spot(self, place: str, device: str) -> Spot | None: ...

    def draw(self, plan: Plan, content: bytes, entry: Entry) -> Plan: ...

    def remove(self, place: str, entry: Entry) -> bool: ...

    def put(self, spots: Sequence[Spot], entries: Sequence[Entry]) -> None: ...

    def lift(self, place: str, device: DeviceId, entry: Entry) -> bool: ...


class DevicePhotos(Protocol):
    """Which attachments show a device, newest first."""

    def of(self, device: DeviceId) -> list[Attachment]: ...

    def add(self, device: DeviceId, photo: Attachment) -> None: ...


class Push(Protocol):
    """Web push."""

    @property
    def key(self) -> str:
        """The site's public key, base64url."""
        ...

    def refusal(self, endpoint: str) -> str | None:
        """Why it may be no endpoint, None where it may."""
        ...

    @property
    def subscriptions(self) -> Subscriptions: ...


class Callbacks(Protocol):
    """What gateways report back. Every method raises NotFound for a gateway that is not in use."""

    @property
    def gateways(self) -> Sequence[str]: ...

    def carries(self, gateway: str) -> Sequence[str]: ...

    def token(self, gateway: str) -> str | None:
        """The secret of its address, None where it signs."""
        ...

    def is_genuine(self, gateway: str, token: str, headers: Mapping[str, str], body: bytes) -> bool: ...

    def read(self, gateway: str, body: bytes) -> Sequence[Receipt]:
        """Raises ValueError for a body that cannot be read."""
        ...

    def reply(self, gateway: str) -> object:
        """What it wants to hear."""
        ...


class Sheets(Protocol):
    """Sheets of devices and of labels."""

    def read(self, content: bytes, community: Community) -> SheetReading:
        """CSV or XLSX. Never raises."""
        ...

    def write(self, devices: Sequence[Device], *, xlsx: bool) -> bytes: ...

    def print_labels(self, labels: Sequence[Label]) -> bytes:
        """As PDF."""
        ...


class Readiness(Value, frozen=True, kw_only=True):
    """Whether the whole chain works. ``reasons``: what is missing, in words, when not ready. ``proven_at`` / ``took``:
    the newest round trip of the canary. ``channels``: how each way to people stands now."""

    ok: bool
    reasons: list[str]
    proven_at: Instant | None = None
    took: Duration | None = None
    channels: Mapping[str, Fare] = {}


class Scene(Value, frozen=True, kw_only=True):
    """Something that a visitor of the demo may cause with one press."""

    id: str
    title: dict[str, str]


class Demo(Protocol):
    """Only where the service runs as a demonstration."""

    token: str
    """Signs a visitor in without asking."""
    scenes: Sequence[Scene]

    def press(self, scene: str) -> None:
        """Publishes the simulated messages of a scene. Raises NotFound."""
        ...


def _no_spreadsheet(_tables: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    raise ConfigError("this installation writes no workbooks")


class Backtests(Protocol):
    """Jobs beside the service. ``start`` raises Conflict where one runs; the others give None where there is none."""

    def start(self, rule: str, text: str, start: Instant, end: Instant) -> Job: ...

    def job(self, rule: str, id: str) -> Job | None: ...

    def stop(self, rule: str, id: str) -> Job | None: ...


class Transfers(Protocol):
    """Files that are brought and taken, beside the service. What begins one raises Conflict where another runs; the
    others give None where there is none."""

    def bring(self, content: bytes, name: str, *, prune: bool, by: str) -> Transfer:
        """A trial. Raises ValueError for a name that ends like no such file."""
        ...

    def apply(self, trial: str, *, by: str) -> Transfer | None: ...

    def take(self, what: What, suffix: str, *, by: str) -> Transfer: ...

    def all(self) -> list[Transfer]: ...

    def find(self, id: str) -> Transfer | None: ...

    def content(self, id: str) -> bytes | None: ...

    def stop(self, id: str) -> Transfer | None: ...


class Trials(Protocol):
    """Rules that somebody is writing, tried beside the service."""

    def tried(self, asked: Tryout) -> Tried:
        """Raises Unavailable where others keep it busy."""
        ...


@dataclass(frozen=True, kw_only=True)
class Window:
    """Every door of the window."""

    board: Board
    respond: Respond
    answers: Answering
    casebook: Casebook
    holding: Holding
    holds: Holds
    directory: Directory
    readings: ReadingStore
    journal: Journal
    tail: Tail
    tokens: Tokens
    users: Users
    replies: Replies
    profiles: Callable[[], Mapping[str, Profile]]
    rules: Callable[[], Sequence[Rule]]
    examine: Callable[[str, str], tuple[list[Rule], list[ConfigError]]]
    """The rules that a text says, of the id given if any, and everything that is wrong with it."""
    written: Callable[[str], str | None]
    """What the rule files say of an id, as it was written."""
    world: Callable[[], World]
    """Directory, rules and policies at the present revision."""
    world_at: Callable[[Instant], World]
    """The same at a past moment, with the rule files and profiles of today."""
    readiness: Callable[[], Readiness]
    policies: Callable[[], Sequence[Policy]]
    """The shipped ones, which close the list."""
    metrics_text: Callable[[], str]
    clock: Clock
    installing: Installing
    visits: Visits
    sheets: Sheets
    suggest: Callable[[StrayDevice], list[Suggestion]]
    """Profiles that fit a device which nobody registered, the best first."""
    checklists: Callable[[], Sequence[Checklist]] = tuple
    attachments: Attachments | None = None
    photos: DevicePhotos | None = None
    push: Push | None = None
    plans: Plans | None = None
    backtests: Backtests | None = None
    trials: Trials | None = None
    transfers: Transfers | None = None
    spreadsheet: Callable[[Mapping[str, Sequence[Sequence[object]]]], bytes] = _no_spreadsheet
    """Tables by name as a workbook."""
    settings: Sequence[SettingInForce] = ()
    demo: Demo | None = None
    link_secret: bytes = b""
    """Seals the links of messages; empty: no link is believed."""
    callbacks: Callbacks | None = None
    exercises: Exercises | None = None
    kinds: Collection[str] = ()
    """Of contacts that this installation can reach; where none are named, coverage counts every contact."""
    kept_gaps: KeptGaps = field(default_factory=KeptGaps)
    refuse_address: Callable[[str], str | None] = lambda _url: "no web address may be set here"
    """Why a web address may not be set over HTTP, None where it may."""
    site_mark: str = ""
    """By which this site knows itself at its public address."""


async def _window(request: Request) -> Window:
    window: Window = request.app.state.window
    return window


TheWindow = Annotated[Window, Depends(_window)]
