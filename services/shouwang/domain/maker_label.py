"""What the labels of makers say: QR codes and barcodes on devices, read into names by which networks know them.

Sources: LoRa Alliance TR005 (LW:D0 …), Zigbee Base Device Behavior (install codes, CRC-16/X-25), Connectivity Standards
Alliance (Z:…$I:…), 3GPP TS 23.003 (IMEI with Luhn's digit, IMSI), ITU-T E.118 (ICCID), IEEE (EUI-64, MAC-48).
"""

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from shouwang.domain.vocabulary import Value

LONGEST = 1_000
"""Characters of a code that are looked at."""

LORAWAN = ("chirpstack-v4", "the-things-stack-v3", "chirpstack-v3", "thingpark", "milesight-gateway")
"""Families whose devices are named by their devEUI, the more common first."""


class LabelKind(StrEnum):
    LORAWAN = "lorawan"
    ZIGBEE = "zigbee"
    IMEI = "imei"
    IMSI = "imsi"
    ICCID = "iccid"
    EUI64 = "eui64"
    MAC = "mac"
    MATTER = "matter"


class MakerLabel(Value, frozen=True, kw_only=True):
    """One thing that a label says. ``fields`` by name (``dev_eui``, ``install_code``, ``imei`` …); ``identity`` in
    small letters and digits only, for comparing; ``addresses`` at which it may be registered. ``flaws``: what does not
    add up, in words; the rest was read all the same."""

    kind: LabelKind
    fields: dict[str, str]
    identity: str = ""
    addresses: list[str] = msgspec.field(default_factory=list)
    flaws: list[str] = msgspec.field(default_factory=list)


def read_label(text: str) -> list[MakerLabel]:
    """Everything that a scanned code says, the surest first; empty where it is none of the known ones."""
    text = text.strip()[:LONGEST]
    for form in (_lorawan, _zigbee, _matter):
        found = form(text)
        if found is not None:
            return [found]
    return list(_plain(text))


def plain_identity(identity: str) -> str:
    """An identity as labels are compared with it: ``0x00158D…``, ``AA-BB-…`` and ``aabb…`` are one."""
    return re.sub(r"[^0-9a-z]", "", identity.casefold().removeprefix("0x"))


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def install_code_holds(code: bytes) -> bool:
    """Whether the last two bytes are the CRC-16/X-25 of the others, low byte first."""
    crc = 0xFFFF
    for byte in code[:-2]:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8408 if crc & 1 else crc >> 1
    return (crc ^ 0xFFFF).to_bytes(2, "little") == code[-2:]


def _lorawan(text: str) -> MakerLabel | None:
    match = re.fullmatch(
        r"(?:LW:D0|URN:LW:DP):([0-9A-F]{16}):([0-9A-F]{16})(?::([0-9A-F]{8}))?((?::[^:]*)*)", text, re.IGNORECASE
    )
    if match is None:
        return None
    join_eui, dev_eui, profile, rest = match.groups()
    fields = {"join_eui": join_eui.lower(), "dev_eui": dev_eui.lower()}
    if profile:
        fields |= {"vendor_id": profile[:4].upper(), "vendor_profile_id": profile[4:].upper()}
    names = {"O": "owner_token", "S": "serial", "P": "proprietary", "C": "checksum"}
    for part in filter(None, (rest or "").split(":")):
        if (name := names.get(part[0].upper())) and len(part) > 1:
            fields[name] = part[1:]
    return _of_eui(LabelKind.LORAWAN, fields, dev_eui.lower(), zigbee=False)


