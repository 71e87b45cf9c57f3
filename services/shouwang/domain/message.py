"""What a person is told: the webhook's document, and one line of text in the person's language.

It carries class, building, unit and room, and never a name, a phone or anything about health: those are for the desk's
own screen. Two exceptions, by level (domain/levels.py): a text to the assigned responder says how to get in where no
link does (domain/directions.py), and whoever watches from above the compound gets a summary of it and no room. Places
are called what the site calls them.
"""

from collections.abc import Iterable, Mapping

from shouwang.domain.alert import CLASS_ZH, Alert, AlertClass
from shouwang.domain.announcement import alert_facts, incident_facts
from shouwang.domain.community import Community
from shouwang.domain.directions import entry_of, with_directions
from shouwang.domain.errors import ConfigError
from shouwang.domain.incident import Finding, Incident, Outcome, is_live
from shouwang.domain.levels import Level, level_of, post_of, post_words
from shouwang.domain.moment import moment, rfc3339
from shouwang.domain.notice import Delivery, Message, Why
from shouwang.domain.place import PlaceKind, ancestors
from shouwang.domain.shift import timezone
from shouwang.domain.vocabulary import UNASSIGNED, Instant, PlaceId

ABOVE_COMPOUND = frozenset({PlaceKind.SUB_DISTRICT, PlaceKind.COMMUNITY})
"""Kinds that everybody who is told knows without being told."""

_WORDS_FOR_ONE = frozenset({"sms"})
"""Channels that write to one person's own telephone, and to nobody else: not a group's robot, not a voice."""

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

ASKED_LIMIT = 60
"""Characters of a reason that a text message still has room for."""

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
    told: int = 0,
    can_answer: bool = False,
    now: Instant,
) -> Message:
    """The message of a delivery as things stand now. ``alert``: the one that the notice is about, else the incident's
    first; None where the incident has none. ``url``: where the person answers, empty for no link. ``code``:
    what a test message proves by. ``told``: people who were told so far, for summaries. ``can_answer``: what the person
    writes back on this channel is read."""
    place = alert.place if alert else incident.place
    person = community.people.get(delivery.person)
    level = level_of(delivery, incident, community)
    asked = "" if level is Level.SUMMARY else _asked_for(delivery, incident)
    name = compound_words(community, place) if level is Level.SUMMARY else place_words(community, place)
    body: dict[str, object] = {
        "id": delivery.key,
        "why": delivery.why,
        "incident": {**incident_facts(incident), "timeline": _timeline(incident)},
        "alert": alert and {**alert_facts(alert), "acknowledged_by": alert.acknowledged_by},
        "place": {"path": place, "name": name},
        "person": {"id": delivery.person},
        **({"reason": asked} if asked else {}),
        "drill": incident.drill or delivery.why is Why.DRILL,
        "test": incident.test or delivery.why is Why.TEST,
        "url": url,
        "sent_at": rfc3339(now),
        **({"code": code} if code else {}),
    }
    in_chinese = person is None or person.language.startswith("zh")
    if level is Level.SUMMARY:
        text = _summary(delivery.why, incident, alert, community, name, told, in_chinese)
    else:
        text = _text(delivery.why, incident, alert, community, name, in_chinese) + _quoted(asked, in_chinese)
    if level is Level.ASSIGNED and not url and delivery.channel in _WORDS_FOR_ONE:
        entry = entry_of(incident.places or [incident.place], community)
        text = with_directions(text, entry, in_chinese=in_chinese, can_answer=can_answer)
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


def compound_words(community: Community, place: str) -> str:
    """The compound alone; where the site has not described it, the third level of the path."""
    if place == UNASSIGNED:
        return "未登记位置"
    words = community.place_names(place)
    kinds = [_kind(community, path) for path in reversed(list(ancestors(place)))]
    at = kinds.index(PlaceKind.COMPOUND) if PlaceKind.COMPOUND in kinds else min(2, len(words) - 1)
    return words[at]


def _kind(community: Community, path: PlaceId) -> PlaceKind | None:
    known = community.places.get(path)
    return known.kind if known else None


