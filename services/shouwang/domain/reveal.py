"""Showing a name, a phone or a household to somebody who reads them masked: for a case, with a reason, one at a time.

Masked is the rule (GB/T 35273: display masking, least privilege); a life in danger is the exception (PIPL art. 13), and
this is its record: the case that justifies it, who looked, at whom, and why. Never what was shown.
"""

from collections.abc import Collection, Sequence

from shouwang.domain.community import Community
from shouwang.domain.errors import Conflict, Exhausted
from shouwang.domain.headcount import heads
from shouwang.domain.incident import Incident, IncidentState, is_live, people_in
from shouwang.domain.journal import Entry
from shouwang.domain.moment import rfc3339
from shouwang.domain.owed import Owed, owes
from shouwang.domain.vocabulary import DAY, Duration, Instant, PersonId, PlaceId, Value

REVEALED = "incident.revealed"

REVEALS_AT_MOST = 20
"""Different people and homes that one caller is shown for one case; looking again is free. The shipped policy of a fire
tells the holders of ten posts, and a floor has four to eight homes: whoever wants more is copying out a list, which is
an export and asks for ``Act.READ_NAMES``."""

JUSTIFIES_FOR: Duration = 30 * DAY
"""How long after its end a case that nobody closed still justifies: a visit 回访 is made on the next day, and tried
again for weeks. A case that everybody forgot to close is no key for good."""

_REMEDY = (
    "nothing was shown. Where somebody is in danger now, report that as an incident of its own and reveal for it; "
    "otherwise ask the desk, or an administrator, who read names"
)


class Asked(Value, frozen=True, kw_only=True):
    """Exactly one of ``person`` and ``place``, which is a home; ``reason``: in the caller's own words."""

    reason: str
    person: PersonId | None = None
    place: PlaceId | None = None

    @property
    def subject(self) -> dict[str, object]:
        """Whom or what, as the journal names it."""
        return {"person": self.person} if self.person is not None else {"place": self.place}


def plan_reveal(
    incident: Incident, asked: Asked, before: Sequence[Entry], *, actor: str, now: Instant
) -> tuple[Entry, int]:
    """What the journal says of it, to be kept before anything is shown, and how many more people and homes the actor
    may be shown for this case. ``before``: the actor's reveals for it so far. Raises Conflict where the case justifies
    nothing (any more), Exhausted where the actor has been shown as many as anybody is."""
    _refuse_unjustified(incident, asked, now)
    shown = {(one.body.get("person"), one.body.get("place")) for one in before}
    shown_then = shown | {(asked.person, asked.place)}
    if len(shown_then) > REVEALS_AT_MOST:
        raise Exhausted(
            f"{len(shown)} people and homes were revealed to you for incident {incident.id}, and more is a list, which "
            "only those who read names may have; nothing was shown. Ask the desk to call for you"
        )
    entry = Entry(
        at=now,
        kind=REVEALED,
        actor=actor,
        incident=incident.id,
        place=incident.place,
        body={"state": incident.state, **asked.subject, "reason": asked.reason},
    )
    return entry, REVEALS_AT_MOST - len(shown_then)


def is_named_in(incident: Incident, person: str, told: Collection[str]) -> bool:
    """The case has to do with this person already. ``told``: who was told of it."""
    return person in told or person in people_in(incident)


def is_home_of(incident: Incident, place: str, community: Community) -> bool:
    """One of the case's places, or a dwelling that is counted for it (the fire floor and above)."""
    return place in incident.places or any(head.place == place for head in heads(incident, community))


def _refuse_unjustified(incident: Incident, asked: Asked, now: Instant) -> None:
    if incident.is_of_trial:
        raise Conflict(f"incident {incident.id} only carries a device's test to whoever tries it; {_REMEDY}")
    if asked.place is not None and (incident.drill or incident.test):
        what = "drill" if incident.drill else "test"
        raise Conflict(f"incident {incident.id} is a {what}, for which no resident's data is shown; {_REMEDY}")
    if incident.state is IncidentState.CLOSED and not owes(incident, Owed.FOLLOW_UP):
        raise Conflict(
            f"incident {incident.id} is closed and owes no visit, so it justifies no look at anybody; {_REMEDY}"
        )
    over_at = None if is_live(incident.state) else incident.resolved_at
    if over_at is not None and now - over_at > JUSTIFIES_FOR:
        raise Conflict(
            f"incident {incident.id} was resolved on {rfc3339(over_at)}, more than {JUSTIFIES_FOR // DAY} days ago, "
            f"and justifies no look at anybody any more; {_REMEDY}"
        )
