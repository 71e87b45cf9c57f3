"""What a person is told: the webhook's document, and one line of text in the person's language.

It carries class, building, unit and room, and never a name, a phone or anything about health: those are for the desk's
own screen. Places are called what the site calls them.
"""

from collections.abc import Mapping

from shouwang.domain.alert import CLASS_ZH, Alert, AlertClass
from shouwang.domain.announcement import alert_facts, incident_facts
from shouwang.domain.community import Community
from shouwang.domain.errors import ConfigError
from shouwang.domain.incident import Finding, Incident, Outcome
from shouwang.domain.moment import moment, rfc3339
from shouwang.domain.notice import Delivery, Message, Why
from shouwang.domain.place import PlaceKind, ancestors
from shouwang.domain.shift import timezone
from shouwang.domain.vocabulary import UNASSIGNED, Instant, PlaceId

ABOVE_COMPOUND = frozenset({PlaceKind.SUB_DISTRICT, PlaceKind.COMMUNITY})
"""Kinds that everybody who is told knows without being told."""

WORDS_AT_MOST = 5
"""Of a place whose ancestors the site has not described: compound, building, unit, floor, dwelling."""

CLASS_EN: Mapping[AlertClass, str] = {
    AlertClass.FIRE: "FIRE",
    AlertClass.GAS: "GAS",
    AlertClass.CO: "CARBON MONOXIDE",
    AlertClass.EMERGENCY: "EMERGENCY CALL",
    AlertClass.WATER: "WATER",
    AlertClass.SUPERVISORY: "SUPERVISORY",
    AlertClass.FAULT: "FAULT",
    AlertClass.WARNING: "WARNING",
}

WHY: Mapping[Why, tuple[str, str]] = {
    Why.FIRST: ("", ""),
    Why.WORSE: ("警情升级", "getting worse"),
    Why.NEXT_STEP: ("尚未处置，请支援", "not dealt with yet, help is needed"),
    Why.REPEAT: ("再次报警", "alarm again"),
    Why.VERIFIED: ("已核实", "verified"),
    Why.STOOD_DOWN: ("警情解除", "stood down"),
    Why.CLEARED: ("信号已恢复，仍待人工确认", "signal cleared, still to be confirmed by a person"),
    Why.COVERAGE_GAP: ("无人值守，由您处置", "nobody is on duty, it is yours"),
    Why.DRILL: ("演练", "drill"),
    Why.TEST: ("测试", "test"),
}

FINDING: Mapping[Finding, tuple[str, str]] = {
    Finding.REAL: ("属实", "real"),
    Finding.FALSE: ("不属实", "false"),
    Finding.UNCLEAR: ("未明", "unclear"),
}

OUTCOME: Mapping[Outcome, tuple[str, str]] = {
    Outcome.REAL: ("属实", "real"),
    Outcome.FALSE_ALARM: ("误报", "false alarm"),
    Outcome.TEST: ("测试", "test"),
    Outcome.DRILL: ("演练", "drill"),
    Outcome.ACCIDENTAL: ("误触", "accidental press"),
    Outcome.DEVICE_FAULT: ("设备故障", "device fault"),
}


def compose(
    delivery: Delivery,
    incident: Incident,
    alert: Alert | None,
    community: Community,
    *,
    url: str,
    code: str = "",
    now: Instant,
) -> Message:
    """The message of a delivery as things stand now. ``alert``: the one that the notice is about, else the incident's
    first; None where the incident has none. ``url``: where the person answers, empty for no link. ``code``:
    what a test message proves by."""
    place = alert.place if alert else incident.place
    person = community.people.get(delivery.person)
    body: dict[str, object] = {
        "id": delivery.key,
        "why": delivery.why,
        "incident": {**incident_facts(incident), "timeline": _timeline(incident)},
        "alert": alert and {**alert_facts(alert), "acknowledged_by": alert.acknowledged_by},
        "place": {"path": place, "name": place_words(community, place)},
        "person": {"id": delivery.person},
        "drill": incident.drill or delivery.why is Why.DRILL,
        "test": incident.test or delivery.why is Why.TEST,
        "url": url,
        "sent_at": rfc3339(now),
        **({"code": code} if code else {}),
    }
    in_chinese = person is None or person.language.startswith("zh")
    text = _text(delivery.why, incident, alert, community, place, in_chinese)
    if code:
        text += f"，确认码 {code}" if in_chinese else f", code {code}"
    return Message(key=delivery.key, text=text, body=body)


