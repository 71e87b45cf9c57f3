"""What did not protect as usual in a span of time: holds, devices out of service, faults; for records."""

from collections.abc import Iterator, Mapping

from shouwang.domain.access import Act, Principal, may
from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.board import CaseQuery, EntryQuery, Mark
from shouwang.domain.community import Community
from shouwang.domain.journal import Entry
from shouwang.domain.place import Device
from shouwang.domain.suppression import Hold, HoldKind
from shouwang.domain.vocabulary import DeviceId, Instant, Life, Value

from .doors import Window
from .hold_views import is_visible
from .questions import subtrees

PAGE = 500
FAULTS_AT_MOST = 5_000
"""Faults before the end of a span among which those that have ended since are looked for: the newest. Those that are
open now are found however old they are."""


class OutOfService(Value, frozen=True, kw_only=True):
    """停用. ``since`` and ``by``: None and empty where it was out before the span. ``is_out``: at its end too; where it
    is not, ``back_at`` says since when, None where only a file put it back."""

    device: DeviceId
    since: Instant | None = None
    by: str = ""
    back_at: Instant | None = None
    is_out: bool = True


def holds_between(window: Window, caller: Principal, start: Instant, end: Instant) -> list[Hold]:
    """Silences, maintenance, permits and shelves that held at some time in [start, end), oldest first."""
    found = [
        one
        for kind in HoldKind
        for one in _made_before(window, kind, end)
        if one.starts_at < end and min(one.ends_at, one.ended_at or one.ends_at) > start
    ]
    seen = (one for one in found if is_hold_recorded(window, caller, one))
    return sorted(seen, key=lambda one: (one.starts_at, one.id))


def is_hold_recorded(window: Window, caller: Principal, hold: Hold) -> bool:
    """One that names a rule and no place changes how the alarms of every place are told."""
    return is_visible(window, caller, hold) or not (hold.devices or hold.places)


def faults_between(window: Window, caller: Principal, start: Instant, end: Instant) -> list[Alert]:
    """Fault alerts of devices that were true at some time in [start, end), oldest first; tests left out."""
    places = subtrees(caller, None)
    unended = frozenset(state.value for state in AlertState if state is not AlertState.NORMAL)
    faults = frozenset({AlertClass.FAULT})
    now_open = CaseQuery(places=places, classes=faults, states=unended)
    found = {one.id: one for one in _raised_before(window, now_open, end, None)}
    newest = CaseQuery(places=places, classes=faults)
    found |= {one.id: one for one in _raised_before(window, newest, end, FAULTS_AT_MOST)}
    wanted = [one for one in found.values() if one.device is not None and not one.test and _lasts_until(one, start)]
    return sorted(wanted, key=lambda one: (one.raised_at, one.id))


def out_between(window: Window, caller: Principal, start: Instant, end: Instant) -> list[OutOfService]:
    """Devices that were out of service at some time in [start, end), in order of time."""
    before, after = community_at(window, start - 1), community_at(window, end - 1)
    found: list[OutOfService] = []
    out = {id: OutOfService(device=id) for id in _out(before, caller)}
    for entry in _device_entries(window, start, end):
        if entry.device is None or (entry.place is not None and not may(caller, Act.READ, entry.place)):
            continue
        is_out = entry.body.get("life") == Life.OUT_OF_SERVICE and entry.kind != "device.removed"
        if is_out and entry.device not in out:
            out[entry.device] = OutOfService(device=entry.device, since=entry.at, by=entry.actor)
        elif not is_out and entry.device in out:
            one = out.pop(entry.device)
            found.append(OutOfService(device=one.device, since=one.since, by=one.by, back_at=entry.at, is_out=False))
    still = _out(after, caller)
    for id, one in out.items():
        found.append(OutOfService(device=id, since=one.since, by=one.by, is_out=id in still))
    found += [OutOfService(device=id) for id in still if id not in out]
    return sorted(found, key=lambda one: (one.since or 0, one.device))


def community_at(window: Window, at: Instant) -> Community:
    """The directory as it was then; as it is, at the present and after it."""
    return window.directory.community_at(at) if at < window.clock.now() else window.directory.community()


def _out(community: Community, caller: Principal) -> Mapping[DeviceId, Device]:
    return {
        id: one
        for id, one in community.devices.items()
        if one.life is Life.OUT_OF_SERVICE and may(caller, Act.READ, one.place)
    }


def _made_before(window: Window, kind: HoldKind, end: Instant) -> Iterator[Hold]:
    mark: Mark = (end, "")
    while True:
        page = window.holds.holds(kind, ended=True, after=mark, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        mark = (page[-1].made_at, page[-1].id)


def _raised_before(window: Window, query: CaseQuery, end: Instant, at_most: int | None) -> Iterator[Alert]:
    mark: Mark = (end, "")
    seen = 0
    while at_most is None or seen < at_most:
        page = window.board.alerts(query, mark, PAGE)
        yield from page
        seen += len(page)
        if len(page) < PAGE:
            return
        mark = (page[-1].raised_at, str(page[-1].id))


def _lasts_until(fault: Alert, start: Instant) -> bool:
    """It was true at this time or later. One without an end is judged by its state: a reset leaves no time behind."""
    if fault.cleared_at is not None:
        return fault.cleared_at > start
    return fault.raised_at >= start or fault.state is not AlertState.NORMAL


def _device_entries(window: Window, start: Instant, end: Instant) -> list[Entry]:
    """What the journal says about the life of devices, oldest first."""
    found: list[Entry] = []
    after: int | None = None
    while True:
        page = window.board.entries(EntryQuery(kind="device.", start=start, end=end), after, PAGE)
        found += [entry for entry in page if "life" in entry.body]
        if len(page) < PAGE:
            return found[::-1]
        after = page[-1].seq
