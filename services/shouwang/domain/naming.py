"""What a point measures, by the name that people gave it: ``mq2_gas``, ``Kitchen smoke``, ``烟感``.

For families in which each installation makes its own names (ESPHome, Home Assistant discovery, Homie). What a name does
not say for certain is no reading: a point called ``alarm`` may be a detection, a setting or a status.
"""

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from shouwang.domain.unit import conversion
from shouwang.domain.vocabulary import METRICS, Scalar, Value


class Say(StrEnum):
    """What sort of value a point has."""

    FLAG = "flag"
    NUMBER = "number"
    TEXT = "text"


class Meaning(Value, frozen=True):
    metric: str
    unit: str = ""
    """Of the raw value, where the name says it (``mq4_ppm``)."""
    inverted: bool = False
    """True means the opposite of the metric's own true: an open door is a contact that is not closed."""


_SETTINGS = (
    r"enabled?|enable|led|light|sensitivity|threshold|setpoint|target|mode|setting|config|count(er)?|uptime|update"
    r"|interval|delay|timeout|duration|volume|calibration|offset|restart|reset|identify|version|ssid|ip|mac"
)
"""Names of what can be set, or of what is no measurement."""

_FLAGS: Sequence[tuple[str, Meaning]] = (
    (r"(self ?)?test(ing)?|自检", Meaning("test")),
    (r"mute[d]?|silence[d]?|hush|消音|静音", Meaning("silenced")),
    (r"tamper(ing|ed)?|cover|防拆", Meaning("tamper")),
    (r"(low )?batt(ery)?( low)?|低电量?|欠压", Meaning("battery_low")),
    (r"fault|problem|trouble|malfunction|error|defect|end of life|eol|故障", Meaning("fault")),
    (r"^heat$|heat (alarm|detector|sensor)|overheat(ing|ed)?|感温", Meaning("heat_alarm")),
    (r"carbon monoxide|co(?! ?2)|一氧化碳", Meaning("carbon_monoxide")),
    (r"smoke|fire|yangan|烟雾|烟感|火警", Meaning("smoke")),
    (r"gas|lpg|methane|ch4|lng|mq ?[2456]|燃气|可燃气", Meaning("gas")),
    (r"leak(age)?|water( leak)?|flood(ing)?|moisture|wet|水浸|漏水", Meaning("water_leak")),
    (r"sos|panic|emergency|help|distress|nurse call|pull cord|pendant|紧急|求助|呼叫", Meaning("emergency")),
    (r"fall( detect(ed|ion)?)?|fallen|跌倒", Meaning("fall")),
    (r"call point|手报", Meaning("call_point")),
    (r"hydrant|消火栓", Meaning("hydrant_button")),
    (r"flow switch|水流指示", Meaning("flow_switch")),
    (r"door|window|contact|opening|open|gate|reed|门磁|门|窗", Meaning("contact", inverted=True)),
    (r"closed", Meaning("contact")),
    (r"motion|pir|occupancy|occupied|presence|present|radar|有人|人体", Meaning("occupancy")),
    (r"vibration|shock|震动", Meaning("vibration")),
    (r"siren|警号", Meaning("alarm")),
    (r"mains|主电", Meaning("mains")),
)
_NUMBERS: Sequence[tuple[str, Meaning]] = (
    (r"(batt(ery)? )?voltage|vbat|vcc|电压", Meaning("voltage")),
    (r"batt(ery)?( level| percent(age)?)?|soc|电量", Meaning("battery")),
    (r"rssi|wifi signal|signal( strength)?|信号强度", Meaning("rssi")),
    (r"link ?quality|lqi", Meaning("linkquality")),
    (r"temp(erature)?|温度", Meaning("temperature")),
    (r"hum(idity)?|rh|湿度", Meaning("humidity")),
    (r"co ppm|ppm co|carbon monoxide|co(?! ?2)|mq ?7|一氧化碳", Meaning("co_ppm")),
    (r"(gas|methane|ch4|lpg) (percent )?lel|lel", Meaning("gas_concentration", unit="LEL")),
    (r"(gas|methane|ch4|lpg|mq ?[2456])( \w+)? ppm|ppm (gas|methane|lpg)", Meaning("gas_ppm", unit="ppm")),
    (r"smoke( density| level| value| concentration)?|烟雾浓度", Meaning("smoke_density")),
    (r"(lux|illuminance|illumination|luminance|照度)", Meaning("illuminance")),
    (r"(atmospheric |barometric |air )pressure|barometer|气压", Meaning("pressure")),
    (r"^pressure$", Meaning("pressure", unit="hPa")),
    (r"power|功率", Meaning("power")),
    (r"(residual|leakage) current|剩余电流", Meaning("residual_current")),
    (r"current|电流", Meaning("current")),
    (r"(total )?energy|用电量", Meaning("energy")),
)
_TEXTS: Sequence[tuple[str, Meaning]] = (
    (r"action|click|button|press|sos|按键|按钮", Meaning("action")),
    (r"power source|supply|供电", Meaning("supply_status")),
)
_NOT_AIR = re.compile(r"\b(cpu|chip|internal|board|device|core|mcu|dew|dewpoint|feels|esp\d*|water|supply|boiler)\b")
"""Temperatures of something else than the room."""

