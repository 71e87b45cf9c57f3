"""Entries of Zigbee2MQTT's ``bridge/devices``, as a device announces what it says."""

from typing import Any

IEEE = "0x00158d0009a1b2c3"


def device(name: str, ieee: str = IEEE, *, model: str = "", vendor: str = "", **more: Any) -> dict[str, Any]:
    """One entry of ``bridge/devices``."""
    definition = {"model": model, "vendor": vendor, "exposes": more.pop("exposes", [])} if model else None
    return {"friendly_name": name, "ieee_address": ieee, "type": "EndDevice", "definition": definition, **more}


def binary(name: str, on: object = True, off: object = False, **more: Any) -> dict[str, Any]:
    return {"type": "binary", "name": name, "property": name, "access": 1, "value_on": on, "value_off": off, **more}


def numeric(name: str, unit: str, **more: Any) -> dict[str, Any]:
    return {"type": "numeric", "name": name, "property": name, "access": 1, "unit": unit, **more}
