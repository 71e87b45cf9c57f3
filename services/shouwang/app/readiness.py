"""Whether the whole chain works now, and what is missing when it does not."""

from collections.abc import Callable, Mapping

from shouwang.api.doors import Readiness
from shouwang.domain.errors import Unavailable
from shouwang.domain.pulse import Fare
from shouwang.domain.vocabulary import SECOND, Duration
from shouwang.flows.canary import Canary
from shouwang.ports import Clock, Publisher


class Chain:
    """Judges by the canary: a probe of this run that was committed lately. ``period``: between two probes. ``fares``:
    how the channels stand; a dead one is shown, and takes nobody's readiness away."""

    def __init__(
        self,
        canary: Canary,
        publisher: Publisher,
        clock: Clock,
        period: Duration,
        fares: Callable[[], Mapping[str, Fare]] = dict,
    ) -> None:
        self._fares = fares
        self._canary = canary
        self._publisher = publisher
        self._clock = clock
        self._patience = max(3 * period, 15 * SECOND)

    def __call__(self) -> Readiness:
        try:
            proof = self._canary.proof()
        except Unavailable as error:
            return Readiness(ok=False, reasons=[str(error)], channels=self._fares())
        reasons: list[str] = []
        if not self._publisher.connected:
            reasons.append("the server has no connection to the MQTT broker")
        if proof is None:
            reasons.append("no probe has yet come through broker and intake")
        elif self._clock.now() - proof.sent_at > self._patience:
            age = (self._clock.now() - proof.sent_at) // SECOND
            reasons.append(f"the newest probe that came through broker and intake is {age} s old")
        return Readiness(
            ok=not reasons,
            reasons=reasons,
            proven_at=proof.sent_at if proof else None,
            took=proof.took if proof else None,
            channels=self._fares(),
        )