_SET = re.compile(rf"(?<![a-z])(?:{_SETTINGS})(?![a-z])")
_COMPILED = {
    say: [(re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])"), meaning) for pattern, meaning in table]
    for say, table in {Say.FLAG: _FLAGS, Say.NUMBER: _NUMBERS, Say.TEXT: _TEXTS}.items()
}

_BARE = frozenset({"alarm", "alarm state", "alarmed", "triggered", "detected", "detection", "pressed", "active"})
"""Names that say that something is, and not what."""

_TRUTHS: Mapping[str, bool] = {
    **dict.fromkeys(("on", "true", "yes", "1", "open", "opened", "alarm", "alert", "detected", "triggered"), True),
    **dict.fromkeys(("active", "wet", "motion", "occupied", "present", "pressed", "leak", "fire", "low"), True),
    **dict.fromkeys(("off", "false", "no", "0", "close", "closed", "normal", "clear", "cleared", "ok"), False),
    **dict.fromkeys(("idle", "inactive", "dry", "unoccupied", "absent", "released", "not_detected", "none"), False),
}
"""How points say a flag, in any case."""

LONGEST_NAME = 128
"""Characters of a name that are looked at."""


@lru_cache(maxsize=8_192)
def meaning(name: str, say: Say) -> Meaning | None:
    """What a point of this name measures; None where the name does not say it."""
    plain = words(name)
    if _SET.search(plain):
        return None
    for pattern, found in _COMPILED[say]:
        if pattern.search(plain):
            if found.metric == "temperature" and _NOT_AIR.search(plain):
                return None
            return found
    return None


def of_thing(name: str, thing: str) -> Meaning | None:
    """The meaning of a point that is only called ``alarm``, by what its device is called: the alarm of ``smoke-501`` is
    smoke."""
    return meaning(thing, Say.FLAG) if words(name) in _BARE else None


def counted(name: str, unit: str) -> Meaning | None:
    """What a number is that is called after a detection: gas in ppm is a concentration; in ``%`` it may be anything."""
    found = meaning(name, Say.FLAG)
    if found is None or found.metric != "gas" or unit == "%":
        return None
    metrics = ("gas_ppm", "gas_concentration") if unit else ()
    return next((Meaning(metric) for metric in metrics if conversion(metric, unit) is not None), None)


def words(name: str) -> str:
    """``mq2Gas-alarm_1`` as ``mq2 gas alarm 1``."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:LONGEST_NAME])
    return " ".join(re.findall(r"[^\W_]+", split.casefold()))


def calls_for_help(name: str) -> bool:
    """Whether a button of this name is there to call for help: nobody does so with an unknown light switch."""
    found = meaning(name, Say.FLAG)
    return found is not None and found.metric == "emergency"


def flag_of(raw: object) -> bool | None:
    """What a flag's raw value says, by the words that devices use for it; None for any other."""
    if isinstance(raw, bool):
        return raw
    return _TRUTHS.get(str(raw).strip().casefold()) if isinstance(raw, (str, int, float)) else None


def number_of(raw: object) -> float | None:
    """A finite number, also as text; None for what is none (``nan``, ``unknown``)."""
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 10**15 and "." not in str(raw) else number


def measured(meant: Meaning, raw: object, unit: str = "") -> Scalar | None:
    """The value of the meant metric; ``unit``: of the raw number, where the family tells it. None where the raw value
    tells nothing, or is in a unit that is none of the metric's."""
    match METRICS[meant.metric].type:
        case "bool":
            flag = flag_of(raw)
            return None if flag is None else flag is not meant.inverted
        case "number":
            number, found = number_of(raw), conversion(meant.metric, unit or meant.unit)
            if number is None or found is None:
                return None
            value = number * found[0] + found[1]
            return round(value, 6) if found != (1, 0) else number
        case _:
            return raw.strip() if isinstance(raw, str) and raw.strip() else None
