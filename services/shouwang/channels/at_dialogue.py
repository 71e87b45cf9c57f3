"""One conversation with a modem: a command, its lines, its final word; and what the modem says unasked.

One command at a time: whoever asks waits for the final word before asking again (3GPP TS 27.007 section 5.6 of ITU-T
V.250's result codes, TS 27.005 for messages). Noise, echoes and unknown lines between are passed over.
"""

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Callable, Sequence

from shouwang.channels.serial_line import SerialLine
from shouwang.domain.vocabulary import Value

COMMAND_SECONDS = 5.0
PROMPT_SECONDS = 5.0
SEND_SECONDS = 60.0
"""A network that is slow to take a message answers within a minute; after that the modem hangs."""

UNASKED_KEPT = 200

_WITH_PDU = ("+CMT:", "+CDS:")
"""Said unasked, and followed by a line with a PDU."""

_ALONE = ("+CMTI:", "+CDSI:")
_ERROR = re.compile(r"\+(CMS|CME) ERROR: *(\d+)")


class Silent(Exception):
    """The modem did not answer in time: it hangs, or is something else."""


class Declined(Exception):
    """The final word was an error. ``family``: CMS (messages), CME (the equipment), or empty; ``code``: its number."""

    def __init__(self, family: str, code: int | None) -> None:
        super().__init__(f"+{family} ERROR: {code}" if family else "ERROR")
        self.family = family
        self.code = code


class Unasked(Value, frozen=True):
    """``head``: as said (``+CMTI: "ME",3``); ``pdu``: the line after it, empty where there is none."""

    head: str
    pdu: str = ""


class Dialogue:
    """Over one open line. ``listen`` must run beside whoever asks; it ends when the line does."""

    def __init__(self, line: SerialLine, stirred: Callable[[], None] = lambda: None) -> None:
        """``stirred``: the modem said something unasked, which stands in ``unasked``."""
        self.unasked: deque[Unasked] = deque(maxlen=UNASKED_KEPT)
        self._line = line
        self._stirred = stirred
        self._answers: asyncio.Queue[str] | None = None

    async def listen(self) -> None:
        """Raises ConnectionResetError once the line is gone."""
        head = ""
        while True:
            line = await self._line.read()
            if head:
                self._hear(Unasked(head, line))
                head = ""
            elif line.startswith(_WITH_PDU):
                head = line
            elif line.startswith(_ALONE):
                self._hear(Unasked(line))
            elif self._answers is not None:
                self._answers.put_nowait(line)

    async def ask(self, command: str, seconds: float = COMMAND_SECONDS) -> list[str]:
        """The lines of the answer, its final word left out. Raises Declined, Silent, OSError."""
        return await self._exchange(f"{command}\r".encode(), command, seconds)

    async def tell(self, command: str) -> bool:
        """Asks for what the modem may not know; False where it does not."""
        try:
            await self.ask(command)
        except Declined:
            return False
        return True

    async def hand_over(self, pdu: str, octets: int) -> int:
        """Sends one part; the reference that the modem gave it. Raises Declined, Silent, OSError."""
        command = f"AT+CMGS={octets}"
        await self._exchange(f"{command}\r".encode(), command, PROMPT_SECONDS, until=">")
        lines = await self._exchange(f"{pdu}\x1a".encode(), pdu, SEND_SECONDS)
        found = value_of(lines, "+CMGS")
        return int(found[0]) if found and found[0].isdecimal() else 0

    async def _exchange(self, said: bytes, echo: str, seconds: float, *, until: str = "OK") -> list[str]:
        answers: asyncio.Queue[str] = asyncio.Queue()
        self._answers = answers
        lines: list[str] = []
        try:
            async with asyncio.timeout(seconds):
                await self._line.write(said)
                while (line := await answers.get()) != until:
                    if line == "ERROR":
                        raise Declined("", None)
                    if error := _ERROR.match(line):
                        raise Declined(error[1], int(error[2]))
                    if line != echo:
                        lines.append(line)
        except TimeoutError:
            with contextlib.suppress(OSError):
                await self._line.write(b"\x1b")  # out of a prompt that may stand open
            raise Silent(f"no answer to {echo.split('=')[0][:12]} within {seconds:g} s") from None
        finally:
            self._answers = None
        return lines

    def _hear(self, said: Unasked) -> None:
        self.unasked.append(said)
        self._stirred()


def value_of(lines: Sequence[str], name: str) -> list[str]:
    """The values of ``+NAME: a,"b"`` among the lines, empty where it is not there."""
    for line in lines:
        if line.startswith(f"{name}:"):
            return [part.strip().strip('"') for part in line.removeprefix(f"{name}:").split(",")]
    return []
