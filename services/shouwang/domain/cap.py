"""Incidents as Common Alerting Protocol messages (OASIS CAP 1.2), for systems of others. Nothing that names a person.

Element order and code values are those of the standard's schema, section 3.4. Times bear an offset, never ``Z``, and
UTC is ``-00:00``, as section 3.3.2 wants; identifier and sender hold neither blanks nor commas (3.2.1).
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from xml.sax.saxutils import escape

from shouwang.domain.alert import CLASS_ZH, AlertClass
from shouwang.domain.incident import Finding, Incident, IncidentState, Outcome, is_live
from shouwang.domain.moment import moment
from shouwang.domain.vocabulary import Instant, Severity

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/cap+xml"

_CATEGORY: Mapping[AlertClass, str] = {
    AlertClass.FIRE: "Fire",
    AlertClass.GAS: "Safety",
    AlertClass.CO: "Safety",
    AlertClass.EMERGENCY: "Rescue",
    AlertClass.WATER: "Infra",
    AlertClass.SUPERVISORY: "Infra",
    AlertClass.FAULT: "Infra",
    AlertClass.WARNING: "Safety",
}
_SEVERITY: Mapping[Severity, str] = {
    Severity.CRITICAL: "Extreme",
    Severity.HIGH: "Severe",
    Severity.MEDIUM: "Moderate",
    Severity.LOW: "Minor",
    Severity.INFO: "Minor",
}


def cap_alert(incident: Incident, *, area: str, sender: str, zone: tzinfo) -> str:
    """One ``alert`` element without XML declaration. ``area``: the place in words, at most a building. ``sender``: of
    this installation, without blanks and commas."""
    sent = _newest(incident)
    first = f"{incident.id}.0"
    taken_back = incident.outcome in (Outcome.FALSE_ALARM, Outcome.TEST, Outcome.ACCIDENTAL)
    is_first = incident.acknowledged_at is None and is_live(incident.state) and not taken_back
    kind = "Cancel" if taken_back else "Alert" if is_first else "Update"
    identifier = first if is_first else f"{incident.id}.{sent}"
    parts = [
        _tag("identifier", _word(identifier)),
        _tag("sender", _word(sender)),
        _tag("sent", _time(incident.opened_at if is_first else sent, zone)),
        _tag("status", "Exercise" if incident.drill else "Test" if incident.test or incident.demo else "Actual"),
        _tag("msgType", kind),
        _tag("scope", "Restricted"),
        _tag("restriction", "Responders of this site and those whom it names"),
    ]
    if not is_first:
        references = f"{_word(sender)},{_word(first)},{_time(incident.opened_at, zone)}"
        parts.append(_tag("references", references))
    parts += [_tag("incidents", _word(incident.id)), *_infos(incident, area, zone)]
    return f'<alert xmlns="{CAP}">{"".join(parts)}</alert>'


def cap_feed(alerts: Iterable[tuple[Incident, str]], *, sender: str, at: Instant, zone: tzinfo) -> str:
    """An Atom feed (RFC 4287) whose entries hold one ``alert`` each."""
    entries = []
    for incident, alert in alerts:
        title = incident.title.get("zh") or next(iter(incident.title.values()), str(incident.klass))
        entries.append(
            "<entry>"
            + _tag("id", f"urn:shouwang:incident:{_word(incident.id)}")
            + _tag("title", title)
            + _tag("updated", _time(_newest(incident), zone))
            + f'<content type="{MEDIA_TYPE}">{alert}</content>'
            + "</entry>"
        )
    head = (
        _tag("id", f"urn:shouwang:cap:{_word(sender)}")
        + _tag("title", "Shouwang 守望")
        + _tag("updated", _time(at, zone))
        + f"<author>{_tag('name', sender)}</author>"
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{ATOM}">{head}{"".join(entries)}</feed>\n'


def _infos(incident: Incident, area: str, zone: tzinfo) -> list[str]:
    over = not is_live(incident.state)
    response = "AllClear" if over else "Evacuate" if incident.finding is Finding.REAL else "Assess"
    urgency = "Past" if over else "Immediate"
    if incident.finding is Finding.REAL or incident.confirmed:
        certainty = "Observed"
    else:
        certainty = "Unlikely" if incident.finding is Finding.FALSE else "Likely"
    found = []
    titles = incident.title if incident.title.keys() & {"zh", "en"} else {"zh": CLASS_ZH[incident.klass]}
    for language, code in (("zh", "zh-CN"), ("en", "en")):
        title = titles.get(language)
        if title is None:
            continue
        found.append(
            "<info>"
            + _tag("language", code)
            + _tag("category", _CATEGORY[incident.klass])
            + _tag("event", title)
            + _tag("responseType", response)
            + _tag("urgency", urgency)
            + _tag("severity", _SEVERITY[incident.severity])
            + _tag("certainty", certainty)
            + _tag("onset", _time(incident.opened_at, zone))
            + _tag("headline", f"{area} {title}")
            + f"<area>{_tag('areaDesc', area)}</area>"
            + "</info>"
        )
    return found


def _newest(incident: Incident) -> Instant:
    times = (
        incident.opened_at,
        incident.armed_at,
        incident.acknowledged_at,
        incident.verified_at,
        incident.on_scene_at,
        incident.resolved_at,
        incident.closed_at if incident.state is IncidentState.CLOSED else None,
    )
    return max(at for at in times if at is not None)


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(''.join(char for char in text if char.isprintable()))}</{name}>"


def _word(text: str) -> str:
    """Without what CAP forbids in identifiers: blanks, commas, < and &."""
    return "".join(char if char.isalnum() or char in "-._~:@/" else "-" for char in text)


def _time(at: Instant, zone: tzinfo) -> str:
    text = moment(at).astimezone(zone).isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "-00:00" if text.endswith("+00:00") else text
