"""Commissioning and tests of devices: what counts as a press, what the installer is told, when it may be signed off.

A device is commissioned from the moment somebody claims it until somebody signs for it; a test is the same with an end
of its own. Meanwhile its alarms are tests: they open no case, whoever began is told, and they are proof of life. It
counts as coverage only in service, and only while it is heard.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from shouwang.domain.errors import Conflict
from shouwang.domain.journal import Entry
from shouwang.domain.place import Device, Trial
from shouwang.domain.profile import Power, Profile
from shouwang.domain.standing import DeviceFacts, DeviceState, Newest
from shouwang.domain.vocabulary import (
    HOUR,
    LIFE_SAFETY_KINDS,
    METRICS,
    MINUTE,
    SECOND,
    DeviceId,
    Duration,
    Instant,
    Kind,
    Life,
    Reading,
    Scalar,
    Value,
)

HEARD = "device.heard"
PRESSED = "device.pressed"
"""Kinds of journal entries that intake writes of a device on trial."""

LONGEST_TEST: Duration = 8 * HOUR
"""A test that somebody forgets ends before the next shift does."""

_PRESSES = frozenset(
    {"test", "alarm", "water_leak", "action", "occupancy", "vibration"}
    | {name for name, metric in METRICS.items() if metric.life_safety}
)
"""Metrics that a press of a test button, or a hand before the sensor, makes true."""

_DEVICE_MOVES = frozenset({"contact", "valve_open"})
"""Metrics whose change is the test: a door is opened and closed."""


class Level(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    WEAK = "weak"
    UNKNOWN = "unknown"


_LEVEL_WORDS: Mapping[Level, dict[str, str]] = {
    Level.GOOD: {"zh": "信号良好", "en": "signal good"},
    Level.FAIR: {"zh": "信号一般", "en": "signal fair"},
    Level.WEAK: {"zh": "信号弱：换个位置，或加一个中继", "en": "signal weak: move it, or add a repeater"},
    Level.UNKNOWN: {"zh": "设备未报告信号", "en": "the device tells no signal"},
}


class Signal(Value, frozen=True, kw_only=True):
    level: Level
    words: dict[str, str]
    linkquality: float | None = None
    rssi: float | None = None
    snr: float | None = None


class Wait(Value, frozen=True, kw_only=True):
    """How long a device that says nothing may take until it speaks by itself; seconds None: for ever."""

    seconds: int | None
    words: dict[str, str]


class Standing(Value, frozen=True, kw_only=True):
    """How a trial stands. ``heard_after``: seconds from its beginning to the first message. ``missing``: what stands
    before a signature, by language; ``can_sign_off`` where nothing of it forbids one."""

    heard_at: Instant | None
    heard_after: float | None
    pressed_at: Instant | None
    pressed: dict[str, Scalar]
    missing: list[dict[str, str]]
    can_sign_off: bool


# What intake notes ----------------------------------------------------------------------------------------------------


def trial_entries(
    facts: DeviceFacts, before: DeviceState, readings: Sequence[Reading], received_at: Instant, now: Instant
) -> list[Entry]:
    """What the journal says of a message of a device on trial: that it was heard for the first time since, and that
    somebody pressed its button. ``before``: its state without the message."""
    since = facts.trial_at
    if since is None or facts.life not in (Life.COMMISSIONING, Life.TEST) or received_at < since:
        return []
    entries = []
    is_first = before.heard_at is None or before.heard_at < since
    if is_first:
        body: dict[str, object] = {"after": round((received_at - since) / SECOND, 3), "for": facts.trial_by}
        entries.append(_entry(HEARD, facts, now, body))
    said = pressed(before.values if not is_first else {}, readings, previous=before.values)
    if said:
        entries.append(_entry(PRESSED, facts, now, {"said": said, "for": facts.trial_by}))
    return entries


def pressed(
    values: Mapping[str, Newest], readings: Sequence[Reading], *, previous: Mapping[str, Newest] | None = None
) -> dict[str, Scalar]:
    """Of the readings those that a hand made: newly true, an occurrence, or a contact that moved. ``values``: what is
    held against them; ``previous``: all that was known, for what only moves."""
    known = values if previous is None else previous
    said: dict[str, Scalar] = {}
    for one in readings:
        key = f"{one.metric}@{one.part}" if one.part else one.metric
        newest, metric = values.get(key), METRICS[one.metric]
        if one.metric in _PRESSES and one.value not in (False, ""):
            if metric.momentary or newest is None or newest.value != one.value:
                said[one.metric] = one.value
        elif one.metric in _DEVICE_MOVES and key in known and known[key].value != one.value:
            said[one.metric] = one.value
    return said


# What the installer is told -------------------------------------------------------------------------------------------


def standing(device: Device, entries: Sequence[Entry], state: DeviceState) -> Standing:
    """``entries``: the device's journal since the trial began, in any order."""
    since = device.trial.at if device.trial else 0
    heard = min((one for one in entries if one.kind == HEARD), key=lambda one: one.at, default=None)
    press = max((one for one in entries if one.kind == PRESSED), key=lambda one: one.at, default=None)
    is_heard = state.heard_at is not None and state.heard_at >= since
    missing = []
    if not is_heard:
        missing.append({"zh": "开始调试以来还没有收到它的报文", "en": "nothing was heard of it since this began"})
    if press is None:
        missing.append({"zh": "还没有看到按下自检键", "en": "no press of its test button was seen"})
    after = heard.body.get("after") if heard else None
    said = press.body.get("said") if press else None
    return Standing(
        heard_at=state.heard_at if is_heard else None,
        heard_after=float(after) if isinstance(after, int | float) else None,
        pressed_at=press.at if press else None,
        pressed=dict(said) if isinstance(said, dict) else {},
        missing=missing,
        can_sign_off=is_heard and device.life is Life.COMMISSIONING,
    )


