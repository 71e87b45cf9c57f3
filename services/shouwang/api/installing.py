"""安装: commissioning, tests, sign-off, replacing, moving and retiring devices, and what visits came to."""

from typing import Annotated

from fastapi import APIRouter, Path

from shouwang.domain import commissioning
from shouwang.domain.access import Act, Principal
from shouwang.domain.board import CaseQuery, EntryQuery
from shouwang.domain.commissioning import Standing
from shouwang.domain.community import Community
from shouwang.domain.duty import zone_of
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import Device, PlaceKind
from shouwang.domain.standing import DeviceState
from shouwang.domain.telling import who_is_told
from shouwang.domain.visit import Visit, VisitResult
from shouwang.domain.vocabulary import MINUTE, DeviceId, Kind, PlaceId

from .access import Caller, allow
from .devices import check_device, one_device, registered_device
from .doors import TheWindow, Window
from .installing_sheets import (
    CommissioningOut,
    ForcedOut,
    MoveIn,
    ReasonIn,
    ReplaceIn,
    SignalOut,
    SignIn,
    StartIn,
    TestIn,
    ToldStepOut,
    VisitIn,
    VisitOut,
    WaitOut,
    WouldCallOut,
    ZoneRefOut,
)
from .names import Names, place_names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .problems import invalid
from .questions import Several, Within, subtrees, time, words
from .rulebook import rules_of
from .sheets import DeviceOut

router = APIRouter(tags=["installing"])

DeviceRef = Annotated[str, Path(max_length=300)]
ENTRIES_AT_MOST = 500


@router.get("/devices/{device_id:path}/commissioning")
def get_commissioning(window: TheWindow, caller: Caller, device_id: DeviceRef) -> CommissioningOut:
    """How commissioning, or a test, stands: heard, pressed, signal, zone, and whom an alarm would call now."""
    return _shown(window, caller, registered_device(window.directory.community(), caller, device_id))


@router.post("/devices/{device_id:path}/commission")
def commission(
    window: TheWindow, caller: Caller, device_id: DeviceRef, body: StartIn | None = None
) -> CommissioningOut:
    """Begins commissioning, or goes on with it (`anew`: from now). Its alarms are tests meanwhile."""
    device = _mine(window, caller, device_id)
    return _shown(
        window, caller, window.installing.commission(device, actor=caller.actor, anew=bool(body and body.anew))
    )


@router.post("/devices/{device_id:path}/sign-off")
def sign_off(window: TheWindow, caller: Caller, device_id: DeviceRef, body: SignIn | None = None) -> DeviceOut:
    """In service from now on. 409 while the device was never heard since its commissioning began."""
    device, said = _mine(window, caller, device_id), body or SignIn()
    found, _ = _standing(window, device)
    signed = window.installing.sign_off(device, found, actor=caller.actor, signed_by=said.signed_by, note=said.note)
    return one_device(window, signed)


@router.post("/devices/{device_id:path}/test")
def start_test(window: TheWindow, caller: Caller, device_id: DeviceRef, body: TestIn) -> CommissioningOut:
    """Test mode for so many minutes; it ends by itself, and says so."""
    device = _mine(window, caller, device_id)
    tested = window.installing.test(device, body.minutes * MINUTE, actor=caller.actor, note=body.note)
    return _shown(window, caller, tested)


@router.post("/devices/{device_id:path}/test/end")
def end_test(window: TheWindow, caller: Caller, device_id: DeviceRef) -> DeviceOut:
    return one_device(window, window.installing.end_test(_mine(window, caller, device_id), actor=caller.actor))


@router.post("/devices/{device_id:path}/replace", status_code=201)
def replace(window: TheWindow, caller: Caller, device_id: DeviceRef, body: ReplaceIn) -> ForcedOut:
    """换机: another device takes its place and is commissioned; the old one is retired and keeps its history."""
    old = _mine(window, caller, device_id)
    new = Device(
        id=DeviceId(body.id or body.address.replace(":", "-").replace("/", "-")),
        profile=body.profile or old.profile,
        address=body.address,
        place=old.place,
        tags=old.tags,
        name=old.name,
        note=old.note,
    )
    community = window.directory.community()
    if new.id in community.devices:
        raise invalid("body/id", f"a device {new.id!r} is registered already")
    check_device(window, community, new)
    placed, left = window.installing.replace(old, new, actor=caller.actor, reason=body.reason)
    return ForcedOut(device=one_device(window, placed), left_open=left)


@router.post("/devices/{device_id:path}/move")
def move(window: TheWindow, caller: Caller, device_id: DeviceRef, body: MoveIn) -> DeviceOut:
    """移机: what happened stays with the place where it happened."""
    device = _mine(window, caller, device_id)
    allow(caller, Act.CHANGE_DEVICES, body.place)
    if PlaceId(body.place) not in window.directory.community().places:
        raise invalid("body/place", f"there is no place {body.place!r}; GET /api/v1/places lists them")
    moved = window.installing.move(device, PlaceId(body.place), actor=caller.actor, reason=body.reason)
    return one_device(window, moved)


