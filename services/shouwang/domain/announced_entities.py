"""The entities that Home Assistant's MQTT discovery announces, and what each of them measures.

Source: Home Assistant's documentation of MQTT discovery (abbreviated keys, base topic, device discovery, availability)
and of its binary sensor, sensor, event, device trigger, siren, valve and alarm panel; the device classes.
"""

from collections.abc import Iterator, Mapping, Sequence

from shouwang.domain.mapping import raw_text
from shouwang.domain.naming import Meaning, Say, calls_for_help, counted, meaning
from shouwang.domain.report import text_of
from shouwang.domain.template_functions import TemplateError
from shouwang.domain.value_template import Template
from shouwang.domain.vocabulary import Value

MAX_COMPONENTS = 200
"""Of one device discovery message."""
LONGEST_TOPIC = 1_024

ABBREVIATIONS: Mapping[str, str] = {
    "atype": "automation_type", "avty": "availability", "avty_mode": "availability_mode",
    "avty_t": "availability_topic", "avty_tpl": "availability_template", "cmps": "components", "cns": "connections",
    "dev": "device", "dev_cla": "device_class", "ent_cat": "entity_category", "evt_typ": "event_types",
    "ids": "identifiers", "json_attr_t": "json_attributes_topic", "json_attr_tpl": "json_attributes_template",
    "mdl": "model", "mdl_id": "model_id", "mf": "manufacturer", "o": "origin", "obj_id": "object_id",
    "p": "platform", "pl": "payload", "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off", "pl_on": "payload_on", "stat_off": "state_off", "stat_on": "state_on",
    "stat_t": "state_topic", "stat_val_tpl": "state_value_template", "stype": "subtype", "t": "topic",
    "uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}  # fmt: skip
"""Of the keys that matter here."""

FLAG_CLASSES: Mapping[str, Meaning] = {
    "smoke": Meaning("smoke"),
    "gas": Meaning("gas"),
    "carbon_monoxide": Meaning("carbon_monoxide"),
    "heat": Meaning("heat_alarm"),
    "moisture": Meaning("water_leak"),
    "door": Meaning("contact", inverted=True),
    "window": Meaning("contact", inverted=True),
    "opening": Meaning("contact", inverted=True),
    "garage_door": Meaning("contact", inverted=True),
    "motion": Meaning("occupancy"),
    "occupancy": Meaning("occupancy"),
    "presence": Meaning("occupancy"),
    "moving": Meaning("vibration"),
    "vibration": Meaning("vibration"),
    "tamper": Meaning("tamper"),
    "battery": Meaning("battery_low"),
    "connectivity": Meaning("online"),
    "power": Meaning("mains"),
    "plug": Meaning("mains"),
}
"""Binary sensors whose class says all; on is what the class is named after."""

NUMBER_CLASSES: Mapping[str, str] = {
    "battery": "battery", "temperature": "temperature", "humidity": "humidity", "voltage": "voltage",
    "carbon_monoxide": "co_ppm", "signal_strength": "rssi", "illuminance": "illuminance", "power": "power",
    "atmospheric_pressure": "pressure", "pressure": "pressure", "current": "current", "energy": "energy",
    "water": "water_volume",
}  # fmt: skip
_OTHER_CLASSES = frozenset({"gas", "aqi", "carbon_dioxide", "timestamp", "duration", "moisture", "data_size", "speed"})
"""Sensors whose class is something else than their name may suggest: gas is a meter in m³."""

TRIGGERS: Mapping[str, str] = {
    "button_short_press": "single", "button_double_press": "double", "button_triple_press": "triple",
    "button_quadruple_press": "quadruple", "button_long_press": "hold", "button_long_release": "release",
    "button_short_release": "release",
}  # fmt: skip


class Entity(Value, frozen=True, kw_only=True):
    """What one point of a device measures, and where it says so."""

    device: str
    component: str
    name: str
    """Under its device: the part."""
    topic: str
    meaning: Meaning | None
    """None: whatever the attributes of the object at ``topic`` say by their own names."""
    template: Template | None = None
    flaw: str = ""
    """Why its template is not understood."""
    on: str | None = None
    off: str | None = None
    payload: str = ""
    """Of a trigger: the payload that sets it off, and ``action`` what was done."""
    action: str = ""
    unit: str = ""
    is_call: bool = False
    """A press of it is a call for help."""


class Presence(Value, frozen=True, kw_only=True):
    """One topic on which it is said whether a device is there."""

    topic: str
    template: Template | None = None
    available: str = "online"
    absent: str = "offline"


class Announcement(Value, frozen=True, kw_only=True):
    """One discovery message."""

    device: str
    aliases: tuple[str, ...] = ()
    model: str = ""
    entities: tuple[Entity, ...] = ()
    presences: tuple[Presence, ...] = ()
    mode: str = "latest"
    """all, any or latest, where several topics tell of its presence."""


def announcement(component: str, node: str, object_id: str, said: Mapping[str, object]) -> Announcement | None:
    """What a config message announces; None where nothing of it is of interest here."""
    config = _expanded(said)
    about = config.get("device")
    device: Mapping[str, object] = _expanded(about) if isinstance(about, dict) else {}
    names = _identities(device, node, object_id)
    entities: list[Entity] = []
    presences: list[Presence] = list(_presences(config))
    components = config.get("components") if component == "device" else {object_id: config}
    shared = {key: raw for key, raw in config.items() if key not in {"components", "origin"}}
    for key, inner in list(components.items())[:MAX_COMPONENTS] if isinstance(components, dict) else []:
        if not isinstance(inner, dict):
            continue
        own = {**shared, **_expanded(inner, config.get("~"))} if component == "device" else config
        platform = text_of(own.get("platform")) if component == "device" else component
        entities.extend(_entities(platform, names[0], key, own, text_of(device.get("name"))))
        presences.extend(one for one in _presences(own) if one not in presences)
    if not entities:
        return None
    unique = text_of(config.get("unique_id"))
    model = text_of(device.get("model_id")) or text_of(device.get("model"))
    return Announcement(
        device=names[0],
        aliases=tuple(name for name in dict.fromkeys([*names[1:], unique, text_of(device.get("name"))]) if name),
        model=f"{text_of(device.get('manufacturer'))} {model}".strip() if model else "",
        entities=tuple(entities),
        presences=tuple(presences),
        mode=text_of(config.get("availability_mode")) or "latest",
    )


def _expanded(said: Mapping[str, object], base: object = None) -> dict[str, object]:
    """Keys in full, and ``~`` at either end of a topic replaced by the base topic."""
    base = said.get("~", base)
    found = {ABBREVIATIONS.get(key, key): raw for key, raw in said.items()}
    if isinstance(base, str):
        for key, raw in found.items():
            if isinstance(raw, str) and (key == "topic" or key.endswith("_topic")):
                found[key] = _based(raw, base)
            elif key == "availability":
                found[key] = [_expanded(one, base) for one in _listed(raw)]
    return found


def _based(topic: str, base: str) -> str:
    if topic.startswith("~"):
        return base + topic[1:]
    return topic[:-1] + base if topic.endswith("~") else topic


def _listed(raw: object) -> list[Mapping[str, object]]:
    every = raw if isinstance(raw, list) else [raw]
    return [one for one in every[:MAX_COMPONENTS] if isinstance(one, dict)]


def _identities(device: Mapping[str, object], node: str, object_id: str) -> list[str]:
    """The first is the device's: what it calls itself, else the topic."""
    said = device.get("identifiers")
    names = [text_of(one) for one in (said[:8] if isinstance(said, list) else [said])]
    connections = device.get("connections")
    for pair in connections[:8] if isinstance(connections, list) else []:
        if isinstance(pair, list) and len(pair) == 2:
            names.append(text_of(pair[1]))
    return list(dict.fromkeys(filter(None, [*names, node, object_id])))


def _presences(config: Mapping[str, object]) -> Iterator[Presence]:
    said = _listed(config.get("availability"))
    if config.get("availability_topic"):
        own = {
            "topic": config["availability_topic"],
            "value_template": config.get("availability_template"),
            "payload_available": config.get("payload_available"),
            "payload_not_available": config.get("payload_not_available"),
        }
        said = [own, *said]
    for one in said:
        expanded = _expanded(one)
        topic = _topic(expanded.get("topic"))
        template, flaw = _template(expanded.get("value_template"))
        if topic and not flaw:
            yield Presence(
                topic=topic,
                template=template,
                available=_payload(expanded.get("payload_available")) or "online",
                absent=_payload(expanded.get("payload_not_available")) or "offline",
            )


def _entities(
    component: str, device: str, key: str, config: Mapping[str, object], device_name: str
) -> Iterator[Entity]:
    topic = _topic(config.get("state_topic"))
    template, flaw = _template(config.get("value_template") or config.get("state_value_template"))
    names = [key, *(text_of(config.get(one)) for one in ("name", "object_id", "unique_id"))]
    is_call = any(calls_for_help(name) for name in (*names, text_of(config.get("subtype")), device_name) if name)
    unit = text_of(config.get("unit_of_measurement"))
    meant: Meaning | None = None
    on, off = _payload(config.get("payload_on")), _payload(config.get("payload_off"))
    match component:
        case "binary_sensor":
            meant = _flag(text_of(config.get("device_class")), names, template)
        case "sensor":
            meant = _number(text_of(config.get("device_class")), names, unit, template)
        case "event":
            meant = Meaning("action")
        case "siren":
            meant = Meaning("alarm")
            on, off = _payload(config.get("state_on")) or on, _payload(config.get("state_off")) or off
        case "valve":
            meant = Meaning("valve_open")
        case "alarm_control_panel":
            meant, on = Meaning("alarm"), "triggered"
        case "device_automation" if config.get("automation_type") == "trigger":
            topic = _topic(config.get("topic"))
            meant = Meaning("action")
    if topic and meant is not None:
        yield Entity(
            device=device,
            component=component,
            name=key,
            template=template,
            flaw=flaw,
            topic=topic,
            meaning=meant,
            on=on,
            off=off,
            payload=_payload(config.get("payload")) or "",
            action=TRIGGERS.get(text_of(config.get("type")), text_of(config.get("type"))),
            unit=unit,
            is_call=is_call and meant.metric == "action",
        )
    attributes = _topic(config.get("json_attributes_topic"))
    if attributes and not config.get("json_attributes_template"):
        yield Entity(device=device, component="attributes", name=key, topic=attributes, meaning=None)


def _flag(device_class: str, names: Sequence[str], template: Template | None) -> Meaning | None:
    if device_class in FLAG_CLASSES:
        return FLAG_CLASSES[device_class]
    named = _named(names, template, Say.FLAG)
    if device_class == "problem":
        return named if named and named.metric in {"battery_low", "tamper"} else Meaning("fault")
    if device_class == "safety":
        return named or Meaning("alarm")
    return named if not device_class else None


def _number(device_class: str, names: Sequence[str], unit: str, template: Template | None) -> Meaning | None:
    if device_class in _OTHER_CLASSES:
        return None
    metric = NUMBER_CLASSES.get(device_class)
    if metric == "rssi" and unit.casefold() == "lqi":
        return Meaning("linkquality")
    if metric:
        return Meaning(metric)
    for say in (Say.NUMBER, Say.TEXT, Say.FLAG):
        named = _named(names, template, say)
        if named is None:
            continue
        if say is Say.FLAG and unit:
            return next((found for name in names if (found := counted(name, unit))), None)
        return named
    return None


def _named(names: Sequence[str], template: Template | None, say: Say) -> Meaning | None:
    """By the first name that tells, and by the key that the template takes."""
    keys = [template.text.partition("value_json")[2][:64]] if template else []
    return next((found for name in (*names, *keys) if name and (found := meaning(name, say))), None)


def _template(raw: object) -> tuple[Template | None, str]:
    if not isinstance(raw, str) or not raw.strip():
        return None, ""
    try:
        return Template(raw), ""
    except TemplateError as error:
        return None, f"its template {raw[:60]!r} is not understood: {error}"


def _payload(raw: object) -> str | None:
    """As text in small letters: JSON's true is the ``True`` that a template prints."""
    return raw_text(raw) if isinstance(raw, (str, bool, int, float)) else None


def _topic(raw: object) -> str:
    return raw if isinstance(raw, str) and 0 < len(raw) <= LONGEST_TOPIC else ""
