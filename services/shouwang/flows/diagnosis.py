"""What a doctor's look finds: whatever would lose or delay an alarm here, what that means, and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import assert_never

from shouwang.domain.community import Community
from shouwang.domain.duty import is_reachable, zone_of
from shouwang.domain.profile import Profile
from shouwang.domain.pulse import ChannelState, Fare, cut_off
from shouwang.domain.standing import DeviceState
from shouwang.domain.vocabulary import HOUR, LIFE_SAFETY_KINDS, MINUTE, SECOND, DeviceId, Instant, Life, Value

LEAST_FREE_BYTES = 2 * 1024**3
"""Below this the spool has no room for a reading store that is away over a weekend."""

LONGEST_CANARY = MINUTE
LONGEST_SPOOL = HOUR
LONGEST_UNLOOKED = 15 * MINUTE
NAMED = 5


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


class Symptom(Value, frozen=True):
    """One finding: what was found and what it means for safety, and what to do; nothing to do where all is well."""

    level: Level
    about: str
    found: str
    act: str = ""


class Examination(Value, frozen=True, kw_only=True):
    """Everything that was looked at. ``broker_problem`` / ``state_problem``: empty where they answer. ``proven_at``:
    when the chain was last proven, None for never."""

    community: Community
    profiles: Mapping[str, Profile]
    states: Mapping[DeviceId, DeviceState]
    now: Instant
    broker_problem: str = ""
    broker_warning: str = ""
    proven_at: Instant | None = None
    spool_oldest: Instant | None = None
    free_bytes: int = 0
    site_fallback: str | None = None
    public_url: str = ""
    link_problem: str = ""
    channels: Mapping[str, Fare] = {}
    channels_at: Instant | None = None
    """When the service noted how the channels stand, None for never."""


def diagnose(seen: Examination) -> list[Symptom]:
    """All findings, what is well among them, in the order of an alarm's way."""
    return [
        *_broker(seen),
        *_chain(seen),
        *_spool(seen),
        *_disk(seen),
        *_fallback(seen),
        *_people(seen),
        *_channels(seen),
        *_zones(seen),
        *_devices(seen),
        *_links(seen),
    ]


def _broker(seen: Examination) -> Iterator[Symptom]:
    if seen.broker_problem:
        yield Symptom(
            Level.FAILURE, "broker", f"no alarm comes in: {seen.broker_problem}", "start it, or correct --broker"
        )
    elif seen.broker_warning:
        yield Symptom(Level.WARNING, "broker", seen.broker_warning, "install Mosquitto: apt install mosquitto")
    else:
        yield Symptom(Level.OK, "broker", "answers")


def _chain(seen: Examination) -> Iterator[Symptom]:
    if seen.proven_at is None:
        yield Symptom(Level.FAILURE, "chain", "no probe ever came through broker and intake", "start shouwang run")
    elif seen.now - seen.proven_at > LONGEST_CANARY:
        age = (seen.now - seen.proven_at) // SECOND
        yield Symptom(
            Level.FAILURE, "chain", f"last proven {age} s ago: alarms since then may wait", "see the service's log"
        )
    else:
        yield Symptom(Level.OK, "chain", f"proven {(seen.now - seen.proven_at) // SECOND} s ago")


def _spool(seen: Examination) -> Iterator[Symptom]:
    if seen.spool_oldest is not None and seen.now - seen.spool_oldest > LONGEST_SPOOL:
        hours = (seen.now - seen.spool_oldest) // HOUR
        yield Symptom(
            Level.WARNING,
            "reading store",
            f"readings have waited {hours} h for it; alarms do not wait, histories have a gap until it is back",
            "see whether the reading store runs and has room",
        )
    else:
        yield Symptom(Level.OK, "reading store", "takes what is shipped")


def _disk(seen: Examination) -> Iterator[Symptom]:
    gigabytes = seen.free_bytes / 1024**3
    if seen.free_bytes < LEAST_FREE_BYTES:
        yield Symptom(
            Level.FAILURE,
            "disk",
            f"{gigabytes:.1f} GB free: a full disk means that nothing can be accepted",
            "make room, or move data_dir to a larger disk",
        )
    else:
        yield Symptom(Level.OK, "disk", f"{gigabytes:.0f} GB free")


def _fallback(seen: Examination) -> Iterator[Symptom]:
    fallback = seen.community.site.fallback or seen.site_fallback
    if fallback is None or fallback not in seen.community.people:
        yield Symptom(
            Level.FAILURE,
            "site fallback",
            "nobody is told where nobody is on duty, nor of devices that nobody registered",
            "name a person: site.fallback in the community file, or the setting site_fallback",
        )
    elif not is_reachable(seen.community, fallback):
        yield Symptom(
            Level.FAILURE, "site fallback", f"{fallback} has no way to be reached", "give this person a channel"
        )
    else:
        yield Symptom(Level.OK, "site fallback", fallback)