@router.post("/devices/{device_id:path}/retire")
def retire(window: TheWindow, caller: Caller, device_id: DeviceRef, body: ReasonIn | None = None) -> ForcedOut:
    """拆除: its alerts that do not latch end; `left_open` names those that want a person."""
    device = _mine(window, caller, device_id)
    gone, left = window.installing.retire(device, actor=caller.actor, reason=body.reason if body else "")
    return ForcedOut(device=one_device(window, gone), left_open=left)


@router.post("/visits", status_code=201)
def record_visit(window: TheWindow, caller: Caller, body: VisitIn) -> VisitOut:
    """What a visit to a dwelling came to."""
    allow(caller, Act.CHANGE_DEVICES, body.place)
    community = window.directory.community()
    place = community.places.get(PlaceId(body.place))
    if place is None or place.kind not in (PlaceKind.DWELLING, PlaceKind.SHOP):
        raise invalid("body/place", f"{body.place!r} is no dwelling; GET /api/v1/places lists them")
    made = Visit(place=place.id, at=window.clock.now(), result=body.result, actor=caller.actor, note=body.note)
    window.visits.keep(made)
    return _visit_out(community, made, window.visits.missed([place.id]).get(place.id, 0))


@router.get("/visits")
def list_visits(
    window: TheWindow,
    caller: Caller,
    result: Several = None,
    place: Within = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[VisitOut]:
    """The newest result of each dwelling, in order of places, with how often nobody was home."""
    allow(caller, Act.READ)
    results = words(result, VisitResult, "query/result")
    community = window.directory.community()
    rows = [one for one in window.visits.newest(subtrees(caller, place)) if not results or one.result in results]
    page, following = cut_by_name(rows, limit, cursor, lambda one: one.place)
    missed = window.visits.missed([one.place for one in page])
    return Page(items=[_visit_out(community, one, missed.get(one.place, 0)) for one in page], next=following)


def _mine(window: Window, caller: Principal, device_id: str) -> Device:
    device = registered_device(window.directory.community(), caller, device_id)
    allow(caller, Act.CHANGE_DEVICES, device.place)
    return device


def _standing(window: Window, device: Device) -> tuple[Standing, DeviceState]:
    since = device.trial.at if device.trial else window.clock.now()
    entries = window.board.entries(EntryQuery(device=device.id, kind="device.", start=since), None, ENTRIES_AT_MOST)
    state = window.board.states([device.id]).get(device.id, DeviceState())
    return commissioning.standing(device, entries, state), state


def _shown(window: Window, caller: Principal, device: Device) -> CommissioningOut:
    community, profile = window.directory.community(), window.profiles().get(device.profile)
    found, state = _standing(window, device)
    zone = zone_of(community, device.place)
    signal, wait = commissioning.signal_of(state.values), commissioning.expected_wait(profile)
    alerts = window.board.alerts(CaseQuery(device=device.id), None, 10)
    since = device.trial.at if device.trial else 0
    return CommissioningOut(
        device=device.id,
        place=device.place,
        where=place_names(community, device.place),
        life=device.life,
        started_at=time(device.trial.at) if device.trial else None,
        started_by=device.trial.by if device.trial else None,
        until=time(device.trial.until) if device.trial else None,
        heard_at=time(found.heard_at),
        heard_after=found.heard_after,
        pressed_at=time(found.pressed_at),
        pressed=found.pressed,
        test_press=dict(profile.test_press) if profile else {},
        expected_wait=WaitOut(seconds=wait.seconds, words=wait.words),
        signal=SignalOut(
            level=signal.level, words=signal.words, linkquality=signal.linkquality, rssi=signal.rssi, snr=signal.snr
        ),
        zone=ZoneRefOut(id=zone.id, name=zone.name) if zone else None,
        would_call=_would_call(window, caller, community, device, profile.kind if profile else Kind.OTHER),
        alerts=[alert.id for alert in alerts if alert.committed_at >= since],
        can_sign_off=found.can_sign_off,
        missing=found.missing,
    )


def _would_call(window: Window, caller: Principal, community: Community, device: Device, kind: Kind) -> WouldCallOut:
    """A dry run of the worst that its rules could say of it, as if it were in service."""
    world = window.world()
    facts = world.facts(device.id)
    worst = next(iter(rules_of(window, facts)), None)
    if worst is None:
        return WouldCallOut(why_nobody="no rule looks at this kind of device")
    told = who_is_told(worst, kind, device.place, community, world.policies, window.clock.now())
    return WouldCallOut(
        rule=worst.id,
        title=dict(worst.title),
        policy=told.policy or None,
        steps=[
            ToldStepOut(
                after=step.after,
                unless=step.unless,
                when=step.when,
                tell=step.tell,
                people=list(step.people),
                gaps=step.gaps,
            )
            for step in told.steps
        ],
        names=Names(community, caller).people(one for step in told.steps for one in step.people),
        why_nobody=told.why_nobody,
    )


def _visit_out(community: Community, visit: Visit, missed: int) -> VisitOut:
    return VisitOut(
        place=visit.place,
        where=place_names(community, visit.place),
        at=rfc3339(visit.at),
        result=visit.result,
        by=visit.actor,
        note=visit.note,
        nobody_home=missed,
    )
