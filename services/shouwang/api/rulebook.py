"""What the service knows before any message comes: device profiles and alert rules, as they were loaded."""

from typing import Annotated

from fastapi import APIRouter, Query

from shouwang.domain.access import Act
from shouwang.domain.catalogue import is_called
from shouwang.domain.profile import Profile
from shouwang.domain.rule import Rule
from shouwang.domain.standing import DeviceFacts, DeviceState
from shouwang.domain.telling import foremost
from shouwang.domain.vocabulary import SECOND
from shouwang.domain.wording import asked_words

from .access import Caller, allow
from .devices import registered_device
from .doors import TheWindow, Window
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .problems import not_found
from .sheets import ProfileOut, RuleOut

router = APIRouter(tags=["rulebook"])


@router.get("/profiles")
def list_profiles(
    window: TheWindow,
    caller: Caller,
    q: Annotated[str, Query(max_length=100, description="Words of its names, in any case.")] = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[ProfileOut]:
    """设备型号库, in order of their ids; with ``q`` those whose names have all of its words."""
    allow(caller, Act.READ)
    found = [one for one in window.profiles().items() if is_called(*one, q)]
    page, following = cut_by_name(found, limit, cursor, lambda one: one[0])
    return Page(items=[_profile_out(id, profile) for id, profile in page], next=following)


@router.get("/profiles/{profile_id}")
def get_profile(window: TheWindow, caller: Caller, profile_id: str) -> ProfileOut:
    allow(caller, Act.READ)
    profile = window.profiles().get(profile_id)
    if profile is None:
        raise not_found("profile", profile_id)
    return _profile_out(profile_id, profile)


@router.get("/rules")
def list_rules(
    window: TheWindow,
    caller: Caller,
    device: Annotated[str | None, Query(max_length=300, description="Only those in scope of this device.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> Page[RuleOut]:
    """规则, in order of their ids. Those of a `device` come all at once, what it is there to say first."""
    allow(caller, Act.READ)
    if device is not None:
        known = registered_device(window.directory.community(), caller, device)
        return Page(items=[rule_out(one) for one in rules_of(window, window.world().facts(known.id))], next=None)
    page, following = cut_by_name(window.rules(), limit, cursor, lambda one: f"{one.id}|{one.where}")
    return Page(items=[rule_out(one) for one in page], next=following)


def rules_of(window: Window, facts: DeviceFacts) -> list[Rule]:
    """The rules in scope of a device, the foremost first."""
    known = window.directory.community().devices.get(facts.device)
    profile = window.profiles().get(known.profile) if known is not None else None
    heard = window.board.states([facts.device]).get(facts.device, DeviceState()).values
    said = {*(profile.readings if profile is not None else ()), *(key.partition("@")[0] for key in heard)}
    rules = [one.rule for one in window.world().book.for_facts(facts).rules.values()]
    return foremost(rules, facts.kind, said)


def _profile_out(id: str, profile: Profile) -> ProfileOut:
    longest = profile.longest_silence
    return ProfileOut(
        id=id,
        kind=profile.kind,
        title=profile.title,
        vendor=profile.vendor,
        model=profile.model,
        longest_silence=longest // SECOND if longest is not None else None,
    )


def rule_out(rule: Rule) -> RuleOut:
    """As the wire shows it."""
    scope = {
        "kinds": [kind.value for kind in rule.scope.kinds],
        "tags": list(rule.scope.tags),
        "places": list(rule.scope.places),
        "devices": list(rule.scope.devices),
    }
    return RuleOut(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        klass=rule.klass.value,
        latching=rule.latching,
        scope={key: value for key, value in scope.items() if value},
        metrics=list(rule.metrics),
        asks=dict(zip(("zh", "en"), asked_words(rule.when), strict=True)),
        pack=rule.pack,
        version=rule.version,
        source=rule.source,
    )
