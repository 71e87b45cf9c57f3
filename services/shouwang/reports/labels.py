"""Label sheets as PDF: 3 by 8 on A4 (70 × 37 mm, the common sheet), a QR code and words for people on each."""

import io
from collections.abc import Sequence

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from shouwang.domain.label import Label

ACROSS, DOWN = 3, 8
WIDTH, HEIGHT = 70 * mm, 37 * mm
CODE = 25 * mm
MARGIN = 4 * mm

FONT = "STSong-Light"
"""A typeface that PDF viewers bring for Chinese (Adobe-GB1): none is embedded, none must be installed here."""


def print_labels(labels: Sequence[Label]) -> bytes:
    """The sheets; an empty one where there is no label."""
    registerFont(UnicodeCIDFont(FONT))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setTitle("Shouwang labels")
    for index, label in enumerate(labels):
        place = index % (ACROSS * DOWN)
        if index and place == 0:
            canvas.showPage()
        column, row = place % ACROSS, place // ACROSS
        _draw(canvas, label, column * WIDTH, A4[1] - (row + 1) * HEIGHT)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, label: Label, x: float, y: float) -> None:
    _code(canvas, label.code, x + MARGIN, y + (HEIGHT - CODE) / 2)
    left, width = x + MARGIN + CODE + 2 * mm, WIDTH - CODE - 2 * MARGIN
    canvas.setFont(FONT, 9)
    canvas.drawString(left, y + HEIGHT - 9 * mm, _fitting(label.title, 9, width))
    canvas.setFont(FONT, 6.5)
    for number, line in enumerate(label.lines[:4]):
        canvas.drawString(left, y + HEIGHT - (14 + 4.5 * number) * mm, _fitting(line, 6.5, width))


def _code(canvas: Canvas, text: str, x: float, y: float) -> None:
    """Drawn as rectangles: sharp at any size, and no picture library at work."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=2)]
    side = CODE / len(rows)
    for down, row in enumerate(rows):
        start = None
        for across, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = across
            elif not dark and start is not None:
                top = y + CODE - (down + 1) * side
                canvas.rect(x + start * side, top, (across - start) * side, side, stroke=0, fill=1)
                start = None


def _fitting(text: str, size: float, width: float) -> str:
    if stringWidth(text, FONT, size) <= width:
        return text
    while text and stringWidth(f"{text}…", FONT, size) > width:
        text = text[:-1]
    return f"{text}…"
