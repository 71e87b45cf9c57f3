"""Who may do what where: roles, what each may do, and the one function that decides.

A place-scoped caller sees that subtree and nothing outside it; what has no place (a quarantined message, the journal of
the system itself) is for callers of the whole site, and for installers, whose work is to give it one.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from shouwang.domain.place import is_within
from shouwang.domain.vocabulary import Instant, PersonId, PlaceId, Value


class Role(StrEnum):
    ADMIN = "admin"
    OPERATOR = "operator"
    RESPONDER = "responder"
    INSTALLER = "installer"
    VIEWER = "viewer"
    AUDITOR = "auditor"


class Act(StrEnum):
    """What a caller asks to do."""

    READ = "read"
    """See alerts, incidents, devices, readings, and the directory without names."""
    RESPOND = "respond"
    """Every act of a person on an alert or an incident."""
    READ_NAMES = "read_names"
    """See names and phones unmasked."""
    READ_STRAYS = "read_strays"
    """See quarantine and discovered devices: raw messages that belong to no place yet."""
    READ_JOURNAL = "read_journal"
    DRILL = "drill"
    """Begin and end drills and duty checks, and send test messages to people."""
    HOLD = "hold"
    """Silence, shelve, put under maintenance, give a work permit: change how alerts are told, for a time."""
    CHANGE_DUTIES = "change_duties"
    """Rosters, overrides, leave of others."""
    CHANGE_DEVICES = "change_devices"
    CHANGE_RULES = "change_rules"
    CARRY_COMMUNITY = "carry_community"
    """Bring in, or take away, the whole directory as a file, with names, phones and secrets."""
    MANAGE_ACCESS = "manage_access"
    """Users, their sessions, tokens: who may come in and as what."""
    READ_SETTINGS = "read_settings"
    """See how the service is set up; secrets are shown to nobody."""


ROLE_ACTS: Mapping[Role, frozenset[Act]] = {
    Role.ADMIN: frozenset(Act),
    Role.OPERATOR: frozenset(Act)
    - {Act.CHANGE_DEVICES, Act.CHANGE_RULES, Act.CARRY_COMMUNITY, Act.MANAGE_ACCESS, Act.READ_SETTINGS},
    Role.RESPONDER: frozenset({Act.READ, Act.RESPOND}),
    Role.INSTALLER: frozenset({Act.READ, Act.READ_STRAYS, Act.CHANGE_DEVICES}),
    Role.VIEWER: frozenset({Act.READ}),
    Role.AUDITOR: frozenset({Act.READ, Act.READ_STRAYS, Act.READ_JOURNAL}),
}


class Principal(Value, frozen=True, kw_only=True):
    """Who is calling: a token, under its name. ``place``: the subtree it is confined to, None for the whole site.
    ``person``: whom of the directory it stands for, where it does."""

    id: str
    name: str
    role: Role
    place: PlaceId | None = None
    person: PersonId | None = None

    @property
    def actor(self) -> str:
        """How the journal calls it: the person it stands for, else its own name."""
        return self.person or self.name


class Account(Value, frozen=True, kw_only=True):
    """A user. ``sessions``: browsers that are signed in; ``signed_in_at``: the newest of them."""

    who: Principal
    created_at: Instant
    sessions: int
    signed_in_at: Instant | None


class Bearer(Value, frozen=True, kw_only=True):
    """A live token, without its text, which is kept nowhere."""

    who: Principal
    created_at: Instant
    expires_at: Instant | None


def may(principal: Principal, act: Act, place: str | None = None) -> bool:
    """True where the principal may do this there. ``place`` None asks for something that has no place, or for a whole
    collection whose items are judged one by one."""
    if act not in ROLE_ACTS[principal.role]:
        return False
    return place is None or principal.place is None or is_within(place, principal.place)


def may_on_site(principal: Principal, act: Act) -> bool:
    """For what belongs to the whole site, as its users and settings do: nobody confined to a place may."""
    return principal.place is None and may(principal, act)


def may_over(principal: Principal, act: Act, places: Collection[str]) -> bool:
    """For what belongs to several places, as a roster and a person do (domain/belonging.py): all of them must lie in
    the caller's. What belongs to none is the whole site's."""
    return all(may(principal, act, place) for place in places) if places else may_on_site(principal, act)


def may_read_strays(principal: Principal) -> bool:
    """What belongs to no place yet: for callers of the whole site, and for those whose work is to give it one."""
    return may(principal, Act.READ_STRAYS) and (principal.place is None or may(principal, Act.CHANGE_DEVICES))


def is_chief(principal: Principal) -> bool:
    """An administrator of the whole site. There is always one, or nobody could make another."""
    return principal.role is Role.ADMIN and principal.place is None
