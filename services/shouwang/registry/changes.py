"""What applying a community would change: a pure comparison of what is and what is wanted."""

import msgspec

from shouwang.domain.community import Community, Configured, identity, rows
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import Value


class Difference(Value, frozen=True):
    """One row: ``added``, ``changed`` (with the fields that differ, never their content) or ``removed``."""

    how: str
    kind: str
    id: str
    fields: list[str] = msgspec.field(default_factory=list)

    def __str__(self) -> str:
        sign = {"added": "+", "changed": "~", "removed": "-"}[self.how]
        return f"{sign} {self.kind} {self.id}" + (f" ({', '.join(self.fields)})" if self.fields else "")


class Plan(Value, frozen=True):
    """``put`` and ``remove`` are what ``Directory.change`` takes; ``order`` the ids of all policies as they are matched
    afterwards, None where that stays."""

    put: list[Configured]
    remove: list[tuple[str, str]]
    order: list[str] | None
    summary: list[Difference]

    @property
    def is_empty(self) -> bool:
        return not self.put and not self.remove and self.order is None


def plan_apply(current: Community, wanted: Community, *, prune: bool, has_site: bool = True) -> Plan:
    """Adds what is new, replaces what differs, and with ``prune`` ends what the wanted community does not hold.

    The wanted policies are matched first and in their order; policies that stay although the file does not name them
    come after. ``has_site``: the file says something of the site; else the site stays as it is.
    """
    old = {identity(value): value for value in rows(current)}
    new = {identity(value): _kept_on_trial(value, current) for value in rows(wanted)}
    if has_site:
        old[identity(current.site)], new[identity(wanted.site)] = current.site, wanted.site
    differing = {name: value for name, value in new.items() if value != old.get(name)}
    gone = [name for name in old if name not in new] if prune else []
    return Plan(
        put=list(differing.values()),
        remove=gone,
        order=_order(current, wanted, prune=prune),
        summary=[
            *(_difference(name, old.get(name), value) for name, value in differing.items()),
            *(Difference("removed", kind, id) for kind, id in gone),
        ],
    )


def guard_new(current: Community, wanted: Community) -> Community:
    """The wanted community, where contacts that nobody has yet are guarded: whoever sends a file from afar may not make
    the service call addresses within its own network."""
    people = {}
    for id, person in wanted.people.items():
        known = current.people.get(id)
        held = known.channels if known else []
        channels = [
            one if one in held or not one.url else msgspec.structs.replace(one, guarded=True) for one in person.channels
        ]
        people[id] = msgspec.structs.replace(person, channels=channels)
    return msgspec.structs.replace(wanted, people=people)


def _kept_on_trial(value: Configured, current: Community) -> Configured:
    """A file that leaves a device in its life does not end what somebody is doing with it."""
    known = current.devices.get(value.id) if isinstance(value, Device) else None
    if not isinstance(value, Device) or known is None or known.life is not value.life or value.trial is not None:
        return value
    return msgspec.structs.replace(value, trial=known.trial)


def _order(current: Community, wanted: Community, *, prune: bool) -> list[str] | None:
    named = [policy.id for policy in wanted.policies]
    kept = [] if prune else [policy.id for policy in current.policies if policy.id not in set(named)]
    after = [*named, *kept]
    return None if after == [policy.id for policy in current.policies] else after


def _difference(name: tuple[str, str], old: Configured | None, new: Configured) -> Difference:
    kind, id = name
    if old is None:
        return Difference("added", kind, id)
    return Difference(
        "changed", kind, id, [field for field in new.__struct_fields__ if getattr(old, field) != getattr(new, field)]
    )
