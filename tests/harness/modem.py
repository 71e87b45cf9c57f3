"""A modem that is played on a pseudo-terminal: answers AT commands at a modem's pace, and misbehaves as modems do.

``async with modem(folder) as played:`` gives it a stable path (``played.path``), as a link by id is. What was sent
stands in ``played.texts``, read back from its PDUs by a reader of its own; ``says`` speaks unasked, ``hears`` lets a
text come in, ``unplug`` and ``plug_in`` pull the plug.
"""

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Text:
    """One part as the network got it."""

    number: str
    text: str
    part: tuple[int, int, int] | None
    wants_report: bool


@dataclass
class PlayedModem:
    path: Path
    sim: str = "READY"
    registered: str = "0,1"
    signal: str = "21,99"
    pace: float = 0.02
    """Seconds of thinking before each answer."""
    network: float = 0.05
    """Seconds until the network has taken a message."""
    errors: dict[str, str] = field(default_factory=dict)
    """A final word by the beginning of a command, in place of the usual one."""
    refusals: list[str | None] = field(default_factory=list)
    """What the next messages end with; None takes no notice at all."""
    hangs: bool = False
    echo: bool = True
    texts: list[Text] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    stored: dict[int, str] = field(default_factory=dict)
    reference: int = 0
    _master: int = -1
    _slave: int = -1
    _task: asyncio.Task[None] | None = None

    def plug_in(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(self._slave))
        self.echo = True
        self._task = asyncio.create_task(self._answer())

    async def unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for handle in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(handle)
        self._master = self._slave = -1

    def says(self, *lines: str) -> None:
        """Unasked."""
        self.noise("".join(f"\r\n{line}\r\n" for line in lines).encode())

    def noise(self, data: bytes) -> None:
        os.write(self._master, data)

    def hears(self, number: str, text: str, *, direct: bool = False) -> None:
        """A text comes in: stored and announced, or handed over at once."""
        pdu = deliver_pdu(number, text)
        if direct:
            self.says(f"+CMT: ,{len(pdu) // 2 - 1}", pdu)
            return
        index = max(self.stored, default=0) + 1
        self.stored[index] = pdu
        self.says(f'+CMTI: "ME",{index}')

    def reports(self, reference: int, number: str, status: int) -> None:
        pdu = report_pdu(reference, number, status)
        self.says(f"+CDS: {len(pdu) // 2 - 1}", pdu)

    async def _answer(self) -> None:
        held = b""
        while True:
            held += await self._read()
            while b"\r" in held or b"\x1a" in held or b"\x1b" in held:
                end = min(at for mark in (b"\r", b"\x1a", b"\x1b") if (at := held.find(mark)) >= 0)
                said, mark, held = held[:end].decode("ascii", "replace"), held[end : end + 1], held[end + 1 :]
                if self.hangs:
                    continue
                if self.echo:
                    self.noise(said.encode() + b"\r")
                await asyncio.sleep(self.pace)
                if mark == b"\x1a":
                    await self._take(said.strip())
                elif mark == b"\r" and said.strip():
                    self._obey(said.strip())

    async def _read(self) -> bytes:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._master, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._master)
        with contextlib.suppress(OSError):
            return os.read(self._master, 4096)
        await asyncio.sleep(0.02)  # nobody has the line open
        return b""

    def _obey(self, command: str) -> None:
        self.commands.append(command)
        word = next((word for beginning, word in self.errors.items() if command.startswith(beginning)), None)
        if word is not None:
            self.says(word)
        elif command.startswith("AT+CMGS="):
            self.noise(b"\r\n> ")
        elif command.startswith("AT+CMGR="):
            pdu = self.stored.get(int(command.partition("=")[2]))
            self.says(*([f"+CMGR: 0,,{len(pdu) // 2 - 1}", pdu] if pdu else []), "OK")
        elif command.startswith("AT+CMGL"):
            self.says(*(line for index, pdu in self.stored.items()
                        for line in (f"+CMGL: {index},0,,{len(pdu) // 2 - 1}", pdu)), "OK")  # fmt: skip
        elif command.startswith("AT+CMGD="):
            self.stored.pop(int(command.partition("=")[2]), None)
            self.says("OK")
        elif command == "ATE0":
            self.echo = False
            self.says("OK")
        else:
            said = self._facts().get(command)
            self.says(*([said] if said else []), "OK")

    def _facts(self) -> Mapping[str, str]:
        return {
            "AT+CPIN?": f"+CPIN: {self.sim}",
            "AT+CREG?": f"+CREG: {self.registered}",
            "AT+CEREG?": "+CEREG: 0,0",
            "AT+CSQ": f"+CSQ: {self.signal}",
        }

    async def _take(self, pdu: str) -> None:
        word = self.refusals.pop(0) if self.refusals else "OK"
        if word is None:
            return
        await asyncio.sleep(self.network)
        if word != "OK":
            self.says(word)
            return
        self.texts.append(read_submit(pdu))
        self.reference = (self.reference + 1) % 256
        self.says(f"+CMGS: {self.reference}", "OK")


@contextlib.asynccontextmanager
async def modem(folder: Path) -> AsyncIterator[PlayedModem]:
    played = PlayedModem(folder / "modem")
    played.plug_in()
    try:
        yield played
    finally:
        await played.unplug()


def read_submit(pdu: str) -> Text:
    """TS 23.040 section 9.2.2.2, as a network reads it."""
    data = bytes.fromhex(pdu)
    data = data[1 + data[0] :]
    digits = data[2]
    swapped = "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in data[4 : 4 + (digits + 1) // 2])
    number = ("+" if data[3] == 0x91 else "") + swapped[:digits]
    assert data[0] & 0x03 == 1
    after = 4 + (digits + 1) // 2
    assert data[after + 1] == 0x08, "expected UCS-2"
    length, content = data[after + 3], data[after + 4 :]
    assert length == len(content) <= 140
    header = content[: content[0] + 1] if data[0] & 0x40 else b""
    part = (header[3], header[4], header[5]) if header else None
    return Text(number, content[len(header) :].decode("utf-16-be"), part, bool(data[0] & 0x20))


def deliver_pdu(number: str, text: str) -> str:
    """A text in UCS-2 as a centre hands it over."""
    content = text.encode("utf-16-be")
    head = b"\x00\x04" + _address(number) + bytes((0, 8)) + bytes.fromhex("62115211223323")
    return (head + bytes((len(content),)) + content).hex().upper()


def report_pdu(reference: int, number: str, status: int) -> str:
    """TS 23.040 section 9.2.2.3."""
    times = bytes.fromhex("62115211223323") * 2
    return (b"\x00\x06" + bytes((reference,)) + _address(number) + times + bytes((status,))).hex().upper()


def _address(number: str) -> bytes:
    digits = number.removeprefix("+")
    padded = digits + "f" * (len(digits) % 2)
    kind = 0x91 if number.startswith("+") else 0x81
    return bytes((len(digits), kind)) + bytes.fromhex(
        "".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2))
    )
