"""处置统计: how fast people answered, against the standards, and what false alarms came from."""

import csv
import io
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from shouwang.domain.access import Act
from shouwang.domain.alert import AlertClass
from shouwang.domain.moment import moment, rfc3339
from shouwang.domain.responding import TARGETS, Group, Spread, response_figures, rows_of

from .access import Caller, allow
from .doors import TheWindow, Window
from .period import USUAL, Since, cases_between, site_zone, span
from .questions import When, Within
from .schemas import Time, Words

router = APIRouter(tags=["reports"])


class SpreadOut(BaseModel):
    """Seconds."""

    count: int
    mean: float | None
    median: float | None
    p95: float | None


class AnsweredOut(BaseModel):
    """Cases with one thing in common."""

    key: str
    cases: int
    acknowledge: SpreadOut
    on_scene: SpreadOut
    close: SpreadOut
    counted: dict[str, int] = Field(description="How many are of the classes of each target, where any are.")
    shares: dict[str, float] = Field(description="Of those, how many met it.")
    unproven: int = Field(description="未核实到场")
    false: int


class StandardOut(BaseModel):
    classes: list[AlertClass]
    source: Words


class ResponseOut(BaseModel):
    """``targets``: seconds and the share that should make it; ``standards``: of which classes, and who says so."""

    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    targets: dict[str, tuple[int, float]]
    standards: dict[str, StandardOut]
    total: AnsweredOut
    groups: dict[str, list[AnsweredOut]] = Field(
        description="By zone, post, class, local hour, outcome (empty: not over) and local day."
    )
    false_by_cause: list[tuple[str, int]]
    false_by_device: list[tuple[str, int]]


@router.get("/reports/response", response_model=None, responses={200: {"model": ResponseOut}})
def response_report(
    window: TheWindow,
    caller: Caller,
    place: Within = None,
    since: Since = None,
    to: When = None,
    format: Literal["json", "csv", "xlsx"] = "json",
) -> ResponseOut | Response:
    """接警、到场、办结用时 by zone, post, kind, hour, outcome and day against the standards; 误报 by cause, device."""
    allow(caller, Act.READ)
    start, end = span(window, since, to, USUAL)
    community = window.directory.community()
    zone = site_zone(community)
    figures = response_figures(cases_between(window, caller, place, start, end), community, zone)
    if format != "json":
        tables: dict[str, list[list[object]]] = {
            "response": rows_of(figures),
            "false_by_cause": [["cause", "cases"], *map(list, figures.false_alarms.by_cause)],
            "false_by_device": [["device", "cases"], *map(list, figures.false_alarms.by_device)],
        }
        return _download(window, tables, format, f"response-{moment(start):%Y%m%d}-{moment(end):%Y%m%d}")
    return ResponseOut(
        start=rfc3339(start),
        end=rfc3339(end),
        targets={name: (one.seconds, one.share) for name, one in TARGETS.items()},
        standards={name: StandardOut(classes=list(one.classes), source=one.source) for name, one in TARGETS.items()},
        total=_group_out(figures.total),
        groups={name: [_group_out(one) for one in groups] for name, groups in figures.groups.items()},
        false_by_cause=figures.false_alarms.by_cause,
        false_by_device=figures.false_alarms.by_device,
    )


def _download(window: Window, tables: dict[str, list[list[object]]], format: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    if format == "csv":
        text = io.StringIO()
        writer = csv.writer(text)
        for title, rows in tables.items():
            writer.writerow([f"# {title}"])
            writer.writerows([[inert(cell) for cell in row] for row in rows])
        return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Response(window.spreadsheet(tables), media_type=kind, headers=headers)


def inert(cell: object) -> object:
    """A text that a spreadsheet would run as a formula stays a text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


def _group_out(one: Group) -> AnsweredOut:
    return AnsweredOut(
        key=one.key,
        cases=one.cases,
        acknowledge=_spread_out(one.acknowledge),
        on_scene=_spread_out(one.on_scene),
        close=_spread_out(one.close),
        counted=one.counted,
        shares=one.shares,
        unproven=one.unproven,
        false=one.false,
    )


def _spread_out(one: Spread) -> SpreadOut:
    return SpreadOut(count=one.count, mean=one.mean, median=one.median, p95=one.p95)
