"""The clocks of a case against what we hold ourselves to: taken up, on the scene, verified.

A fire or a call for help is taken up within 60 s (EN 50518: 98.5 %), on the scene within 3 minutes (micro fire station,
document 301 of 2015), verified within 3 minutes. Other cases are taken up within 3 minutes (EN 50518, other alarms).
"""

from collections.abc import Mapping

from shouwang.domain.alert import LIFE_SAFETY
from shouwang.domain.casefile import is_proven
from shouwang.domain.escalation import Milestone
from shouwang.domain.incident import Incident
from shouwang.domain.vocabulary import MINUTE, SECOND, Duration, Instant, Value

LIFE: Mapping[str, Duration] = {"acknowledge": 60 * SECOND, "verify": 3 * MINUTE, "on_scene": 3 * MINUTE}
OTHERS: Mapping[str, Duration] = {"acknowledge": 3 * MINUTE}


class Clock(Value, frozen=True, kw_only=True):
    """``limit``: what is allowed. ``due_at``: until when. ``met_at``: when it was done. ``late``: past its limit, done
    or not. ``proven``: of an arrival, whether it was. ``said``: it was done when a phone says, which had no network."""

    name: str
    limit: Duration
    due_at: Instant
    met_at: Instant | None
    late: bool
    proven: bool | None = None
    said: bool = False


def clocks(incident: Incident, now: Instant) -> list[Clock]:
    """Those that run for this case; a case that ended before a limit passed is not late for it."""
    limits = LIFE if incident.klass in LIFE_SAFETY else OTHERS
    since = incident.armed_at if incident.armed_at is not None and incident.late else incident.opened_at
    met = {"acknowledge": incident.acknowledged_at, "verify": incident.verified_at, "on_scene": incident.on_scene_at}
    over_at = incident.resolved_at or incident.closed_at
    found = []
    for name, limit in limits.items():
        done = met[name]
        reached = next((at for at in (done, over_at) if at is not None), now)
        proven = is_proven(incident.file) if name == "on_scene" and done is not None else None
        found.append(
            Clock(
                name=name,
                limit=limit,
                due_at=since + limit,
                met_at=done,
                late=reached - since > limit,
                proven=proven,
                said=name == "on_scene" and is_arrival_said(incident),
            )
        )
    return found


def is_arrival_said(incident: Incident) -> bool:
    """Escalation heard of it later than it was: its time is a phone's word."""
    heard_at = incident.reached.get(Milestone.ON_SCENE)
    return incident.on_scene_at is not None and heard_at is not None and incident.on_scene_at < heard_at
