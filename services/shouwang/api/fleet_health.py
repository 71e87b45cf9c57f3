"""设备健康: last heard, proof of life, batteries with their trend, links, flapping, gateways, false alarms by model."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, assert_never

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from shouwang.domain.access import Act
from shouwang.domain.board import CaseQuery
from shouwang.domain.commissioning import Level, is_coverage, signal_of
from shouwang.domain.incident import Incident, Outcome
from shouwang.domain.place import Device
from shouwang.domain.standing import DeviceState, Newest
from shouwang.domain.vocabulary import DAY, SECOND, DeviceId, Instant, Kind
from shouwang.domain.wear import PERCENT_FLOOR, Trend, trend_of, voltage_floor

from .access import Caller, allow
from .devices import registered_device
from .doors import TheWindow, Window
from .fleet import Fleet, FleetState, load_fleet
from .installing_sheets import SignalOut
from .names import place_names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .questions import Several, Within, subtrees, time, words
from .schemas import PlaceNames, Time
from .sheets import Name

router = APIRouter(tags=["devices"])

TREND_DAYS = 120
FLAPPING = 5
"""Alerts of one device in a day from which it flaps."""

INCIDENTS_AT_MOST = 5_000
ALERTS_AT_MOST = 5_000
LOW_PERCENT = 20
"""A battery from which on it is named as low, where the device does not say so itself."""


class Ailment(StrEnum):
    """What whoever looks after devices asks for."""

    SILENT = "silent"
    WEAK = "weak"
    FLAPPING = "flapping"
    BATTERY = "battery"
    GATEWAY = "gateway"
    """Gateways that are silent, and those with children of any state: what fails with them is seen at once."""


class BatteryOut(BaseModel):
    """``trend`` of ``metric`` (battery or voltage): change a day. ``replace_by``: when it meets its floor at this pace,
    null where it does not fall or too little is known."""

    percent: float | None
    voltage: float | None
    low: bool | None
    metric: str | None = None
    per_day: float | None = None
    floor: float | None = None
    days: int | None = None
    replace_by: Time | None = None


class HealthOut(BaseModel):
    """``proof_of_life``: the last moment at which it could certainly have called. ``alerts_today`` from 5 on: it flaps.
    ``gateway``: behind which it is heard; ``children``: of a gateway."""

    device: str
    profile: str
    kind: Kind
    place: str
    where: PlaceNames
    state: FleetState
    counts_as_coverage: bool
    heard_at: Time | None
    silent_seconds: int | None
    longest_silence: int | None
    proof_of_life: Time | None
    battery: BatteryOut
    signal: SignalOut
    alerts_today: int
    flapping: bool
    gateway: str | None
    children: list[str]


class ModelOut(BaseModel):
    """Incidents by outcome, of the devices of one model. ``false_alarm_rate``: false alarms, accidental presses and
    faults among those with an outcome that was no test and no drill; null where there are none."""

    profile: str
    devices: int
    incidents: int
    outcomes: dict[Outcome, int]
    false_alarm_rate: float | None
    per_device_year: float | None = Field(description="False alarms a device and year, over the time they hang.")


@router.get("/devices/{device_id:path}/health")
def get_health(window: TheWindow, caller: Caller, device_id: Annotated[Name, Path(max_length=300)]) -> HealthOut:
    """One device, with its battery's trend over the stored days."""
    device = registered_device(window.directory.community(), caller, device_id)
    allow(caller, Act.READ, device.place)
    fleet = load_fleet(window, ())
    state = window.board.states([device.id]).get(device.id, DeviceState())
    battery = _battery(window, device, state, with_trend=True)
    return _health(window, fleet, device, state, battery, _behind(window, fleet))


