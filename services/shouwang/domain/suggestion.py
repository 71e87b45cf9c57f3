"""Which profile fits a device that nobody registered, each with its reason: announced, named in its words, or tried."""

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum

from shouwang.domain.catalogue import Catalogue
from shouwang.domain.profile import Profile
from shouwang.domain.vocabulary import Kind, Scalar, Value

AT_MOST = 5
"""Suggestions of one device: whoever stands on a ladder reads no longer list."""

WORDS_AT_MOST = 60
LONGEST_WORD = 80
"""Texts of a message in which a model's name is looked for, and their length in characters."""


class Ground(StrEnum):
    """Why a profile is suggested, the surest first."""

    MODEL = "model"
    WORDS = "words"
    TRIAL = "trial"
    GENERIC = "generic"


class Suggestion(Value, frozen=True, kw_only=True):
    """``reason`` by language. ``score`` orders those of one ground: how well the profile read the newest message."""

    profile: str
    kind: Kind
    title: dict[str, str]
    ground: Ground
    reason: dict[str, str]
    score: float = 0.0


class Trial(Value, frozen=True, kw_only=True):
    """What came out when a message was read with one profile. ``own``: values of the metrics that the profile itself
    names; ``unread``: fields that it could not read, or a codec that failed."""

    profile: Profile
    own: dict[str, Scalar]
    unread: int = 0


def suggest(
    catalogue: Catalogue,
    family: str,
    *,
    known: str,
    model: str,
    kind: str,
    words: Sequence[str],
    trials: Sequence[Trial],
) -> list[Suggestion]:
    """The best first, at most ``AT_MOST``, one for each profile. ``known``: the profile by which intake read it;
    ``model``: as its family announced it; ``words``: texts of its newest message."""
    generic = catalogue.generic(family).id
    found: dict[str, Suggestion] = {}
    for one in (
        *_announced(catalogue, family, known if known != generic else "", model),
        *_named(catalogue, family, words, generic),
        *_tried(trials, kind),
        *_fallback(catalogue, generic),
    ):
        found.setdefault(one.profile, one)
    return list(found.values())[:AT_MOST]


def words_of(identity: str, payload: bytes) -> list[str]:
    """Texts in which a model may be named: the identity, and those of a JSON payload, some."""
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return [identity]
    texts = [text for text in _texts(content, 4) if 2 < len(text) <= LONGEST_WORD]
    return [identity, *dict.fromkeys(texts[:WORDS_AT_MOST])]


def _announced(catalogue: Catalogue, family: str, known: str, model: str) -> Iterator[Suggestion]:
    id = catalogue.carried(family, model) if model else None
    profile = catalogue.get(id or known)
    if profile is not None and (id or known):
        said = model or profile.model
        yield _made(profile, Ground.MODEL, {"zh": f"它自报型号 {said}", "en": f"it is announced as {said}"})


def _named(catalogue: Catalogue, family: str, words: Sequence[str], generic: str) -> Iterator[Suggestion]:
    carried = {profile.id for profile in catalogue.carried_by(family)}
    for word in words:
        id = catalogue.named(word, family)
        profile = catalogue.get(id) if id is not None and id in carried and id != generic else None
        if profile is not None:
            yield _made(profile, Ground.WORDS, {"zh": f"报文里写着“{word}”", "en": f"its message says {word!r}"})


def _tried(trials: Sequence[Trial], kind: str) -> Iterator[Suggestion]:
    scored = [(_score(trial, kind), trial) for trial in trials if trial.own]
    scored.sort(key=lambda pair: (-pair[0], pair[1].profile.id))
    best = scored[0][0] if scored else 0.0
    for score, trial in scored:
        if score <= 0 or score < best / 2:
            return
        metrics, whole = ", ".join(sorted(trial.own)), len(trial.profile.readings)
        left = f"，{trial.unread} 项读不懂" if trial.unread else ""
        rest = f", and could not read {trial.unread}" if trial.unread else ""
        reason = {
            "zh": f"试读最近一条报文：读懂该型号 {whole} 项中的 {len(trial.own)} 项（{metrics}）{left}",
            "en": f"tried on its newest message, it reads {len(trial.own)} of the {whole} it knows ({metrics}){rest}",
        }
        yield _made(trial.profile, Ground.TRIAL, reason, score)


def _fallback(catalogue: Catalogue, generic: str) -> Iterator[Suggestion]:
    profile = catalogue.get(generic)
    if profile is not None:
        reason = {
            "zh": "没有更合适的型号：按该网络的通用词汇读取，静默时限未知",
            "en": "no model fits: read by the words that all devices of its network share, its longest silence unknown",
        }
        yield _made(profile, Ground.GENERIC, reason)


def _score(trial: Trial, kind: str) -> float:
    """What it reads, less what it cannot, and a little less for each metric that the message did not have; a message
    that shows another kind of device does not fit."""
    missing = max(0, len(trial.profile.readings) - len(trial.own))
    fits = {"": 0.0, Kind.OTHER.value: 0.0, trial.profile.kind.value: 2.0}.get(kind, -2.0)
    return len(trial.own) - 2.0 * trial.unread - 0.4 * missing + fits


def _made(profile: Profile, ground: Ground, reason: dict[str, str], score: float = 0.0) -> Suggestion:
    return Suggestion(
        profile=profile.id,
        kind=profile.kind,
        title=dict(profile.title),
        ground=ground,
        reason=reason,
        score=round(score, 2),
    )


def _texts(content: object, depth: int) -> Iterator[str]:
    match content:
        case str():
            yield content
        case dict() if depth:
            for value in content.values():
                yield from _texts(value, depth - 1)
        case list() if depth:
            for value in content[:10]:
                yield from _texts(value, depth - 1)
