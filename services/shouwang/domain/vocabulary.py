"""The words all else is said in: instants, severities, metrics, readings, arrivals."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NewType, TypeAlias

import msgspec

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z. An integer, so that rule timers are exact, rows compare the same on every
database, and no value can lack a time zone. Text and local time exist only at the rim (``domain/moment.py``)."""

Duration: TypeAlias = int
"""Microseconds."""

MILLISECOND: Duration = 1_000
SECOND: Duration = 1_000_000
MINUTE: Duration = 60 * SECOND
HOUR: Duration = 60 * MINUTE
DAY: Duration = 24 * HOUR

DeviceId = NewType("DeviceId", str)
"""A registered device's id, or, for a device that nobody registered, its address ``<family>:<identity>``."""
PersonId = NewType("PersonId", str)
PlaceId = NewType("PlaceId", str)
"""A path, ``chengjiang/dongmen/jinyuan/b3/u2/f5/501``; its prefixes are its ancestors."""
AlertId = NewType("AlertId", str)
IncidentId = NewType("IncidentId", str)
NoticeId = NewType("NoticeId", str)
DeliveryKey = NewType("DeliveryKey", str)

UNASSIGNED = PlaceId("unassigned")
"""Where a device stands that nobody registered; it belongs to the site's own fallback."""


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen value; equality by content."""


class Severity(StrEnum):
    """How bad, worst first. Critical is danger to life. Critical, high and medium open incidents; low and info are
    work items."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical up to 4 for info."""
        return _RANK[self]

    @property
    def opens_incident(self) -> bool:
        return self.rank <= 2


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Kind(StrEnum):
    """What a device is, from its profile."""

    SMOKE = "smoke"
    HEAT = "heat"
    GAS = "gas"
    CO = "co"
    LEAK = "leak"
    BUTTON = "button"
    FALL = "fall"
    MOTION = "motion"
    DOOR = "door"
    CLIMATE = "climate"
    SIREN = "siren"
    PANEL = "panel"
    GATEWAY = "gateway"
    METER = "meter"
    VALVE = "valve"
    OTHER = "other"


LIFE_SAFETY_KINDS = frozenset({Kind.SMOKE, Kind.HEAT, Kind.GAS, Kind.CO, Kind.BUTTON, Kind.FALL, Kind.PANEL})


class Life(StrEnum):
    """Where a device stands in its own life."""

    DISCOVERED = "discovered"
    COMMISSIONING = "commissioning"
    IN_SERVICE = "in_service"
    TEST = "test"
    MAINTENANCE = "maintenance"
    OUT_OF_SERVICE = "out_of_service"
    RETIRED = "retired"


Scalar: TypeAlias = bool | int | float | str
"""A reading's value. A bool is never a number: compare with ``same_value``."""


