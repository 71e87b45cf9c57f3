"""Reports over what is there now."""

from fastapi import APIRouter

from shouwang.domain.access import Act, may
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import DAY, Instant, Kind

from .access import Caller, allow
from .devices import shown
from .doors import TheWindow
from .fleet import FleetState, load_fleet
from .questions import Within, subtrees
from .sheets import FleetOut

router = APIRouter(prefix="/reports", tags=["reports"])

QUIET_AT_MOST = 50
COUNTED_AT_MOST = 100


@router.get("/fleet")
def fleet_report(window: TheWindow, caller: Caller, place: Within = None) -> FleetOut:
    """Devices by how they stand, those not heard for too long (longest first, at most 50), and what is unread."""
    allow(caller, Act.READ)
    now = window.clock.now()
    fleet = load_fleet(window, subtrees(caller, place))
    heard = window.board.heard()
    states = dict.fromkeys(FleetState, 0)
    kinds: dict[Kind, dict[FleetState, int]] = {}
    quiet: list[tuple[Instant, Device]] = []
    for device in fleet.devices:
        state = fleet.state(device, heard.get(device.id))
        states[state] += 1
        of_kind = kinds.setdefault(fleet.kind(device), {})
        of_kind[state] = of_kind.get(state, 0) + 1
        if state is FleetState.SILENT:
            quiet.append((heard.get(device.id, 0), device))
    quiet.sort(key=lambda one: (one[0], one[1].id))
    whole = caller.place is None or may(caller, Act.CHANGE_DEVICES)
    registered = fleet.community.by_address
    strays = window.board.stray_devices(None, COUNTED_AT_MOST) if whole else []
    return FleetOut(
        at=rfc3339(now),
        total=len(fleet.devices),
        states=states,
        kinds=kinds,
        quiet=shown(window, fleet, [device for _, device in quiet[:QUIET_AT_MOST]]),
        quarantined=sum(one.count for one in window.board.stray_counts(now - DAY)) if whole else 0,
        discovered=sum(one.address not in registered for one in strays),
    )