def _zigbee(text: str) -> MakerLabel | None:
    """``Z:<EUI-64>$I:<install code>``, with further parts between ``$`` and ``%``."""
    match = re.search(r"(?:^|[$%])Z:([0-9A-F]{16})", text, re.IGNORECASE)
    if match is None:
        return None
    eui = match.group(1).lower()
    fields, flaws = {"eui64": eui}, []
    code = re.search(r"[$%]I:([0-9A-F]+)", text, re.IGNORECASE)
    if code is not None:
        fields["install_code"] = code.group(1).upper()
        raw = bytes.fromhex(fields["install_code"]) if len(fields["install_code"]) % 2 == 0 else b""
        if len(raw) not in (8, 10, 14, 18):
            flaws.append(f"the install code has {len(fields['install_code'])} digits; expected 16, 20, 28 or 36")
        elif not install_code_holds(raw):
            flaws.append("the install code's checksum does not hold; was it scanned whole?")
    address = f"zigbee2mqtt:0x{eui}"
    return MakerLabel(kind=LabelKind.ZIGBEE, fields=fields, identity=eui, addresses=[address], flaws=flaws)


def _matter(text: str) -> MakerLabel | None:
    if not re.fullmatch(r"MT:[0-9A-Z.-]{19,}", text, re.IGNORECASE):
        return None
    flaw = "a Matter code pairs a device with a Matter controller; let the controller speak MQTT, then it is heard here"
    return MakerLabel(kind=LabelKind.MATTER, fields={}, flaws=[flaw])


def _plain(text: str) -> Iterator[MakerLabel]:
    """Numbers and names as barcodes bear them, alone or beside others (``IMEI:…;IMSI:…``)."""
    seen: set[str] = set()
    for said in re.finditer(r"(?:(IMEI|IMSI|ICCID)\W*)?(?<!\d)(\d{14,20})(?!\d)", text, re.IGNORECASE):
        name, digits = (said.group(1) or "").upper(), said.group(2)
        found = _number(name, digits)
        if found is not None and digits not in seen:
            seen.add(digits)
            yield found
    for said in re.finditer(r"(?<![0-9A-F])(?:0x)?([0-9A-F]{2}(?:[:.-]?[0-9A-F]{2}){5,7})(?![0-9A-F])", text, re.I):
        bare = re.sub(r"[^0-9a-f]", "", said.group(1).lower())
        if bare in seen or len(bare) not in (12, 16):
            continue
        seen.add(bare)
        if len(bare) == 16:
            yield _of_eui(LabelKind.EUI64, {"eui64": bare}, bare, zigbee=True)
        else:
            yield _of_mac(bare)


def _number(name: str, digits: str) -> MakerLabel | None:
    flaws = [] if luhn_holds(digits) else [f"the check digit of {digits} does not hold; was it typed or scanned whole?"]
    if name == "IMSI" or (not name and len(digits) == 15 and digits.startswith("460") and flaws):
        return MakerLabel(kind=LabelKind.IMSI, fields={"imsi": digits}, identity=digits)
    if name == "ICCID" or (not name and len(digits) in (19, 20) and digits.startswith("89")):
        return MakerLabel(kind=LabelKind.ICCID, fields={"iccid": digits}, identity=digits, flaws=flaws)
    if len(digits) == 15 and (name == "IMEI" or not flaws):
        addresses = [f"nbiot-push:{digits}"]
        return MakerLabel(
            kind=LabelKind.IMEI, fields={"imei": digits}, identity=digits, addresses=addresses, flaws=flaws
        )
    return None


def _of_eui(kind: LabelKind, fields: dict[str, str], eui: str, *, zigbee: bool) -> MakerLabel:
    addresses = [f"{family}:{eui}" for family in LORAWAN]
    return MakerLabel(
        kind=kind,
        fields=fields,
        identity=eui,
        addresses=[*([f"zigbee2mqtt:0x{eui}"] if zigbee else []), *addresses],
    )


def _of_mac(bare: str) -> MakerLabel:
    """Wi-Fi devices are named by their topic, which holds the end of the MAC; Bluetooth ones by the whole of it."""
    spaced = ":".join(bare[at : at + 2] for at in range(0, 12, 2)).upper()
    addresses = [f"openmqttgateway:{spaced}", f"shelly-gen1:{bare.upper()}", f"shelly-gen2:{bare}"]
    return MakerLabel(kind=LabelKind.MAC, fields={"mac": spaced}, identity=bare, addresses=addresses)
