"""A rule over stored readings, as a job beside the service: started, looked at, ended."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.backtest import Job
from shouwang.domain.errors import Unavailable
from shouwang.domain.moment import instant

from .access import Caller, allow_on_site
from .doors import Backtests, TheWindow, Window
from .problems import Code, FieldError, Problem, invalid, not_found
from .rule_editing import RuleRef
from .rule_sheets import LONGEST
from .schemas import Sent

router = APIRouter(prefix="/rules", tags=["rulebook"])

SHOWN = 1_000
"""Episodes of a result that are shown; the command line has all."""

JobRef = Annotated[str, Path(max_length=40, pattern=r"^[0-9a-f]+$")]


class BacktestIn(Sent):
    since: datetime = Field(alias="from", description="RFC 3339.")
    until: datetime | None = Field(None, alias="to", description="RFC 3339; default now.")
    text: str = Field("", max_length=LONGEST, description="A changed rule of this id; empty is the one in force.")


class EpisodeOut(BaseModel):
    at: str
    subject: str


class ComparisonOut(BaseModel):
    """``missed``: alerts that it would not have raised, by outcome (empty: nobody said); ``new``: raised by nobody."""

    would_raise: int
    raised: int
    missed: dict[str, int]
    missed_real: list[str]
    new: int
    episodes: list[EpisodeOut]


class BacktestOut(BaseModel):
    """``state``: running, done, failed or stopped; ``done`` of ``of`` devices."""

    id: str
    rule: str
    state: str
    done: int
    of: int
    result: ComparisonOut | None
    problem: str


@router.post("/{rule_id}/backtest", status_code=202)
def start_backtest(
    window: TheWindow, caller: Caller, rule_id: RuleRef, body: BacktestIn, response: Response
) -> BacktestOut:
    """What the rule would have raised, beside what was raised and with what outcome. One runs at a time."""
    jobs = _allowed(window, caller)
    start = _instant("body/from", body.since)
    end = window.clock.now() if body.until is None else _instant("body/to", body.until)
    if start >= end:
        raise invalid("body/from", "is not before to")
    if body.text:
        _, problems = window.examine(body.text, rule_id)
        if problems:
            errors = [FieldError("body/text", str(one)) for one in problems]
            raise Problem(Code.INVALID, "; ".join(map(str, problems)), errors=errors)
    elif not any(rule.id == rule_id for rule in window.rules()):
        raise not_found("rule", rule_id)
    job = jobs.start(rule_id, body.text, start, end)
    response.headers["Location"] = f"/api/v1/rules/{rule_id}/backtest/{job.id}"
    return _job_out(job)


@router.get("/{rule_id}/backtest/{job_id}")
def get_backtest(window: TheWindow, caller: Caller, rule_id: RuleRef, job_id: JobRef) -> BacktestOut:
    """How far it is, and what it found."""
    return _job_out(_found(_allowed(window, caller).job(rule_id, job_id), job_id))


@router.delete("/{rule_id}/backtest/{job_id}")
def stop_backtest(window: TheWindow, caller: Caller, rule_id: RuleRef, job_id: JobRef) -> BacktestOut:
    """Ends it at once; what is done stays done."""
    return _job_out(_found(_allowed(window, caller).stop(rule_id, job_id), job_id))


def _allowed(window: Window, caller: Principal) -> Backtests:
    """It reads what every device of the site said."""
    allow_on_site(caller, Act.CHANGE_RULES)
    if window.backtests is None:
        raise Unavailable("this installation runs no backtests over HTTP; use the command line")
    return window.backtests


def _instant(pointer: str, at: datetime) -> int:
    if at.tzinfo is None:
        raise invalid(pointer, "has no offset; expected RFC 3339, for example 2026-11-01T00:00:00+08:00")
    return instant(at)


def _found(job: Job | None, id: str) -> Job:
    if job is None:
        raise not_found("backtest", id)
    return job


def _job_out(job: Job) -> BacktestOut:
    result = ComparisonOut.model_validate(job.result) if job.result is not None else None
    if result is not None:
        result.episodes = result.episodes[:SHOWN]
    return BacktestOut(
        id=job.id, rule=job.rule, state=job.state, done=job.done, of=job.of, result=result, problem=job.problem
    )
