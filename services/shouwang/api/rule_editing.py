"""Rules that a site writes itself, whole documents at a time."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.errors import ConfigError
from shouwang.domain.journal import Entry
from shouwang.domain.rule import RuleText

from .access import Caller, allow, allow_on_site
from .doors import TheWindow, Window
from .etags import IfMatch, etag, require_match
from .problems import Code, FieldError, Problem, not_found
from .rule_sheets import RuleDocumentsOut, RuleIn
from .rulebook import rule_out

router = APIRouter(prefix="/rules", tags=["rulebook"])

RuleRef = Annotated[str, Path(max_length=200, pattern=r"^[^/]+$")]


@router.get("/{rule_id}")
def get_rule(window: TheWindow, caller: Caller, rule_id: RuleRef, response: Response) -> RuleDocumentsOut:
    """All documents of a rule, with what the site itself keeps of it."""
    allow(caller, Act.READ)
    return _shown(window, rule_id, response)


@router.post("", status_code=201)
def add_rule(window: TheWindow, caller: Caller, body: RuleIn, response: Response) -> RuleDocumentsOut:
    """Kept in the directory; in force within a second, at all places. A document with the id of a shipped rule stands
    beside it, and the nearest scope wins. The same text again gives 200."""
    _allow_change(caller)
    kept = _examined(window, body.text, "")
    known = window.directory.community().rules.get(kept.id)
    if known is not None and known != kept:
        raise Problem(Code.CONFLICT, f"the site keeps a rule {kept.id!r} already, otherwise; change it by PUT")
    if known is None:
        _keep(window, caller, kept, "rule.added")
    else:
        response.status_code = 200
    return _shown(window, kept.id, response)


@router.put("/{rule_id}")
def change_rule(
    window: TheWindow, caller: Caller, rule_id: RuleRef, body: RuleIn, response: Response, if_match: IfMatch = None
) -> RuleDocumentsOut:
    """The whole of what the site says of this rule. Standings that still make sense stay, a running `for` with its new
    length; what is asked otherwise keeps only whether it is raised, and the journal says what was reset."""
    _allow_change(caller)
    known = window.directory.community().rules.get(rule_id)
    if known is not None or if_match is not None:
        require_match(if_match, etag(known) if known is not None else '""')
    kept = _examined(window, body.text, rule_id)
    if kept != known:
        _keep(window, caller, kept, "rule.changed" if known is not None else "rule.added")
    return _shown(window, rule_id, response)


@router.delete("/{rule_id}", status_code=204)
def remove_rule(window: TheWindow, caller: Caller, rule_id: RuleRef, if_match: IfMatch = None) -> None:
    """What the site itself says of it; a shipped rule stays, and is in force again. An open alert stays open."""
    _allow_change(caller)
    known = window.directory.community().rules.get(rule_id)
    if known is None:
        if any(rule.id == rule_id for rule in window.rules()):
            raise Problem(
                Code.CONFLICT,
                f"{rule_id!r} comes from a file; to be rid of it, PUT a document of this id with a scope of your own",
            )
        raise not_found("rule", rule_id)
    require_match(if_match, etag(known))
    window.directory.change([], [("rule", rule_id)])
    _record(window, caller, rule_id, "rule.removed", "")


def _allow_change(caller: Principal) -> None:
    """Rules are the whole site's."""
    allow_on_site(caller, Act.CHANGE_RULES)


def _examined(window: Window, text: str, id: str) -> RuleText:
    """Raises the problem with every mistake, each with its line."""
    rules, problems = window.examine(text, id)
    if problems:
        errors = [_field_error(one) for one in problems]
        raise Problem(Code.INVALID, "; ".join(map(str, problems)), errors=errors)
    return RuleText(id=rules[0].id, text=text if text.endswith("\n") else f"{text}\n")


def _field_error(error: ConfigError) -> FieldError:
    detail = str(error).removeprefix(f"{error.where}: ")
    line = error.where.rpartition(":")[2]
    return FieldError(f"body/text:{line}" if line.isdigit() else "body/text", detail)


def _keep(window: Window, caller: Principal, kept: RuleText, kind: str) -> None:
    window.directory.change([kept])
    _record(window, caller, kept.id, kind, " ".join(one.version for one in window.examine(kept.text, kept.id)[0]))


def _record(window: Window, caller: Principal, id: str, kind: str, version: str) -> None:
    entry = Entry(at=window.clock.now(), kind=kind, actor=caller.actor, body={"rule": id, "version": version})
    with window.casebook.change() as transaction:
        transaction.record(entry)


def _shown(window: Window, id: str, response: Response) -> RuleDocumentsOut:
    kept = window.directory.community().rules.get(id)
    documents = [rule_out(one) for one in window.rules() if one.id == id]
    if not documents:
        raise not_found("rule", id)
    if kept is not None:
        response.headers["ETag"] = etag(kept)
    return RuleDocumentsOut(
        id=id,
        documents=documents,
        text=kept.text if kept is not None else None,
        file_text=window.written(id),
    )
