"""The alarm of a device under test, told to whoever tests it: one message a test, to that person alone.

A message belongs to an incident. This one is over before it begins: nothing of it escalates, nobody else hears of it,
no alarm ever joins it, and no figure counts it (it is marked as a test).
"""

import hashlib

from shouwang.domain.alert import Alert
from shouwang.domain.climbing import Changed
from shouwang.domain.community import Community
from shouwang.domain.draft import Draft
from shouwang.domain.escalation import Policy
from shouwang.domain.incident import TRIAL, Incident, IncidentState, Outcome
from shouwang.domain.notice import Why
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.vocabulary import IncidentId, Instant, PersonId

NOT_BY_MESSAGE = frozenset({"console"})
"""Contacts that are no message: whoever tests looks at the page anyway."""


def trial_incident(facts: DeviceFacts) -> IncidentId:
    """Of one device and one test: the same for each of its alarms, so that the first of them is told and no other."""
    digest = hashlib.blake2b(facts.device.encode(), digest_size=6).hexdigest()
    return IncidentId(f"it{max(facts.trial_at or 0, 0):014x}-{digest}")


def tester(facts: DeviceFacts, alert: Alert, community: Community) -> PersonId | None:
    """Who is told of an alarm of a device under test; None where it is nobody of the directory, or one whom no message
    reaches, or where the alarm is no news or would call nobody."""
    person = community.people.get(PersonId(facts.trial_by)) if facts.trial_at is not None else None
    if person is None or not alert.severity.opens_incident or alert.late:
        return None
    return person.id if any(contact.kind not in NOT_BY_MESSAGE for contact in person.channels) else None


def plan_trial_message(
    facts: DeviceFacts, alert: Alert, person: PersonId, community: Community, now: Instant
) -> Changed:
    """The incident that carries the message, closed, and the notice to the person."""
    incident = Incident(
        id=trial_incident(facts),
        group=f"{TRIAL}:{facts.device}:{facts.trial_at}",
        klass=alert.klass,
        state=IncidentState.CLOSED,
        severity=alert.severity,
        title=alert.title,
        place=alert.place,
        places=[alert.place],
        devices=[facts.device],
        alerts=[alert.id],
        rules=[alert.rule],
        opened_at=now,
        policy=Policy(id=TRIAL, title={"zh": "设备测试", "en": "Test of a device"}, steps=[]),
        resolved_at=now,
        resolved_by=person,
        closed_at=now,
        closed_by=person,
        outcome=Outcome.TEST,
        test=True,
        demo=community.site.demo,
        revision=0,
    )
    draft = Draft(incident, now, person)
    draft.record("incident.closed", alert=alert.id, device=facts.device, outcome=Outcome.TEST)
    draft.tell(Why.TEST, [f"person:{person}"], alert=alert.id)
    return draft.done()
