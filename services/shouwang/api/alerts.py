"""告警: the list, one alert, and the two acts of a person on it (acknowledge, reset)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.alert import Alert, AlertState, is_open
from shouwang.domain.board import CaseQuery
from shouwang.domain.moment import rfc3339
from shouwang.domain.vocabulary import AlertId, Severity

from .access import Caller, allow
from .doors import TheWindow, Window
from .etags import IfMatch, etag, require_match
from .hold_sheets import ShelveIn
from .holds import until_of
from .names import Names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut, mark_of
from .problems import not_found
from .questions import Several, Within, split, subtrees, time, words
from .schemas import AlertOut, EvidenceOut, Nothing

router = APIRouter(prefix="/alerts", tags=["alerts"])

AlertRef = Annotated[str, Path(max_length=200)]


OPEN = "open"
"""As a filter: all that are not back to normal."""


@router.get("")
def list_alerts(
    window: TheWindow,
    caller: Caller,
    state: Several = None,
    severity: Several = None,
    place: Within = None,
    device: str | None = None,
    incident: str | None = None,
    rule: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[AlertOut]:
    """Newest first, ended ones included. `state=open`: all that are not back to normal."""
    allow(caller, Act.READ)
    query = CaseQuery(
        states=_states(state),
        severities=words(severity, Severity, "query/severity"),
        places=subtrees(caller, place),
        device=device,
        incident=incident,
        rule=rule,
    )
    rows = window.board.alerts(query, mark_of(cursor), limit + 1)
    page, following = cut(rows, limit, lambda alert: (alert.raised_at, alert.id))
    names = Names(window.directory.community(), caller)
    return Page(items=[alert_out(alert, names) for alert in page], next=following)


@router.get("/{alert_id}")
def get_alert(window: TheWindow, caller: Caller, alert_id: AlertRef, response: Response) -> AlertOut:
    alert = _visible(window, caller, alert_id)
    response.headers["ETag"] = etag(alert.revision)
    return _shown(window, caller, alert)


@router.post("/{alert_id}/acknowledge")
def acknowledge_alert(
    window: TheWindow, caller: Caller, alert_id: AlertRef, body: Nothing | None = None, if_match: IfMatch = None
) -> AlertOut:
    """确认 this one alert. Acknowledging its incident acknowledges all alerts that it has at that moment."""
    alert = _for_act(window, caller, alert_id, if_match)
    return _shown(window, caller, window.respond.acknowledge_alert(alert.id, actor=caller.actor))


@router.post("/{alert_id}/reset")
def reset_alert(
    window: TheWindow, caller: Caller, alert_id: AlertRef, body: Nothing | None = None, if_match: IfMatch = None
) -> AlertOut:
    """复位 a latch whose condition has ended, or end an event alert. Carried out within a moment, by intake."""
    alert = _for_act(window, caller, alert_id, if_match)
    return _shown(window, caller, window.respond.reset_alert(alert.id, actor=caller.actor))


@router.post("/{alert_id}/shelve")
def shelve_alert(
    window: TheWindow, caller: Caller, alert_id: AlertRef, body: ShelveIn, if_match: IfMatch = None
) -> AlertOut:
    """暂缓 a nuisance for a shift at most (12 h); then it is judged by its present condition. Danger to life cannot be
    shelved: 409."""
    alert = _for_act(window, caller, alert_id, if_match, Act.HOLD)
    until = until_of(body, window.clock.now())
    return _shown(window, caller, window.holding.shelve(alert.id, actor=caller.actor, until=until, why=body.why))


@router.post("/{alert_id}/unshelve")
def unshelve_alert(
    window: TheWindow, caller: Caller, alert_id: AlertRef, body: Nothing | None = None, if_match: IfMatch = None
) -> AlertOut:
    """Back at once."""
    alert = _for_act(window, caller, alert_id, if_match, Act.HOLD)
    note = (body.note or "") if body else ""
    return _shown(window, caller, window.holding.unshelve(alert.id, actor=caller.actor, note=note))


def alert_out(alert: Alert, names: Names) -> AlertOut:
    return AlertOut(
        id=alert.id,
        rule=alert.rule,
        title=alert.title,
        klass=alert.klass,
        severity=alert.severity,
        state=alert.state,
        device=alert.device,
        subject=alert.subject,
        kind=alert.kind,
        place=alert.place,
        where=names.place(alert.place),
        incident=alert.incident,
        raised_at=rfc3339(alert.raised_at),
        received_at=rfc3339(alert.received_at),
        committed_at=rfc3339(alert.committed_at),
        cleared_at=time(alert.cleared_at),
        acknowledged_at=time(alert.acknowledged_at),
        acknowledged_by=alert.acknowledged_by,
        count=alert.count,
        active=alert.active,
        latching=alert.latching,
        late=alert.late,
        test=alert.test,
        evidence=[
            EvidenceOut(metric=one.metric, value=one.value, measured_at=rfc3339(one.measured_at), part=one.part)
            for one in alert.evidence
        ],
        sentence=alert.sentence,
        held_by=alert.held_by,
        under=alert.under,
        chattering=alert.chattering,
        version=alert.version,
        no_later_sample=alert.no_later_sample,
        revision=alert.revision,
    )


def _states(given: list[str] | None) -> frozenset[str]:
    asked = split(given)
    named = words([word for word in asked if word != OPEN], AlertState, "query/state")
    return named | {state for state in AlertState if is_open(state)} if OPEN in asked else named


def _shown(window: Window, caller: Principal, alert: Alert) -> AlertOut:
    return alert_out(alert, Names(window.directory.community(), caller))


def _for_act(window: Window, caller: Principal, alert_id: str, if_match: str | None, act: Act = Act.RESPOND) -> Alert:
    alert = _visible(window, caller, alert_id)
    allow(caller, act, alert.place)
    require_match(if_match, etag(alert.revision))
    return alert


def _visible(window: Window, caller: Principal, alert_id: str) -> Alert:
    alert = window.board.alert(AlertId(alert_id))
    if alert is None:
        raise not_found("alert", alert_id)
    allow(caller, Act.READ, alert.place)
    return alert