def _asked_for(delivery: Delivery, incident: Incident) -> str:
    """Why a person called for these people, in that person's words. Offices afar do not read it, as they read no words
    that people typed: they may name somebody."""
    escalated = incident.file.escalated if incident.file is not None else []
    return next((one.reason for one in escalated if one.notice == delivery.notice), "")


def _quoted(asked: str, in_chinese: bool) -> str:
    if not asked:
        return ""
    short = asked if len(asked) <= ASKED_LIMIT else f"{asked[: ASKED_LIMIT - 1]}…"
    return f"，上报原因：{short}" if in_chinese else f", because: {short}"


def _text(why: Why, incident: Incident, alert: Alert | None, community: Community, name: str, in_chinese: bool) -> str:
    parts = [
        name,
        _title(incident, alert, in_chinese),
        _how_many(incident, in_chinese),
        "双点报警" if incident.confirmed and in_chinese else "two detectors" if incident.confirmed else "",
        _wall_clock(alert.received_at if alert else incident.opened_at, community.site.timezone),
        _reason(why, incident, in_chinese),
    ]
    return _head(why, incident, alert, in_chinese) + _joined(parts, in_chinese)


def _summary(
    why: Why,
    incident: Incident,
    alert: Alert | None,
    community: Community,
    name: str,
    told: int,
    in_chinese: bool,
) -> str:
    """What, which compound, since when, how many were told, who answers: nothing of a home and of those in it. Words
    that people typed themselves (a case reported by hand) are left out: they may name somebody."""
    since = _wall_clock(incident.opened_at, community.site.timezone)
    parts = [
        name,
        _title(incident, alert, in_chinese) if incident.alerts else "",
        f"{since} 起" if in_chinese else f"since {since}",
        (f"已通知 {told} 人" if in_chinese else f"{told} told") if told else "",
        _who_answers(incident, community, in_chinese),
        _reason(why, incident, in_chinese),
    ]
    return _head(why, incident, alert, in_chinese) + _joined(parts, in_chinese)


def _who_answers(incident: Incident, community: Community, in_chinese: bool) -> str:
    if not is_live(incident.state):
        return ""
    if incident.holder is None:
        return "尚无人接警" if in_chinese else "nobody has answered yet"
    post = post_words(post_of(incident.holder, incident.place, community), in_chinese=in_chinese)
    return f"{post or '有人'}已接警" if in_chinese else f"answered by {post or 'somebody'}"


def _title(incident: Incident, alert: Alert | None, in_chinese: bool) -> str:
    title = (alert.title if alert else incident.title) or incident.title
    return title.get("zh" if in_chinese else "en") or next(iter(title.values()), "")


def _reason(why: Why, incident: Incident, in_chinese: bool) -> str:
    index = 0 if in_chinese else 1
    reason = WHY[why][index]
    if why is Why.VERIFIED and incident.finding is not None:
        reason = f"{reason}{'：' if in_chinese else ': '}{FINDING[incident.finding][index]}"
    if why is Why.STOOD_DOWN and incident.outcome is not None:
        reason = f"{reason}{'：' if in_chinese else ': '}{OUTCOME[incident.outcome][index]}"
    return reason


def _head(why: Why, incident: Incident, alert: Alert | None, in_chinese: bool) -> str:
    klass = alert.klass if alert else incident.klass
    marks = [
        *(["演练" if in_chinese else "DRILL"] if incident.drill or why is Why.DRILL else []),
        *(["测试" if in_chinese else "TEST"] if incident.test or why is Why.TEST else []),
        *(["演示" if in_chinese else "DEMO"] if incident.demo else []),
        CLASS_ZH[klass] if in_chinese else CLASS_EN[klass],
    ]
    return "".join(f"【{mark}】" for mark in marks) if in_chinese else "".join(f"[{mark}]" for mark in marks) + " "


def _joined(parts: Iterable[str], in_chinese: bool) -> str:
    return ("，" if in_chinese else ", ").join(part for part in parts if part)


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
