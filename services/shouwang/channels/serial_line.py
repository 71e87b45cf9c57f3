"""A serial line to a modem, on the event loop: opened raw and for us alone, read by lines, closed without waiting.

Linux's own terminal calls do all of it (docs/decisions/0021): nothing here blocks the loop, whatever hangs behind the
line. Opening and closing, which a driver may hold up for seconds, go to a thread.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import termios
import tty

CHUNK = 4096
LINE_LIMIT = 2000
"""Octets without an end of line: noise, of which nothing is kept."""

PROMPT = b"> "
"""How a modem asks for a PDU: no end of line follows (TS 27.005 section 3.5.1)."""

_SPEEDS = {9600: termios.B9600, 57600: termios.B57600, 115200: termios.B115200, 460800: termios.B460800}


class SerialLine:
    """``read`` gives lines without their ends, and ``>`` for a prompt. One reader and one writer at a time."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._held = b""
        self._loop.add_reader(handle, self._take)
        self._is_open = True

    @classmethod
    async def open(cls, path: str, speed: int = 115200) -> "SerialLine":
        """Raises OSError where there is no such line, or somebody else has it."""
        return cls(await asyncio.to_thread(_open, path, _SPEEDS.get(speed, termios.B115200)))

    async def read(self) -> str:
        """The next line that is not empty. Raises ConnectionResetError once the line is gone."""
        line = await self._lines.get()
        if line is None:
            raise ConnectionResetError(errno.ENODEV, "the serial line is gone")
        return line

    async def write(self, data: bytes) -> None:
        """Raises OSError where the line is gone."""
        while data:
            if not self._is_open:
                raise ConnectionResetError(errno.ENODEV, "the serial line is gone")
            try:
                data = data[os.write(self._handle, data) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        self._drop()
        handle, self._handle = self._handle, -1
        if handle >= 0:
            await asyncio.to_thread(_close, handle)

    def _take(self) -> None:
        try:
            chunk = os.read(self._handle, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._drop()
            return
        *lines, self._held = (self._held + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if text := line.decode("ascii", "replace").strip():
                self._lines.put_nowait(text)
        if self._held.lstrip() == PROMPT.rstrip() or self._held.endswith(PROMPT):
            self._held = b""
            self._lines.put_nowait(">")
        if len(self._held) > LINE_LIMIT:
            self._held = b""

    def _drop(self) -> None:
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._handle)
            self._lines.put_nowait(None)


def _open(path: str, speed: int) -> int:
    # Not blocking: without a carrier the call would wait for one.
    handle = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(handle, termios.TIOCEXCL)
        tty.setraw(handle, termios.TCSANOW)
        modes = termios.tcgetattr(handle)
        modes[2] = (modes[2] | termios.CLOCAL | termios.CREAD) & ~termios.HUPCL
        modes[4] = modes[5] = speed
        termios.tcsetattr(handle, termios.TCSANOW, modes)
        termios.tcflush(handle, termios.TCIOFLUSH)
    except termios.error as error:
        os.close(handle)
        raise OSError(error.args[0], f"{path} is no serial line") from None
    except BaseException:
        os.close(handle)
        raise
    return handle


def _close(handle: int) -> None:
    # What a modem that hangs never took would otherwise be waited for.
    with contextlib.suppress(termios.error, OSError):
        termios.tcflush(handle, termios.TCIOFLUSH)
        fcntl.ioctl(handle, termios.TIOCNXCL)
    with contextlib.suppress(OSError):
        os.close(handle)
