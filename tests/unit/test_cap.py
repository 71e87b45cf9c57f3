"""CAP 1.2 messages of any incident: what the standard's schema and its text demand, checked one by one."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.alert import AlertClass
from shouwang.domain.cap import CAP, cap_alert, cap_feed
from shouwang.domain.escalation import Policy
from shouwang.domain.incident import Finding, Incident, IncidentState, Outcome
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.vocabulary import HOUR, IncidentId, PlaceId, Severity

AT = parse_rfc3339("2026-01-14T02:14:00.123456+08:00")
NS = f"{{{CAP}}}"

ALERT = ("identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction", "addresses", "code",
         "note", "references", "incidents", "info")  # fmt: skip
INFO = ("language", "category", "event", "responseType", "urgency", "severity", "certainty", "audience", "eventCode",
        "effective", "onset", "expires", "senderName", "headline", "description", "instruction", "web", "contact",
        "parameter", "resource", "area")  # fmt: skip
AREA = ("areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling")
"""The order of the schema (section 3.4)."""

MANY = frozenset({"code", "info", "category", "responseType", "eventCode", "parameter", "resource", "area", "polygon",
                  "circle", "geocode"})  # fmt: skip
WORDS: Mapping[str, frozenset[str]] = {
    "status": frozenset({"Actual", "Exercise", "System", "Test", "Draft"}),
    "msgType": frozenset({"Alert", "Update", "Cancel", "Ack", "Error"}),
    "scope": frozenset({"Public", "Restricted", "Private"}),
    "category": frozenset({"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
                           "CBRNE", "Other"}),
    "responseType": frozenset({"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear",
                               "None"}),
    "urgency": frozenset({"Immediate", "Expected", "Future", "Past", "Unknown"}),
    "severity": frozenset({"Extreme", "Severe", "Moderate", "Minor", "Unknown"}),
    "certainty": frozenset({"Observed", "Likely", "Possible", "Unlikely", "Unknown"}),
}  # fmt: skip
MUST = {
    "alert": ("identifier", "sender", "sent", "status", "msgType", "scope"),
    "info": ("category", "event", "urgency", "severity", "certainty"),
    "area": ("areaDesc",),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
TIMES = frozenset({"sent", "effective", "onset", "expires"})
LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "UTC", "America/St_Johns", "Asia/Kathmandu", "Pacific/Marquesas")]

instants = st.none() | st.integers(AT, AT + 72 * HOUR)
incidents = st.builds(
    Incident,
    id=st.text(min_size=1, max_size=20).map(IncidentId),
    group=st.just("g"),
    klass=st.sampled_from(list(AlertClass)),
    state=st.sampled_from(list(IncidentState)),
    severity=st.sampled_from(list(Severity)),
    title=st.dictionaries(st.sampled_from(["zh", "en", "fr"]), st.text(min_size=1, max_size=40), max_size=3),
    place=st.just(PlaceId("s/c/j/b3")),
    opened_at=st.integers(AT - 72 * HOUR, AT),
    policy=st.just(Policy(id="p", steps=[])),
    acknowledged_at=instants,
    verified_at=instants,
    on_scene_at=instants,
    resolved_at=instants,
    closed_at=instants,
    armed_at=instants,
    finding=st.none() | st.sampled_from(list(Finding)),
    outcome=st.none() | st.sampled_from(list(Outcome)),
    confirmed=st.booleans(),
    drill=st.booleans(),
    test=st.booleans(),
    demo=st.booleans(),
)


@given(incidents, st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=20), st.sampled_from(ZONES))
def test_every_message_is_what_the_schema_describes(incident: Incident, area: str, sender: str, zone: ZoneInfo) -> None:
    alert = ElementTree.fromstring(cap_alert(incident, area=area, sender=sender, zone=zone))
    assert alert.tag == f"{NS}alert"
    check(alert, "alert", ALERT)
    for info in alert.iter(f"{NS}info"):
        check(info, "info", INFO)
        for part in info.iter(f"{NS}area"):
            check(part, "area", AREA)


@given(incidents, st.text(min_size=1, max_size=20), st.sampled_from(ZONES))
def test_every_message_keeps_what_only_the_text_of_the_standard_says(
    incident: Incident, sender: str, zone: ZoneInfo
) -> None:
    said = ElementTree.fromstring(cap_alert(incident, area="3号楼", sender=sender, zone=zone))
    for name in ("identifier", "sender"):  # 3.2.1
        assert re.fullmatch(r"[^\s,<&]+", text(said, name))
    assert ("restriction" in names(said)) == (text(said, "scope") == "Restricted")
    if text(said, "msgType") == "Alert":
        assert "references" not in names(said)
    else:
        reference = text(said, "references").split(",")
        assert len(reference) == 3
        assert reference[0] == text(said, "sender")
        assert reference[1] != text(said, "identifier")
        assert TIME.fullmatch(reference[2])
    for one in said.iter():
        if one.tag.removeprefix(NS) in TIMES:  # 3.3.2: UTC is -00:00
            assert not str(one.text).endswith(("Z", "+00:00"))
    assert [str(one.text) for one in said.iter(f"{NS}language")] in (["zh-CN"], ["en"], ["zh-CN", "en"])


@given(incidents)
def test_a_drill_and_a_test_are_never_actual(incident: Incident) -> None:
    status = text(ElementTree.fromstring(cap_alert(incident, area="x", sender="s", zone=ZONES[0])), "status")
    assert (status == "Actual") == (not (incident.drill or incident.test or incident.demo))


@given(st.lists(incidents, max_size=4), st.sampled_from(ZONES))
def test_a_feed_is_atom_with_one_message_an_entry(found: list[Incident], zone: ZoneInfo) -> None:
    alerts = [(one, cap_alert(one, area="x", sender="s", zone=zone)) for one in found]
    feed = ElementTree.fromstring(cap_feed(alerts, sender="s", at=AT, zone=zone).encode())
    atom = "{http://www.w3.org/2005/Atom}"
    assert [one.tag.removeprefix(atom) for one in feed][:4] == ["id", "title", "updated", "author"]
    entries = list(feed.iter(f"{atom}entry"))
    assert len(entries) == len(found)
    for entry in entries:
        assert [one.tag.removeprefix(atom) for one in entry] == ["id", "title", "updated", "content"]
        assert len(entry[3]) == 1


def check(element: ElementTree.Element, name: str, order: tuple[str, ...]) -> None:
    """Known names in order, those that must be there, once where once is all, with words of the lists."""
    found = names(element)
    assert found == sorted(found, key=order.index)
    assert set(MUST[name]) <= set(found)
    assert {one for one in found if found.count(one) > 1} <= MANY
    for child in element:
        tag, said = child.tag.removeprefix(NS), child.text or ""
        if tag in WORDS:
            assert said in WORDS[tag]
        if tag in TIMES:
            assert TIME.fullmatch(said)
        if tag == "language":
            assert LANGUAGE.fullmatch(said)


def names(element: ElementTree.Element) -> list[str]:
    assert all(one.tag.startswith(NS) for one in element)
    return [one.tag.removeprefix(NS) for one in element]


def text(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"{NS}{name}")
    assert found is not None
    return found.text or ""
