"""People's acts on a case by their names, for tests: pages and the API make the acts themselves."""

from shouwang.domain.acts import (
    Acknowledge,
    Arrive,
    Close,
    Decline,
    Depart,
    Escalate,
    HandOver,
    Remark,
    Resolve,
    Review,
    Verify,
)
from shouwang.domain.casefile import Proof
from shouwang.domain.incident import Finding, Incident, Outcome
from shouwang.domain.vocabulary import IncidentId, PersonId
from shouwang.flows.respond import Respond


class Acting(Respond):
    """See ``Respond``."""

    def acknowledge(self, incident: IncidentId, *, actor: str, note: str = "") -> Incident:
        return self.act(incident, Acknowledge(note=note), actor=actor)

    def verify(self, incident: IncidentId, *, actor: str, finding: Finding, how: str, note: str = "") -> Incident:
        return self.act(incident, Verify(finding=finding, how=how, note=note), actor=actor)

    def decline(self, incident: IncidentId, *, actor: str, note: str = "") -> Incident:
        return self.act(incident, Decline(note=note), actor=actor)

    def en_route(self, incident: IncidentId, *, actor: str, note: str = "") -> Incident:
        return self.act(incident, Depart(note=note), actor=actor)

    def arrive(
        self, incident: IncidentId, *, actor: str, proof: Proof | None = None, reference: str = "", note: str = ""
    ) -> Incident:
        """``proof``: as the caller found it to be true."""
        return self.act(incident, Arrive(proof=proof, reference=reference, note=note), actor=actor)

    def resolve(
        self, incident: IncidentId, *, actor: str, outcome: Outcome, cause: str | None = None, note: str = ""
    ) -> Incident:
        return self.act(incident, Resolve(outcome=outcome, cause=cause or "", note=note), actor=actor)

    def review(self, incident: IncidentId, *, actor: str, note: str = "") -> Incident:
        return self.act(incident, Review(note=note), actor=actor)

    def close(self, incident: IncidentId, *, actor: str, note: str = "") -> Incident:
        return self.act(incident, Close(note=note), actor=actor)

    def handover(self, incident: IncidentId, *, actor: str, to: str, note: str = "") -> Incident:
        return self.act(incident, HandOver(to=PersonId(to), note=note), actor=actor)

    def escalate(self, incident: IncidentId, *, actor: str, reason: str) -> Incident:
        return self.act(incident, Escalate(reason=reason), actor=actor)

    def note(self, incident: IncidentId, *, actor: str, note: str) -> Incident:
        return self.act(incident, Remark(note=note), actor=actor)
