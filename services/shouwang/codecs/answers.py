"""What a codec returned, understood: TS013's ``{data, errors, warnings}``, the bare object of older forms, and the ways
in which vendors differ from both."""

from typing import Any

import msgspec

from shouwang.domain.codec import CodecAnswer
from shouwang.domain.payload import MAX_DEPTH
from shouwang.domain.vocabulary import Problem, Refusal

_ENVELOPE = frozenset({"data", "errors", "warnings"})
_COMPLAINTS = frozenset({"error", "errors", "err", "errormessage", "error_message"})
_MOST_WARNINGS = 10
_LONGEST_WARNING = 300


def answer_of(profile: str, content: str) -> CodecAnswer:
    """From the JSON that a codec's answer became. Errors without data are the codec's refusal of the message; with
    data they are warnings, because an alarm beside an error is still an alarm."""
    try:
        said = msgspec.json.decode(content)
    except RecursionError:
        return _refused(profile, f"its answer is nested deeper than {MAX_DEPTH} levels")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _refused(profile, f"its answer is no text that can be read: {error}")
    if content.count("{") + content.count("[") > MAX_DEPTH and _depth(said) > MAX_DEPTH:
        return _refused(profile, f"its answer is nested deeper than {MAX_DEPTH} levels")
    errors: list[str] = []
    warnings: list[str] = []
    if isinstance(said, dict) and said.keys() & _ENVELOPE and said.keys() <= _ENVELOPE:
        errors, warnings = _texts(said.get("errors")), _texts(said.get("warnings"))
        said = said.get("data")
        if errors and not said:
            return _refused(profile, "; ".join(errors))
    fields, complaint = _fields(said)
    return CodecAnswer(fields=fields, warnings=[*errors, *warnings, *complaint])


def _fields(data: object) -> tuple[dict[str, Any], list[str]]:
    match data:
        case None:
            return {}, ["it gave nothing"]
        case str():
            return {}, _texts(data)
        case dict() if not data:
            return {}, ["it gave no field"]
        case dict() if all(key.lower() in _COMPLAINTS for key in data):
            return {}, [text for value in data.values() for text in _texts(value)]
        case dict():
            return data, []
        case list():
            return {"data": data}, []
        case _:
            return {}, [f"it gave {data!r} where an object was expected"]


def _texts(said: object) -> list[str]:
    match said:
        case None | "" | False:
            return []
        case list():
            return [text for one in said[:_MOST_WARNINGS] for text in _texts(one)]
        case str():
            return [said[:_LONGEST_WARNING]]
        case _:
            return [msgspec.json.encode(said).decode()[:_LONGEST_WARNING]]


def _depth(content: object) -> int:
    """Levels of lists and objects, counted up to one more than are allowed."""
    level, depth = [content], 0
    while depth <= MAX_DEPTH:
        level = [
            below
            for one in level
            if isinstance(one, (dict, list))
            for below in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            break
        depth += 1
    return depth


def _refused(profile: str, text: str) -> CodecAnswer:
    return CodecAnswer(problem=Refusal(Problem.CODEC_ERROR, f"the codec of {profile}: {text}"))