def place_words(community: Community, place: str) -> str:
    """The place in the site's own words, from the compound down: ``锦苑 3号楼 2单元 5层 501``."""
    if place == UNASSIGNED:
        return "未登记位置"
    words = community.place_names(place)
    kinds = [_kind(community, path) for path in reversed(list(ancestors(place)))]
    if PlaceKind.COMPOUND in kinds:
        return " ".join(words[kinds.index(PlaceKind.COMPOUND) :])
    above = sum(1 for kind in kinds if kind in ABOVE_COMPOUND)
    return " ".join(words[above:][-WORDS_AT_MOST:] or words[-1:])


def _kind(community: Community, path: PlaceId) -> PlaceKind | None:
    known = community.places.get(path)
    return known.kind if known else None


def _text(why: Why, incident: Incident, alert: Alert | None, community: Community, place: str, in_chinese: bool) -> str:
    language, index = ("zh", 0) if in_chinese else ("en", 1)
    title = (alert.title if alert else incident.title) or incident.title
    reason = WHY[why][index]
    if why is Why.VERIFIED and incident.finding is not None:
        reason = f"{reason}{'：' if in_chinese else ': '}{FINDING[incident.finding][index]}"
    if why is Why.STOOD_DOWN and incident.outcome is not None:
        reason = f"{reason}{'：' if in_chinese else ': '}{OUTCOME[incident.outcome][index]}"
    parts = [
        place_words(community, place),
        title.get(language) or next(iter(title.values()), ""),
        _how_many(incident, in_chinese),
        "双点报警" if incident.confirmed and in_chinese else "two detectors" if incident.confirmed else "",
        _wall_clock(alert.received_at if alert else incident.opened_at, community.site.timezone),
        reason,
    ]
    klass = alert.klass if alert else incident.klass
    marks = [
        *(["演练" if in_chinese else "DRILL"] if incident.drill or why is Why.DRILL else []),
        *(["测试" if in_chinese else "TEST"] if incident.test or why is Why.TEST else []),
        *(["演示" if in_chinese else "DEMO"] if incident.demo else []),
        CLASS_ZH[klass] if in_chinese else CLASS_EN[klass],
    ]
    head = "".join(f"【{mark}】" for mark in marks) if in_chinese else "".join(f"[{mark}]" for mark in marks) + " "
    return head + ("，" if in_chinese else ", ").join(part for part in parts if part)


def _how_many(incident: Incident, in_chinese: bool) -> str:
    """A growing incident says how far it has grown, so that the newest message tells all."""
    count = len(incident.places)
    if count < 2:
        return ""
    return f"共{count}处" if in_chinese else f"{count} places"


def _wall_clock(at: Instant, zone: str) -> str:
    try:
        return f"{moment(at).astimezone(timezone(zone)):%H:%M}"
    except ConfigError:
        return f"{moment(at):%H:%MZ}"


def _timeline(incident: Incident) -> list[Mapping[str, object]]:
    """What happened so far, in order, in the words of the journal."""
    facts = [
        (incident.opened_at, "incident.opened", "system"),
        (incident.acknowledged_at, "incident.acknowledged", incident.acknowledged_by),
        (incident.verified_at, "incident.verified", incident.verified_by),
        (incident.en_route_at, "incident.en_route", incident.en_route_by),
        (incident.on_scene_at, "incident.on_scene", incident.on_scene_by),
        (incident.resolved_at, "incident.resolved", incident.resolved_by),
        (incident.closed_at, "incident.closed", incident.closed_by),
    ]
    # Life order where two share an instant: sorting is stable.
    happened = sorted(((at, kind, actor) for at, kind, actor in facts if at is not None), key=lambda fact: fact[0])
    return [{"at": rfc3339(at), "kind": kind, "actor": actor} for at, kind, actor in happened]
