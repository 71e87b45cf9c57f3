"""The paper of a form: A4 across, its title and heads on every sheet, no row cut, lines to write on, signatures."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

BLANK_LINES = 6
"""At the end of the last table: what happens on paper first has its room."""

_STYLE = """
@page {
  size: A4 landscape; margin: 14mm 12mm 16mm;
  @bottom-right { content: "第 " counter(page) " 页 共 " counter(pages) " 页" }
}
body { font: 10pt/1.35 SimSun, "Songti SC", "Noto Serif CJK SC", "WenQuanYi Micro Hei", serif; margin: 0 }
h1 { font-size: 17pt; text-align: center; letter-spacing: .15em; margin: 0 0 4mm }
h2 { font-size: 11pt; margin: 5mm 0 1.5mm; break-after: avoid }
dl { display: flex; flex-wrap: wrap; gap: 1mm 8mm; margin: 0 0 3mm }
dl div { display: flex } dt::after { content: "：" } dd { margin: 0 }
table { border-collapse: collapse; width: 100% }
thead { display: table-header-group } tr { break-inside: avoid }
.sheet > tbody > tr { break-inside: auto }
.sheet > thead > tr > td, .sheet > tbody > tr > td { border: 0; padding: 0 1px; height: auto }
th, td { border: 1px solid #000; padding: 1.2mm 1.6mm; text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { text-align: center; font-weight: 700; overflow-wrap: normal } td { height: 6mm }
.few { white-space: nowrap }
.signatures { display: flex; justify-content: space-between; gap: 6mm; margin-top: 9mm }
.signatures { break-inside: avoid; break-before: avoid }
.signatures span { flex: 1; border-bottom: 1px solid #000; padding-bottom: 1mm }
footer { margin-top: 4mm; font-size: 8.5pt }
"""
_SHORT = 15
"""Characters that are not broken into two lines: a time, a name."""


class Table(NamedTuple):
    """``rows``: cells in the order of ``head``."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Form(NamedTuple):
    """``facts``: what stands above the tables, by its name. ``signatures``: who signs. ``basis``: why it is kept."""

    title: str
    tables: Sequence[Table]
    signatures: Sequence[str]
    facts: Sequence[tuple[str, str]] = ()
    basis: str = "依据 GB 25201《建筑消防设施的维护管理》；由系统记录生成，空行供手写补记。"


def several(names: Sequence[str], unit: str, most: int = 10) -> str:
    """The first ``most`` of them, and then how many there are in all: nothing is left out in silence."""
    return "、".join(names[:most]) + (f" 等 {len(names)} {unit}" if len(names) > most else "")


def page_of(form: Form) -> str:
    """The HTML of a form; every word of others is escaped. Its title and facts are the head of a table around
    everything else: browsers repeat that on each sheet, so that a loose one still says what, whose and of when it is.
    They stop where a head takes more than a quarter of a sheet, so ``facts`` are short."""
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in form.facts)
    tables = "".join(_table(one, is_last=one is form.tables[-1]) for one in form.tables)
    signed = "".join(f"<span>{escape(one)}：</span>" for one in (*form.signatures, "日期"))
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(form.title)}</title>'
        f'<style>{_STYLE}</style></head><body><table class="sheet" role="presentation">'
        f"<thead><tr><td><h1>{escape(form.title)}</h1><dl>{facts}</dl></td></tr></thead><tbody><tr><td>{tables}"
        f'<div class="signatures">{signed}</div><footer>{escape(form.basis)}</footer>'
        "</td></tr></tbody></table></body></html>"
    )


def _table(table: Table, *, is_last: bool) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in table.head)
    blank = [[""] * len(table.head)] * (BLANK_LINES if is_last else 1)
    title = f"<h2>{escape(table.title)}</h2>" if table.title else ""
    return f"{title}<table><thead><tr>{head}</tr></thead><tbody>{_lines([*table.rows, *blank])}</tbody></table>"


def _lines(rows: Iterable[Sequence[str]]) -> str:
    return "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)


def _cell(text: str) -> str:
    few = ' class="few"' if len(text) <= _SHORT else ""
    return f"<td{few}>{escape(text)}</td>"