def signal_of(values: Mapping[str, Newest]) -> Signal:
    """From whatever the network tells, in words. LoRaWAN is judged by its signal-to-noise ratio: spreading factor 7
    needs −7.5 dB, 12 needs −20 dB (Semtech SX1272/73 data sheet, table 13); cellular and Wi-Fi by their level."""
    link, rssi, snr = (_number(values.get(name)) for name in ("linkquality", "rssi", "snr"))
    level = Level.UNKNOWN
    if link is not None:
        level = _grade(link, 80, 40)
    elif snr is not None:
        level = _grade(snr, -5, -12)
    elif rssi is not None:
        level = _grade(rssi, -75, -95)
    return Signal(level=level, words=dict(_LEVEL_WORDS[level]), linkquality=link, rssi=rssi, snr=snr)


def expected_wait(profile: Profile | None) -> Wait:
    """Sleeping radios (NB-IoT in PSM, LoRaWAN class A) answer nobody: they speak by their own clock, or if pressed."""
    longest = profile.longest_silence if profile else None
    if longest is None:
        words = {
            "zh": "该型号可能一直沉默：请按自检键",
            "en": "this model may be silent for ever: press its test button",
        }
        return Wait(seconds=None, words=words)
    zh, en = _span(longest)
    if profile is not None and profile.power in (Power.MAINS, Power.MAINS_WITH_BATTERY):
        words = {"zh": f"应在 {zh}内自己上报", "en": f"it should speak by itself within {en}"}
    else:
        words = {
            "zh": f"低功耗设备平时休眠（NB-IoT 为 PSM），最长 {zh}才上报；按自检键会立即唤醒它",
            "en": f"it sleeps to spare its battery (NB-IoT: PSM) and speaks at least every {en}; its button wakes it",
        }
    return Wait(seconds=longest // SECOND, words=words)


# What people decide ---------------------------------------------------------------------------------------------------


def commissioned(device: Device, *, by: str, now: Instant, anew: bool = False) -> Device:
    """Commissioning begins; one that goes on keeps its beginning unless ``anew``. Raises Conflict for a retired
    device."""
    if device.life is Life.RETIRED:
        raise Conflict(f"device {device.id} is retired; register the one on the wall instead")
    if device.life is Life.COMMISSIONING and device.trial is not None and not anew:
        return device
    return msgspec.structs.replace(device, life=Life.COMMISSIONING, trial=Trial(by=by, at=now))


def signed_off(device: Device, found: Standing) -> Device:
    """In service. Raises Conflict while it was never heard, or is not being commissioned."""
    if device.life is not Life.COMMISSIONING:
        raise Conflict(f"device {device.id} is {device.life}; only one that is being commissioned can be signed off")
    if not found.can_sign_off:
        raise Conflict(f"device {device.id} was not heard since its commissioning began; press its test button first")
    return msgspec.structs.replace(device, life=Life.IN_SERVICE, trial=None)


def under_test(device: Device, *, by: str, now: Instant, lasting: Duration, note: str = "") -> Device:
    """In test until then. A test that runs gets the new end. Raises Conflict for a device that is not in service."""
    if device.life not in (Life.IN_SERVICE, Life.TEST):
        raise Conflict(f"device {device.id} is {device.life}; only one that is in service can be tested")
    lasting = max(MINUTE, min(lasting, LONGEST_TEST))
    return msgspec.structs.replace(device, life=Life.TEST, trial=Trial(by=by, at=now, until=now + lasting, note=note))


def after_test(device: Device) -> Device:
    """Back to the life before. Raises Conflict where no test runs."""
    if device.life is not Life.TEST:
        raise Conflict(f"device {device.id} is {device.life}; no test runs")
    back = device.trial.back if device.trial else Life.IN_SERVICE
    return msgspec.structs.replace(device, life=back, trial=None)


def due_tests(devices: Mapping[DeviceId, Device], now: Instant) -> list[Device]:
    """Devices whose test has run out."""
    return [
        device
        for device in devices.values()
        if device.life is Life.TEST and device.trial is not None and (device.trial.until or now + 1) <= now
    ]


def retired(device: Device) -> Device:
    return msgspec.structs.replace(device, life=Life.RETIRED, trial=None)


def is_coverage(device: Device, kind: Kind, longest: Duration | None, heard_at: Instant | None, now: Instant) -> bool:
    """Whether somebody may count on it: of a kind that saves lives, in service, heard, and not for too long silent."""
    if kind not in LIFE_SAFETY_KINDS or device.life is not Life.IN_SERVICE or heard_at is None:
        return False
    return longest is None or now - heard_at <= longest


def _entry(kind: str, facts: DeviceFacts, now: Instant, body: dict[str, object]) -> Entry:
    return Entry(at=now, kind=kind, device=facts.device, place=facts.place, body=body)


def _number(newest: Newest | None) -> float | None:
    value = newest.value if newest else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _grade(value: float, good: float, fair: float) -> Level:
    return Level.GOOD if value >= good else Level.FAIR if value >= fair else Level.WEAK


def _span(longest: Duration) -> tuple[str, str]:
    if longest >= 2 * HOUR:
        return f"{longest / HOUR:g} 小时", f"{longest / HOUR:g} h"
    return f"{longest / MINUTE:g} 分钟", f"{longest / MINUTE:g} min"
