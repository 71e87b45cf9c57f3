"""Suggesting a profile for a device that nobody registered: its newest message is tried with each that could fit."""

from collections.abc import Callable

from shouwang.domain.board import StrayDevice
from shouwang.domain.consulting import Run, read_together
from shouwang.domain.decode import Interpreter
from shouwang.domain.interpretation import FamilyState
from shouwang.domain.profile import Profile
from shouwang.domain.suggestion import Suggestion, Trial, suggest, words_of
from shouwang.domain.vocabulary import Arrival, DeviceId

REMEMBERED = 2_000
"""Devices whose suggestions are kept until they say something else."""


class Discovery:
    """Pure work over the profiles, remembered by what a device said: a list looked at each second costs once."""

    def __init__(self, interpreter: Callable[[], Interpreter], run: Run) -> None:
        """``interpreter``: the present one; with another, all is tried anew."""
        self._interpreter = interpreter
        self._run = run
        self._known: dict[tuple[str, str, str, str, bytes], list[Suggestion]] = {}
        self._of: Interpreter | None = None

    def __call__(self, stray: StrayDevice) -> list[Suggestion]:
        """The best first; empty for a family that is not there any more."""
        interpreter = self._interpreter()
        if interpreter is not self._of:
            self._known, self._of = {}, interpreter
        key = (stray.address, stray.profile, stray.model, stray.topic, stray.payload)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._suggest(interpreter, stray)
        return found

    def _suggest(self, interpreter: Interpreter, stray: StrayDevice) -> list[Suggestion]:
        family, _, identity = stray.address.partition(":")
        if family not in interpreter.families:
            return []
        catalogue = interpreter.catalogue
        trials = [self._tried(interpreter, family, stray, one) for one in catalogue.carried_by(family)]
        return suggest(
            catalogue,
            family,
            known=stray.profile,
            model=stray.model,
            kind=stray.kind,
            words=words_of(identity, stray.payload),
            trials=[one for one in trials if one is not None] if stray.payload else [],
        )

    def _tried(self, interpreter: Interpreter, family: str, stray: StrayDevice, profile: Profile) -> Trial | None:
        arrival = Arrival(stray.topic, stray.payload, stray.last_at)
        (found,) = read_together(
            interpreter,
            [arrival],
            FamilyState(),
            lambda address: (DeviceId(address), profile.id),
            self._run,
            family=family,
        )
        if found.refusal is not None:
            return None
        own = {
            one.metric: one.value
            for decoded in found.messages
            for one in decoded.readings
            if one.metric in profile.readings
        }
        unread = sum(len(decoded.dropped) + (decoded.problem is not None) for decoded in found.messages)
        return Trial(profile=profile, own=own, unread=unread)
