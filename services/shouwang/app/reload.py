"""Profiles and families as their files are now: a changed file is checked, and taken only if all is well with it."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shouwang.codecs.javascript import JavaScriptCodecs
from shouwang.domain.errors import ConfigError
from shouwang.domain.family import Family
from shouwang.domain.profile import Profile
from shouwang.registry.profiles import check_profiles, load_profiles

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""A look at some 400 files takes 4 ms (measured) beside the thread that takes alarms in."""

Marks = Mapping[Path, tuple[int, int]]
"""Of each file: when it was changed, and its size."""

Loaded = tuple[Sequence[Family], Mapping[str, Profile]]


class ProfileWatch:
    """Looks at the folders; what it gives was checked with its examples. A broken file keeps the old set: it is told to
    the log with file and line, once, and taken when it is mended."""

    def __init__(self, folders: Sequence[Path], shipped: Path) -> None:
        """``shipped``: on which the others lean; one of ``folders``."""
        self._folders = folders
        self._shipped = shipped
        self._marks = marks_of(folders)
        self._told: tuple[str, ...] = ()

    def look(self) -> Loaded | None:
        """Families and profiles where their files changed and all is well, else None. Takes about a second then, and a
        few milliseconds else."""
        marks = marks_of(self._folders)
        if marks == self._marks:
            return None
        changed = [path for path, mark in marks.items() if self._marks.get(path) != mark]
        self._marks = marks
        try:
            problems = [str(one) for one in check_profiles(_sheets_of(changed), self._shipped, JavaScriptCodecs)]
            loaded = load_profiles(self._folders)
        except ConfigError as error:
            problems = [str(error)]
        if problems:
            if tuple(problems) != self._told:
                self._told = tuple(problems)
                for problem in problems:
                    log.error("%s; the profiles stay as they were until this is mended", problem)
            return None
        self._told = ()
        log.warning("profiles changed: %s", ", ".join(sorted(path.name for path in changed)) or "files were removed")
        return loaded

    def follow(self, stop: threading.Event, tell: Callable[[Loaded], None]) -> None:
        """Looks until ``stop``, in a thread of its own."""
        while not stop.wait(LOOK_SECONDS):
            try:
                loaded = self.look()
            except Exception:
                log.exception("the profiles' files cannot be looked at; it is tried again")
                continue
            if loaded is not None:
                tell(loaded)


def marks_of(folders: Sequence[Path]) -> Marks:
    marks: dict[Path, tuple[int, int]] = {}
    for folder in folders:
        for path in (*folder.rglob("*.yaml"), *folder.rglob("*.js")):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            marks[path] = (stat.st_mtime_ns, stat.st_size)
    return marks


def _sheets_of(changed: Sequence[Path]) -> list[Path]:
    """The profiles and families among changed files, and those beside a changed codec that name it."""
    found = {path for path in changed if path.suffix == ".yaml"}
    for codec in (path for path in changed if path.suffix == ".js"):
        found |= {sheet for sheet in codec.parent.glob("*.yaml") if codec.name in sheet.read_text(encoding="utf-8")}
    return sorted(found)