def _people(seen: Examination) -> Iterator[Symptom]:
    answerable = {holder.person for holder in seen.community.posts}
    for zone in seen.community.zones.values():
        answerable.update(zone.members)
    mute = sorted(person for person in answerable if not is_reachable(seen.community, person))
    if mute:
        yield Symptom(
            Level.WARNING, "people", f"{_named(mute)} answer for places and cannot be told", "give them a channel"
        )
    unproven = sorted(
        person
        for person in answerable
        if (known := seen.community.people.get(person))
        and known.channels
        and not any(c.verified for c in known.channels)
    )
    if unproven:
        yield Symptom(
            Level.WARNING,
            "people",
            f"no contact of {_named(unproven)} was ever verified: they are told, but do not count as coverage",
            "send each a test message and mark the contact verified",
        )


def _channels(seen: Examination) -> Iterator[Symptom]:
    if seen.channels_at is None or seen.now - seen.channels_at > LONGEST_UNLOOKED:
        found = "not looked at while the service does not run"
        yield Symptom(Level.WARNING, "channels", found, "start shouwang run, and ask again after a minute")
        return
    used = {name: fare for name, fare in seen.channels.items() if fare.used}
    answerable = {holder.person for holder in seen.community.posts}
    for zone in seen.community.zones.values():
        answerable.update(zone.members)
    if lost := cut_off(seen.community, seen.channels, answerable):
        yield Symptom(
            Level.FAILURE,
            "channels",
            f"no message reaches {_named(lost)} now: all their contacts are on channels that fail or are not set up",
            "mend the channel, or give them another contact",
        )
    for name, fare in sorted(used.items()):
        match fare.state:
            case ChannelState.FAILING:
                minutes = (seen.now - (seen.now if fare.since is None else fare.since)) // MINUTE
                found = f"{name} has failed for {minutes} min ({fare.reason})" + (
                    f": {fare.detail}" if fare.detail else ""
                )
                yield Symptom(Level.WARNING, "channels", found, "see docs/channels.md, Failures")
            case ChannelState.OFF:
                found = f"{name} is not set up here, and somebody's contact names it"
                yield Symptom(Level.WARNING, "channels", found, "set it up (docs/channels.md), or change the contact")
            case ChannelState.UNPROVEN:
                found = f"{name} is unproven: nothing went through since the service started"
                yield Symptom(Level.WARNING, "channels", found, "send a test: a check of contacts, or a drill")
            case ChannelState.ALIVE:
                yield Symptom(Level.OK, "channels", f"{name} is alive")
            case _:
                assert_never(fare.state)


def _zones(seen: Examination) -> Iterator[Symptom]:
    bare = sorted(
        {device.place for device in seen.community.devices.values() if zone_of(seen.community, device.place) is None}
    )
    if bare:
        yield Symptom(
            Level.WARNING, "duty zones", f"{_named(bare)} lie in no party zone", "put them into a zone's places"
        )
    elif seen.community.devices:
        yield Symptom(Level.OK, "duty zones", "every device stands in one")


def _devices(seen: Examination) -> Iterator[Symptom]:
    guarding = {
        id: device
        for id, device in seen.community.devices.items()
        if (profile := seen.profiles.get(device.profile))
        and profile.kind in LIFE_SAFETY_KINDS
        and device.life is Life.IN_SERVICE
    }
    unread = sorted(id for id, device in seen.community.devices.items() if device.profile not in seen.profiles)
    if unread:
        yield Symptom(Level.FAILURE, "devices", f"{_named(unread)} have a profile that is not here", "add the profile")
    silent = sorted(id for id in guarding if (state := seen.states.get(id)) is None or state.heard_at is None)
    if silent:
        yield Symptom(
            Level.WARNING, "devices", f"{_named(silent)} guard lives and were never heard", "press their test button"
        )
    unsure = sorted(id for id in guarding if (state := seen.states.get(id)) is not None and state.qos0)
    if unsure:
        yield Symptom(
            Level.WARNING,
            "devices",
            f"{_named(unsure)} are heard at QoS 0: an alarm is lost if the broker or its link fails at that moment",
            "set the sender to QoS 1 (Zigbee2MQTT: device option qos: 1)",
        )


def _links(seen: Examination) -> Iterator[Symptom]:
    if not seen.public_url:
        yield Symptom(
            Level.WARNING, "public address", "messages carry no link: people answer at the console", "set public_url"
        )
    elif seen.link_problem:
        yield Symptom(
            Level.WARNING,
            "public address",
            f"does not lead here: {seen.link_problem}; messages carry no link, people answer at the console",
            "point it (name, proxy, port) at this service, or correct public_url",
        )
    else:
        yield Symptom(Level.OK, "public address", f"{seen.public_url} leads here")


def _named(items: Sequence[str]) -> str:
    more = len(items) - NAMED
    return ", ".join(items[:NAMED]) + (f" and {more} more" if more > 0 else "")