@router.get("/fleet/health")
def list_health(
    window: TheWindow,
    caller: Caller,
    place: Within = None,
    kind: Several = None,
    state: Several = None,
    problem: Annotated[Ailment | None, Query(description="Only devices that have it.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[HealthOut]:
    """All devices, the worst first; with trends of their batteries where `problem` asks for low ones."""
    allow(caller, Act.READ)
    kinds, states = words(kind, Kind, "query/kind"), words(state, FleetState, "query/state")
    fleet = load_fleet(window, subtrees(caller, place))
    heard = window.board.heard()
    order = {one: rank for rank, one in enumerate(FleetState)}
    rows = [
        (fleet.state(device, heard.get(device.id)), device)
        for device in fleet.devices
        if not kinds or fleet.kind(device) in kinds
    ]
    wanted = [row for row in rows if not states or row[0] in states]
    behind = _behind(window, fleet)
    if problem is not None:
        having = _having(window, fleet, [device for _, device in wanted], problem, behind)
        wanted = [row for row in wanted if row[1].id in having]
    page, following = cut_by_name(wanted, limit, cursor, lambda row: f"{order[row[0]]:02d}|{row[1].id}")
    known = window.board.states([device.id for _, device in page])
    items, with_trend = [], problem is Ailment.BATTERY
    for _, device in page:
        found = known.get(device.id, DeviceState())
        battery = _battery(window, device, found, with_trend=with_trend)
        items.append(_health(window, fleet, device, found, battery, behind))
    return Page(items=items, next=following)


@router.get("/fleet/models")
def list_models(
    window: TheWindow, caller: Caller, place: Within = None, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[ModelOut]:
    """误报率 by model, from the outcomes of the newest 5,000 incidents; in order of profiles' ids."""
    allow(caller, Act.READ)
    around = subtrees(caller, place)
    fleet = load_fleet(window, around)
    incidents = window.board.incidents(CaseQuery(places=around), None, INCIDENTS_AT_MOST)
    rows = _models(fleet, incidents, window.clock.now())
    page, following = cut_by_name(rows, limit, cursor, lambda row: row.profile)
    return Page(items=list(page), next=following)


_NO_ALARM = frozenset({Outcome.TEST, Outcome.DRILL})
_FALSE = frozenset({Outcome.FALSE_ALARM, Outcome.ACCIDENTAL, Outcome.DEVICE_FAULT})


def _models(fleet: Fleet, incidents: Iterable[Incident], now: Instant) -> list[ModelOut]:
    devices: dict[str, list[Device]] = {}
    for device in fleet.devices:
        devices.setdefault(device.profile, []).append(device)
    outcomes: dict[str, dict[Outcome, int]] = {}
    counted: dict[str, int] = {}
    for incident in incidents:
        known = (fleet.community.devices.get(DeviceId(id)) for id in incident.devices)
        for profile in {device.profile for device in known if device is not None}:
            counted[profile] = counted.get(profile, 0) + 1
            if incident.outcome is not None:
                of_profile = outcomes.setdefault(profile, {})
                of_profile[incident.outcome] = of_profile.get(incident.outcome, 0) + 1
    rows = []
    for profile, mine in devices.items():
        said = outcomes.get(profile, {})
        judged = sum(count for outcome, count in said.items() if outcome not in _NO_ALARM)
        false = sum(count for outcome, count in said.items() if outcome in _FALSE)
        hung = sum(max(0, now - (fleet.registered_at(device) or now)) for device in mine)
        rows.append(
            ModelOut(
                profile=profile,
                devices=len(mine),
                incidents=counted.get(profile, 0),
                outcomes=said,
                false_alarm_rate=round(false / judged, 4) if judged else None,
                per_device_year=round(false * 365 * DAY / hung, 4) if hung >= DAY else None,
            )
        )
    return rows


def _health(
    window: Window,
    fleet: Fleet,
    device: Device,
    state: DeviceState,
    battery: BatteryOut,
    behind: Mapping[DeviceId, DeviceId],
) -> HealthOut:
    now, longest = window.clock.now(), fleet.longest_silence(device)
    alerts = window.board.alerts(CaseQuery(device=device.id), None, 100)
    today = sum(max(1, alert.count) for alert in alerts if alert.raised_at > now - DAY)
    signal = signal_of(state.values)
    return HealthOut(
        device=device.id,
        profile=device.profile,
        kind=fleet.kind(device),
        place=device.place,
        where=place_names(fleet.community, device.place),
        state=fleet.state(device, state.heard_at),
        counts_as_coverage=is_coverage(device, fleet.kind(device), longest, state.heard_at, now),
        heard_at=time(state.heard_at),
        silent_seconds=(now - state.heard_at) // SECOND if state.heard_at is not None else None,
        longest_silence=longest // SECOND if longest is not None else None,
        proof_of_life=time(state.heard_at),
        battery=battery,
        signal=SignalOut(
            level=Level(signal.level),
            words=signal.words,
            linkquality=signal.linkquality,
            rssi=signal.rssi,
            snr=signal.snr,
        ),
        alerts_today=today,
        flapping=today >= FLAPPING,
        gateway=behind.get(device.id),
        children=sorted(one for one, gateway in behind.items() if gateway == device.id),
    )


def _having(
    window: Window, fleet: Fleet, devices: Sequence[Device], problem: Ailment, behind: Mapping[DeviceId, DeviceId]
) -> Collection[DeviceId]:
    """Those of the devices that have it; each look is one query, however many devices there are."""
    now = window.clock.now()
    match problem:
        case Ailment.SILENT:
            heard = window.board.heard()
            return {one.id for one in devices if fleet.state(one, heard.get(one.id)) is FleetState.SILENT}
        case Ailment.GATEWAY:
            return {one.id for one in devices if fleet.kind(one) is Kind.GATEWAY} | set(behind.values())
        case Ailment.FLAPPING:
            raised: Counter[DeviceId | None] = Counter()
            for alert in window.board.alerts(CaseQuery(), None, ALERTS_AT_MOST):
                if alert.raised_at > now - DAY:
                    raised[alert.device] += max(1, alert.count)
            return {one.id for one in devices if raised[one.id] >= FLAPPING}
        case Ailment.WEAK | Ailment.BATTERY:
            known = window.board.states([one.id for one in devices])
            has = _is_weak if problem is Ailment.WEAK else _is_low
            return {id for id, state in known.items() if has(state)}
        case _:
            assert_never(problem)


def _is_weak(state: DeviceState) -> bool:
    return signal_of(state.values).level is Level.WEAK


def _is_low(state: DeviceState) -> bool:
    percent = _number(state.values.get("battery"))
    return _flag(state.values.get("battery_low")) is True or (percent is not None and percent <= LOW_PERCENT)


def _behind(window: Window, fleet: Fleet) -> Mapping[DeviceId, DeviceId]:
    """The gateway of each device that has one: as registered, as heard, or the only one of its family."""
    world, learnt = window.world(), window.board.links()
    found = {id: world.gateway_of(id, learnt.get(id, "")) for id in fleet.community.devices}
    return {id: gateway for id, gateway in found.items() if gateway is not None}


def _battery(window: Window, device: Device, state: DeviceState, *, with_trend: bool) -> BatteryOut:
    values = state.values
    percent, voltage = _number(values.get("battery")), _number(values.get("voltage"))
    low = values.get("battery_low")
    found: tuple[str, Trend] | None = None
    if with_trend:
        found = _trend(window, device, "battery") or _trend(window, device, "voltage")
    if found is None:
        return BatteryOut(percent=percent, voltage=voltage, low=_flag(low))
    metric, trend = found
    return BatteryOut(
        percent=percent,
        voltage=voltage,
        low=_flag(low),
        metric=metric,
        per_day=trend.per_day,
        floor=trend.floor,
        days=trend.days,
        replace_by=time(trend.replace_by),
    )


def _trend(window: Window, device: Device, metric: str) -> tuple[str, Trend] | None:
    """Over daily means. A battery that is told in coarse steps may not fall within them; then its voltage tells."""
    now = window.clock.now()
    points = window.readings.read(device.id, metric, now - TREND_DAYS * DAY, now + 1, every=DAY, limit=TREND_DAYS + 2)
    daily = [(point.at, point.mean) for point in points if point.mean is not None and not point.part]
    highest = max((value for _, value in daily), default=0.0)
    trend = trend_of(daily, PERCENT_FLOOR if metric == "battery" else voltage_floor(highest))
    if trend is None or (metric == "battery" and trend.replace_by is None and trend.per_day >= 0):
        return None
    return metric, trend


def _number(newest: Newest | None) -> float | None:
    value = newest.value if newest else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _flag(newest: Newest | None) -> bool | None:
    return newest.value if newest is not None and isinstance(newest.value, bool) else None
