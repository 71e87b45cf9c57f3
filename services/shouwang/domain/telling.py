"""Who would be told if a rule fired at this moment: the policy that would apply, and whom each step means now."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.duty import resolve
from shouwang.domain.escalation import Policy, choose_policy
from shouwang.domain.grouping import kind_of
from shouwang.domain.rule import Rule
from shouwang.domain.vocabulary import Instant, Kind, PersonId, Value


class ToldStep(Value, frozen=True, kw_only=True):
    """A step with the people whom its targets mean now, and which of them name nobody, and why."""

    index: int
    after: str
    unless: str | None
    when: str | None
    tell: list[str]
    people: list[PersonId]
    gaps: list[str]


class Told(Value, frozen=True, kw_only=True):
    """``policy`` empty: nobody is told, because ``why_nobody``."""

    policy: str = ""
    steps: list[ToldStep] = msgspec.field(default_factory=list)
    why_nobody: str = ""


def who_is_told(
    rule: Rule, kind: Kind | None, place: str, community: Community, policies: Sequence[Policy], now: Instant
) -> Told:
    """A dry run for an alert at ``place``; tells nobody."""
    if not rule.severity.opens_incident:
        return Told(why_nobody=f"an alert of severity {rule.severity} is a work item, not an incident")
    policy = choose_policy(
        policies,
        severity=rule.severity,
        klass=rule.klass,
        rule=rule.id,
        kinds=(kind, kind_of(place, community.places)),
        place=place,
    )
    steps = []
    for index, step in enumerate(policy.steps):
        found = resolve(community, place, step.tell, now)
        steps.append(
            ToldStep(
                index=index,
                after=step.after,
                unless=step.unless,
                when=step.when,
                tell=list(step.tell),
                people=found.people,
                gaps=found.gaps,
            )
        )
    return Told(policy=policy.id, steps=steps)


OWN_METRICS: Mapping[Kind, tuple[str, ...]] = {
    Kind.SMOKE: ("smoke",),
    Kind.HEAT: ("heat_alarm", "temperature"),
    Kind.GAS: ("gas", "gas_concentration", "gas_ppm"),
    Kind.CO: ("carbon_monoxide", "co_ppm"),
    Kind.LEAK: ("water_leak",),
    Kind.BUTTON: ("emergency", "action"),
    Kind.FALL: ("fall",),
    Kind.MOTION: ("occupancy",),
    Kind.DOOR: ("contact",),
    Kind.CLIMATE: ("temperature", "humidity"),
    Kind.PANEL: ("alarm", "smoke", "heat_alarm", "call_point"),
}
"""What a device of a kind is there to say."""


def foremost(rules: Iterable[Rule], kind: Kind | None, said: Collection[str]) -> list[Rule]:
    """Rules in scope of a device as they matter to it: those about what it is there to say, then about what else it
    says (``said``: metrics that its profile reads or that were heard), then about its silence; the worst of each first.
    What it never says comes last: a rule without a scope of kinds is in scope of everything. Of a device whose purpose
    nobody knows, what calls people comes first: its battery is not what it was hung up for."""
    own = frozenset(OWN_METRICS.get(kind, ())) if kind is not None else frozenset()

    def importance(rule: Rule) -> tuple[int, int, str]:
        asked = set(rule.metrics)
        if not own:
            is_heard = bool(asked & set(said)) and not rule.is_about_places
            return (0 if is_heard and rule.severity.opens_incident else 2), rule.severity.rank, rule.id
        if asked & own and not rule.is_about_places:
            nearness = 0
        elif asked & set(said) and not rule.is_about_places:
            nearness = 1
        elif not asked or asked & (own | set(said)):
            nearness = 2
        else:
            nearness = 3
        return nearness, rule.severity.rank, rule.id

    return sorted(rules, key=importance)
