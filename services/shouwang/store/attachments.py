"""Photos and documents of cases: plain files named by their content, in a folder of the data directory."""

import hashlib
import os
from collections.abc import Collection, Mapping
from pathlib import Path

LIMIT = 8 << 20
"""Bytes of one file: a photo of a telephone, not a film."""

_SIGNS: Mapping[str, tuple[tuple[int, bytes], ...]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/webp": ((0, b"RIFF"), (8, b"WEBP")),
    "image/heic": ((4, b"ftypheic"),),
    "application/pdf": ((0, b"%PDF-"),),
}
"""What a file of a type begins with."""


class Attachments:
    """``api.doors.Attachments``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> str:
        """The id of the content; durable when it returns. Keeping it again changes nothing."""
        id = hashlib.sha256(content).hexdigest()
        path = self._path(id)
        if path.is_file():
            os.utime(path)  # whoever tidies up must see that it is wanted again
            return id
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{id}.{os.getpid()}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(path)
        return id

    def read(self, id: str) -> bytes | None:
        """The content; None where it is not there any more."""
        if len(id) != 64 or not set(id) <= set("0123456789abcdef"):
            return None
        try:
            return self._path(id).read_bytes()
        except FileNotFoundError:
            return None

    def sweep(self, wanted: Collection[str], before: float) -> int:
        """Removes contents that nothing names any more and that were last kept before (seconds since 1970)."""
        removed = 0
        for path in self._folder.glob("??/*"):
            if path.name not in wanted and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def type_of(self, content: bytes) -> str | None:
        """What the content itself says that it is; None for a type that is not taken."""
        return next(
            (name for name, signs in _SIGNS.items() if all(content[at : at + len(sign)] == sign for at, sign in signs)),
            None,
        )

    @property
    def types(self) -> list[str]:
        return list(_SIGNS)

    def _path(self, id: str) -> Path:
        return self._folder / id[:2] / id
