"""Whom an alarm at a place would reach at a moment, step by step, on which channels."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from shouwang.domain.alert import AlertClass
from shouwang.domain.community import Community
from shouwang.domain.duty import fallback_of, no_contact, resolve, usable
from shouwang.domain.escalation import Policy, choose_policy
from shouwang.domain.grouping import kind_of
from shouwang.domain.place import ancestors
from shouwang.domain.rule import CONSENT
from shouwang.domain.vocabulary import Instant, PersonId, PlaceId, Severity, Value


class Scenario(Value, frozen=True):
    """An alarm that coverage asks about. ``rule``: the one that raises it, where its policy goes by the rule; such a
    rule watches a person (居家关怀), so only homes that agreed to that are asked about."""

    klass: AlertClass
    severity: Severity
    rule: str = ""


SCENARIOS: Sequence[Scenario] = (
    Scenario(AlertClass.FIRE, Severity.CRITICAL),
    Scenario(AlertClass.GAS, Severity.CRITICAL),
    Scenario(AlertClass.EMERGENCY, Severity.CRITICAL),
    Scenario(AlertClass.WATER, Severity.HIGH),
    Scenario(AlertClass.FAULT, Severity.MEDIUM),
)
"""What coverage asks about everywhere."""

HOME_CARE: Sequence[Scenario] = (
    Scenario(AlertClass.WARNING, Severity.HIGH, "care-inactive-long"),
    Scenario(AlertClass.WARNING, Severity.MEDIUM, "care-inactive-day"),
)
"""What it also asks about homes that are watched over."""


class Called(Value, frozen=True):
    """A person with the channels on which they would be tried, in order. ``verified``: at least one is proven."""

    person: PersonId
    channels: list[str]
    verified: bool


class CoveredStep(Value, frozen=True, kw_only=True):
    """A step and whom it means at a moment; ``off``: whom it means without a contact that this installation has a
    channel for, who hear nothing; ``gaps``: targets that mean nobody, and why, and why those hear nothing."""

    index: int
    after: str
    unless: str | None
    when: str | None
    tell: list[str]
    people: list[Called]
    off: list[PersonId]
    gaps: list[str]


class Covered(Value, frozen=True, kw_only=True):
    """Whom an alarm of a class at a place would reach at a moment, step by step; ``fallback``: who hears of a gap."""

    klass: AlertClass
    severity: Severity
    rule: str
    place: PlaceId
    at: Instant
    policy: str
    steps: list[CoveredStep]
    fallback: PersonId | None


def who_would_be_told(
    community: Community, policies: Sequence[Policy], place: PlaceId, at: Instant, channels: Collection[str] = ()
) -> list[Covered]:
    """For each scenario, what would happen at ``place`` at that moment; tells nobody. ``channels``: names of those that
    this installation has; empty means that all count."""
    covered = []
    fallback = fallback_of(community, place)
    if fallback is not None and people_off(community, [fallback], channels):
        fallback = None
    for asked in (*SCENARIOS, *(HOME_CARE if is_watched_over(community, place) else ())):
        policy = policy_for(policies, community, place, asked)
        steps = []
        for index, step in enumerate(policy.steps):
            found = resolve(community, place, step.tell, at)
            off = people_off(community, found.people, channels)
            people = [
                _called(community, person, step.channels, channels) for person in found.people if person not in off
            ]
            steps.append(
                CoveredStep(
                    index=index,
                    after=step.after,
                    unless=step.unless,
                    when=step.when,
                    tell=list(step.tell),
                    people=people,
                    off=list(off),
                    gaps=[*found.gaps, *off.values()],
                )
            )
        covered.append(
            Covered(
                klass=asked.klass,
                severity=asked.severity,
                rule=asked.rule,
                place=place,
                at=at,
                policy=policy.id,
                steps=steps,
                fallback=fallback,
            )
        )
    return covered


def policy_for(policies: Sequence[Policy], community: Community, place: PlaceId, asked: Scenario) -> Policy:
    """The policy of a scenario at a place."""
    return choose_policy(
        policies,
        severity=asked.severity,
        klass=asked.klass,
        rule=asked.rule,
        kinds=(kind_of(place, community.places),),
        place=place,
    )


def people_off(community: Community, people: Iterable[PersonId], channels: Collection[str]) -> Mapping[PersonId, str]:
    """Those of these people of the directory who cannot be told here, and why."""
    known = [community.people[person] for person in people]
    return {person.id: no_contact(person) for person in known if not usable(person, channels)}


def homes_watched_over(community: Community) -> set[PlaceId]:
    """Places whose people agreed that rules watch how they live, by the tag of the place or of a device there."""
    return {
        *(place.id for place in community.places.values() if CONSENT in place.tags),
        *(device.place for device in community.devices.values() if CONSENT in device.tags),
    }


def is_watched_over(community: Community, place: PlaceId) -> bool:
    """It is such a place, or lies within one."""
    return not homes_watched_over(community).isdisjoint(ancestors(place))


def _called(
    community: Community, person: PersonId, preferred: Sequence[str] | None, channels: Collection[str]
) -> Called:
    contacts = usable(community.people[person], channels)
    ordered = sorted(contacts, key=lambda contact: preferred is not None and contact.kind not in preferred)
    return Called(person, [contact.kind for contact in ordered], any(contact.verified for contact in contacts))
