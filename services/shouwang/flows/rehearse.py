"""Simulated devices: what a quiet device says, what it says when something happens, and the scenes of the demo.

They speak the families' own words on the families' own topics, so that a rehearsal runs the true chain from the broker
to the phone. Everything here is (device, turn) → message; who publishes it is the caller's business.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from shouwang.domain.community import Community
from shouwang.domain.place import Device
from shouwang.domain.vocabulary import Kind, Value


class Spoken(Value, frozen=True):
    """One message of a simulated device."""

    topic: str
    payload: bytes
    retain: bool = False


class Scene(Value, frozen=True, kw_only=True):
    """Something that a visitor of the demo may cause with one press."""

    id: str
    title: dict[str, str]
    messages: list[Spoken]


_CALM: Mapping[Kind, Mapping[str, object]] = {
    Kind.SMOKE: {"smoke": False, "test": False, "tamper": False, "battery_low": False},
    Kind.HEAT: {"temperature": 24.0, "battery_low": False},
    Kind.GAS: {"gas": False, "tamper": False},
    Kind.CO: {"carbon_monoxide": False, "battery_low": False},
    Kind.LEAK: {"water_leak": False, "battery_low": False},
    Kind.BUTTON: {"battery_low": False},
    Kind.DOOR: {"contact": True},
    Kind.MOTION: {"occupancy": False},
    Kind.CLIMATE: {"temperature": 22.0, "humidity": 48.0},
}

_ALARM: Mapping[Kind, Mapping[str, object]] = {
    Kind.SMOKE: {"smoke": True, "test": False},
    Kind.GAS: {"gas": True},
    Kind.CO: {"carbon_monoxide": True},
    Kind.LEAK: {"water_leak": True},
    Kind.BUTTON: {"action": "emergency"},
}

_SCENES: Sequence[tuple[str, Kind, str, str]] = (
    ("smoke", Kind.SMOKE, "烟雾报警", "smoke alarm"),
    ("gas", Kind.GAS, "燃气报警", "gas alarm"),
    ("emergency", Kind.BUTTON, "紧急按钮", "emergency button"),
    ("leak", Kind.LEAK, "漏水", "water leak"),
)


def calm_message(device: Device, kind: Kind, turn: int) -> Spoken:
    """What the device reports when nothing happens; ``turn`` moves its battery, link and temperature a little."""
    wobble = (turn * 7 + sum(device.id.encode())) % 11
    said = {**_CALM.get(kind, {}), "battery": 100 - wobble, "linkquality": 90 + wobble * 5}
    temperature = said.get("temperature")
    if isinstance(temperature, float):
        said["temperature"] = round(temperature + wobble / 10, 1)
    return _spoken(device, said)


def alarm_message(device: Device, kind: Kind, turn: int = 0) -> Spoken | None:
    """What it reports in alarm; None for a kind that has none."""
    alarm = _ALARM.get(kind)
    if alarm is None:
        return None
    return _spoken(device, {**_CALM.get(kind, {}), **alarm, "battery": 90, "linkquality": 120 + turn % 50})


def scenes(community: Community, kinds: Mapping[str, Kind]) -> list[Scene]:
    """The demo's presses: of each kind the device that stands highest in the compound. ``kinds`` by profile."""
    return list(_scenes(community, kinds))


def _scenes(community: Community, kinds: Mapping[str, Kind]) -> Iterator[Scene]:
    for id, kind, zh, en in _SCENES:
        devices = [device for device in community.devices.values() if kinds.get(device.profile) is kind]
        if not devices:
            continue
        device = max(devices, key=lambda one: (one.place.count("/"), one.place))
        message = alarm_message(device, kind)
        if message is not None:
            room = "-".join(part.lstrip("buf") for part in device.place.split("/")[-4:] if not part.startswith("f"))
            yield Scene(id=id, title={"zh": f"{room} {zh}", "en": f"{room} {en}"}, messages=[message])


def _spoken(device: Device, said: Mapping[str, object]) -> Spoken:
    family, _, identity = device.address.partition(":")
    if family == "native":
        body = {"readings": said}
        return Spoken(f"shouwang/v1/devices/{identity}/readings", msgspec.json.encode(body))
    return Spoken(f"{family}/{identity}", msgspec.json.encode(said))
