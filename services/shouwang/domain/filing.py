"""How long the files of a case are kept, and what the journal says of one that is removed.

Photos show homes and people: they are kept no longer than a purpose wants (the Personal Information Protection Law,
article 19), and records of fire control not shorter than GB 25201 section 10 says: five years for faults, repairs and
tests, one for duty and patrols. The case itself and what was done stay.
"""

import msgspec

from shouwang.domain.casefile import CaseFile
from shouwang.domain.incident import Incident, is_live
from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import DAY, Duration, Instant


def is_expired(incident: Incident, kept_for: Duration, now: Instant) -> bool:
    """Its files have been kept for long enough. Never of a case that goes on, or whose end is not known."""
    if is_live(incident.state) or incident.file is None or not incident.file.files:
        return False
    ended = [at for at in (incident.resolved_at, incident.closed_at) if at is not None]
    return bool(ended) and now - max(ended) >= kept_for


def without_files(incident: Incident, kept_for: Duration, now: Instant) -> tuple[Incident, list[Entry]]:
    """The case without its files, and a line of the journal for each. Raises ValueError for one that goes on."""
    if not is_expired(incident, kept_for, now):
        raise ValueError(f"the files of {incident.id} must be kept")
    file = incident.file or CaseFile()
    entries = [
        Entry(
            at=now,
            kind="incident.file_removed",
            incident=incident.id,
            place=incident.place,
            body={"file": one.id, "type": one.type, "why": "retention", "kept_days": kept_for // DAY},
        )
        for one in file.files
    ]
    return msgspec.structs.replace(incident, file=msgspec.structs.replace(file, files=[])), entries