def same_value(left: object, right: object) -> bool:
    """Equality in which booleans never equal numbers (docs/rules.md), and 1 equals 1.0."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


class Metric(Value, frozen=True, kw_only=True):
    """One word of the closed vocabulary.

    ``type`` is bool, number or text; ``unit`` a UCUM code or empty; ``low``/``high`` the widest physically possible
    values: outside them the field is dropped as ``out_of_range``.
    ``momentary``: an occurrence, not a state. Its readings are never held against a later one.
    """

    type: str
    zh: str
    en: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    life_safety: bool = False
    momentary: bool = False


def _flag(zh: str, en: str, *, life_safety: bool = False, momentary: bool = False) -> Metric:
    return Metric(type="bool", zh=zh, en=en, life_safety=life_safety, momentary=momentary)


def _number(zh: str, en: str, unit: str, low: float | None, high: float | None) -> Metric:
    return Metric(type="number", zh=zh, en=en, unit=unit, low=low, high=high)


def _text(zh: str, en: str, *, momentary: bool = False) -> Metric:
    return Metric(type="text", zh=zh, en=en, momentary=momentary)


METRICS: Mapping[str, Metric] = {
    "smoke": _flag("烟雾", "smoke is detected", life_safety=True),
    "heat_alarm": _flag("感温报警", "the heat detector is in alarm", life_safety=True),
    "gas": _flag("燃气泄漏", "combustible gas is detected", life_safety=True),
    "carbon_monoxide": _flag("一氧化碳", "carbon monoxide is detected at an alarm level", life_safety=True),
    "water_leak": _flag("漏水", "water where none should be"),
    "emergency": _flag("紧急呼叫", "a person calls for help", life_safety=True, momentary=True),
    "action": _text(
        "按键",
        "what was done to a button: single, double, triple, hold, release, else the family's word",
        momentary=True,
    ),
    "fall": _flag("跌倒", "a person has fallen", life_safety=True),
    "occupancy": _flag("有人", "somebody is present or moves"),
    "contact": _flag("门磁闭合", "the contact is closed; false is open"),
    "vibration": _flag("震动", "vibration is felt"),
    "tamper": _flag("防拆", "the device was opened or taken off its base"),
    "test": _flag("自检", "the device's own test is running"),
    "silenced": _flag("本机静音", "the device was muted at itself; its detection may be off meanwhile"),
    "fault": _flag("故障", "the device says that it is broken"),
    "alarm": _flag("警报输出", "a siren sounds, or a device alarms without saying why"),
    "battery": _number("电量", "remaining battery", "%", 0, 100),
    "battery_low": _flag("低电量", "the battery is nearly empty"),
    "voltage": _number("电压", "battery or supply voltage", "V", 0, 1000),
    "temperature": _number("温度", "ambient temperature", "Cel", -90, 1300),
    "humidity": _number("湿度", "relative humidity", "%", 0, 100),
    "pressure": _number("气压", "atmospheric pressure", "hPa", 300, 1200),
    "illuminance": _number("照度", "illuminance", "lx", 0, 200_000),
    "co_ppm": _number("一氧化碳浓度", "carbon monoxide concentration", "[ppm]", 0, 10_000),
    "gas_ppm": _number("燃气浓度", "combustible gas concentration", "[ppm]", 0, 1_000_000),
    "gas_concentration": _number("燃气浓度 LEL", "share of the lower explosive limit", "%", 0, 100),
    "smoke_density": _number("烟雾浓度", "raw smoke density of the detector, no common scale", "", 0, None),
    "supply_status": _text("供电", "mains, battery, external or lost"),
    "linkquality": _number("链路质量", "Zigbee link quality", "", 0, 255),
    "rssi": _number("信号强度", "received signal strength", "dBm", -200, 30),
    "snr": _number("信噪比", "signal-to-noise ratio", "dB", -50, 60),
    "online": _flag("在线", "the family says that the device is reachable"),
    "call_point": _flag("手报", "a manual call point is pressed", life_safety=True),
    "hydrant_button": _flag("消火栓按钮", "a hydrant button is pressed", life_safety=True),
    "flow_switch": _flag("水流指示", "sprinkler water flows", life_safety=True),
    "pump_running": _flag("水泵运行", "a fire pump runs"),
    "linkage_auto": _flag("联动自动", "the panel's linkage is in automatic"),
    "mains": _flag("主电", "mains power is present"),
    "standby_power": _flag("备电", "standby power is healthy"),
    "point_disabled": _flag("屏蔽", "a point of the panel is disabled"),
    "supervisory": _flag("监管", "a supervised valve, pump or level is off normal"),
    "water_pressure": _number("水压", "water pressure", "kPa", 0, 10_000),
    "water_level": _number("液位", "water level", "m", 0, 320),
    "water_volume": _number("累计用水", "water meter total", "m3", 0, None),
    "energy": _number("累计用电", "electricity meter total", "kW.h", 0, None),
    "power": _number("功率", "active power", "W", -1_000_000, 1_000_000),
    "current": _number("电流", "current", "A", -10_000, 10_000),
    "residual_current": _number("剩余电流", "residual current", "mA", 0, 100_000),
    "valve_open": _flag("阀门开启", "a valve is open"),
}
"""The closed vocabulary. A word that is not here is refused by ``shouwang check`` and never stored."""


class Reading(Value, frozen=True, gc=False):
    """One metric of one device at one instant. Unit: that of ``METRICS[metric]``."""

    device: DeviceId
    metric: str
    value: Scalar
    measured_at: Instant
    received_at: Instant
    part: str = ""
    """Probe, channel or loop; empty for most devices."""
    late: bool = False
    """Older than the newest of its metric when it arrived: may raise, never clears."""


class Evidence(Value, frozen=True, gc=False):
    """One reading that decided: what was found, when measured."""

    metric: str
    value: Scalar
    measured_at: Instant
    part: str = ""


class Arrival(Value, frozen=True, gc=False):
    """One PUBLISH as the broker handed it over, not yet acknowledged."""

    topic: str
    payload: bytes
    received_at: Instant
    retained: bool = False
    duplicate: bool = False
    """The DUP flag (MQTT 5 section 3.3.1.1)."""
    qos: int = 1
    packet_id: int = 0
    session: str = ""
    """Client id and session; with ``packet_id`` it tells the broker's own redelivery."""


class Problem(StrEnum):
    """Why a message could not be read. The codes of ``shouwang decode`` and of the quarantine."""

    INVALID_JSON = "invalid_json"
    INVALID_UTF8 = "invalid_utf8"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_MODEL = "unknown_model"
    NO_IDENTITY = "no_identity"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    CODEC_ERROR = "codec_error"
    CODEC_TIMEOUT = "codec_timeout"
    TRUNCATED = "truncated"
    UNDECLARED_ALIAS = "undeclared_alias"


class Refusal(Value, frozen=True, gc=False):
    """A problem and its detail, in one sentence: what was found, what was expected."""

    code: Problem
    detail: str
