"""The end of a work permit: every detector that stood in the dust is uncovered and tried before anybody trusts it.

A covered detector protects nobody. So a permit that ends raises an alert for each detector of its rooms, which ends
when the detector has alarmed once since (a press of its test button is enough) or a person says that it was tried.
"""

from collections.abc import Iterable, Mapping

import msgspec

from shouwang.domain.alert import AlertClass
from shouwang.domain.journal import Entry
from shouwang.domain.place import Device, is_within
from shouwang.domain.rule import Rule
from shouwang.domain.standing import Change, Transition
from shouwang.domain.states import Is
from shouwang.domain.suppression import Hold, Tried
from shouwang.domain.vocabulary import DeviceId, Instant, Kind, Life, Severity

UNTRIED = Rule(
    id="permit-untried",
    title={"zh": "施工结束，探测器待复测", "en": "The work has ended, and the detector was not tried yet"},
    severity=Severity.MEDIUM,
    klass=AlertClass.SUPERVISORY,
    when=Is(metric="smoke", value=True),
    pack="permit",
    source={"zh": "被遮盖的探测器保护不了任何人", "en": "a covered detector protects nobody"},
)
"""Never judged on readings: raised by the end of a permit, cleared by a try."""

_AT_WORK = frozenset({Life.IN_SERVICE, Life.TEST, Life.MAINTENANCE})


def detectors_of(hold: Hold, devices: Iterable[Device], kinds: Mapping[DeviceId, Kind]) -> list[DeviceId]:
    """Smoke and heat detectors in its rooms, and those that it names. ``kinds``: of the devices, by their profiles."""
    return [
        device.id
        for device in devices
        if device.life in _AT_WORK
        and kinds.get(device.id) in (Kind.SMOKE, Kind.HEAT)
        and (device.id in hold.devices or any(is_within(device.place, place) for place in hold.places))
    ]


def tried_by(entries: Iterable[Entry], fires: Mapping[str, bool]) -> Entry | None:
    """The first entry in which a detector said smoke or heat, in a test or not. ``fires``: by alert, whether it is of
    class fire."""
    return next((entry for entry in entries if fires.get(entry.alert or "")), None)


def with_try(hold: Hold, device: DeviceId, tried: Tried) -> Hold:
    untried = [one for one in hold.untried if one != device]
    return msgspec.structs.replace(
        hold, untried=untried, tried={**hold.tried, device: tried}, revision=hold.revision + 1
    )


def untried(device: DeviceId, change: Change, at: Instant, hold: Hold) -> Transition:
    """What the end of a permit, or a try, says of a detector."""
    return Transition(
        rule=UNTRIED.id,
        subject=device,
        change=change,
        severity=UNTRIED.severity,
        at=at,
        sentence={
            "zh": f"许可 {hold.id} 已结束：请取下防尘罩，按一次测试键",
            "en": f"Permit {hold.id} has ended: take the cover off and press the test button once",
        },
    )
