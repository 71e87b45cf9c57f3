"""Units as devices name them, and how they become the metric's own."""

from collections.abc import Mapping

from shouwang.domain.vocabulary import METRICS

CONVERSIONS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "V": {"V": (1, 0), "mV": (0.001, 0)},
    "A": {"A": (1, 0), "mA": (0.001, 0)},
    "mA": {"mA": (1, 0), "A": (1000, 0)},
    "W": {"W": (1, 0), "kW": (1000, 0), "mW": (0.001, 0)},
    "kW.h": {"kWh": (1, 0), "kW.h": (1, 0), "Wh": (0.001, 0)},
    "Cel": {"°C": (1, 0), "℃": (1, 0), "C": (1, 0), "Cel": (1, 0), "°F": (5 / 9, -160 / 9), "F": (5 / 9, -160 / 9)},
    "%": {"%": (1, 0), "%RH": (1, 0), "%LEL": (1, 0), "LEL": (1, 0)},
    "[ppm]": {"ppm": (1, 0), "[ppm]": (1, 0), "ppb": (0.001, 0)},
    "hPa": {
        "hPa": (1, 0),
        "mbar": (1, 0),
        "kPa": (10, 0),
        "Pa": (0.01, 0),
        "mmHg": (1.333224, 0),
        "inHg": (33.863886, 0),
    },
    "kPa": {"kPa": (1, 0), "Pa": (0.001, 0), "MPa": (1000, 0), "bar": (100, 0), "hPa": (0.1, 0)},
    "lx": {"lx": (1, 0), "lux": (1, 0), "Lx": (1, 0)},
    "m": {"m": (1, 0), "cm": (0.01, 0), "mm": (0.001, 0)},
    "m3": {"m³": (1, 0), "m3": (1, 0), "L": (0.001, 0)},
    "dBm": {"dBm": (1, 0)},
    "dB": {"dB": (1, 0)},
    "": {"lqi": (1, 0)},
}
"""By the metric's unit (UCUM), then by the device's: factor and what is added after it."""


def conversion(metric: str, unit: str) -> tuple[float, float] | None:
    """(factor, offset) from a device's unit to that of the metric; (1, 0) for no unit; None where there is no way."""
    if not unit:
        return 1, 0
    return CONVERSIONS.get(METRICS[metric].unit, {}).get(unit)
