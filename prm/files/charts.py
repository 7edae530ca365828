"""Small SVG charts: geometry by attributes, colours by classes, no script and no inline style.

    chart = bars(points, label=_("Net sales by month, in million yuan"), target=targets, shown=lambda v: f"{v:.1f}")
    {% include "components/chart.html" with chart=chart %}

A chart carries its numbers, so that the page can show them as a table.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 480, 280
LEFT, TOP, BOTTOM = 44, 32, 248


@dataclass(frozen=True)
class Point:
    """`unfinished` paints a period that still runs in grey."""

    label: Any
    value: Decimal | float | int
    target: Decimal | float | int | None = None
    unfinished: bool = False


@dataclass(frozen=True)
class Chart:
    svg: SafeString
    label: Any
    heads: tuple = ()
    rows: list[tuple] = field(default_factory=list)


def _plain(value: Any) -> str:
    return f"{value:,.0f}"


def nice_steps(most: float, spaces: int = 5) -> list[float]:
    """Round marks from 0 to at least `most`, at most `spaces` apart: 0, 2, 4, 6, 8."""
    if most <= 0:
        return [0.0, 1.0]
    size = 10.0 ** math.floor(math.log10(most / spaces))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor * spaces >= most)
    return [step * at for at in range(math.ceil(most / step) + 1)]


def _grid(marks: list[float], shown: Callable[[Any], str]) -> SafeString:
    def rows():
        for mark in marks:
            y = _y(mark, marks[-1])
            yield f"{y:.1f}", LEFT, WIDTH, f"{y + 4:.1f}", shown(mark)

    line = '<line class="g-line" x1="{1}" x2="{2}" y1="{0}" y2="{0}"/><text x="0" y="{3}">{4}</text>'
    return format_html_join("", line, rows())


def _y(value: Any, top: float) -> float:
    return BOTTOM - float(value) / top * (BOTTOM - TOP)


def _frame(label: Any, inside: SafeString, *, lift: int = 0) -> SafeString:
    """`lift`: how much taller, above the usual height."""
    return format_html(
        '<svg class="ui-chart" viewBox="0 {} {} {}" role="img" aria-label="{}">{}</svg>',
        -lift,
        WIDTH,
        HEIGHT + lift,
        label,
        inside,
    )


def bars(
    points: Sequence[Point], *, label: Any, heads: tuple = (), shown: Callable[[Any], str] = _plain
) -> Chart:
    """Bars from zero, with a dashed mark where a point has a target; the highest bar is named."""
    most = max([float(max(p.value, p.target or 0)) for p in points], default=0.0)
    marks = nice_steps(most)
    slot = (WIDTH - LEFT) / max(len(points), 1)
    width = min(slot * 0.6, 36)
    highest = max(points, key=lambda p: p.value, default=None)
    parts = [_grid(marks, shown)]
    for at, point in enumerate(points):
        middle, y = LEFT + slot * (at + 0.5), _y(max(point.value, 0), marks[-1])
        kind = "s2" if point.unfinished else "s1"
        parts.append(format_html(
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>',
            kind, f"{middle - width / 2:.1f}", f"{y:.1f}", f"{width:.1f}", f"{max(BOTTOM - y, 0):.1f}",
        ))  # fmt: skip
        if point.target is not None:
            mark = f"M{middle - width / 2 - 4:.1f} {_y(point.target, marks[-1]):.1f}h{width + 8:.1f}"
            parts.append(format_html('<path class="l2" d="{}"/>', mark))
        if point is highest and point.value > 0:
            place: tuple[Any, ...] = (f"{middle:.1f}", f"{y - 6:.1f}", shown(point.value))
            parts.append(
                format_html('<text class="t-ink" x="{}" y="{}" text-anchor="middle">{}</text>', *place)
            )
        if len(points) <= 13 or at % 2 == 0:
            place = f"{middle:.1f}", point.label
            parts.append(format_html('<text x="{}" y="268" text-anchor="middle">{}</text>', *place))
    return Chart(_frame(label, _joined(parts)), label, heads, _table(points, shown))


SHADES = ("s1", "s3", "s4", "s2", "s5")  # darker to lighter, then what stands apart
LEGEND = 14  # height of a line of the legend
LONGEST = 72  # characters of a name that fit beside its square


def side_by_side(
    groups: Sequence[tuple[Any, Sequence[Any]]], series: Sequence[Any], *, label: Any, heads: tuple = (),
    shown: Callable[[Any], str] = _plain, tick: Callable[[Any, Any], Any] = lambda name, before: name,
) -> Chart:  # fmt: skip
    """Up to five bars beside each other for each (label, values) of `groups`; `series` names them in a legend above.

    `tick` writes a group's label below its bars; it is told the label that stands before, or None.
    """
    marks = nice_steps(max([float(value) for _label, values in groups for value in values], default=0.0))
    slot = (WIDTH - LEFT) / max(len(groups), 1)
    width = min(slot * 0.8 / max(len(series), 1), 36)
    lift = max(LEGEND * len(series) - TOP + 8, 0)
    parts = [_grid(marks, shown), _legend(series, top=-lift)]
    before = None
    for at, (name, values) in enumerate(groups):
        middle = LEFT + slot * (at + 0.5)
        first = middle - width * len(series) / 2
        for number, value in enumerate(values):
            y = _y(max(value, 0), marks[-1])
            parts.append(format_html(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>', SHADES[number],
                f"{first + width * number:.1f}", f"{y:.1f}", f"{max(width - 1, 1):.1f}", f"{max(BOTTOM - y, 0):.1f}",
            ))  # fmt: skip
        if len(groups) <= 13 or at % 3 == 0:
            words, before = tick(name, before), name
            parts.append(
                format_html('<text x="{}" y="268" text-anchor="middle">{}</text>', f"{middle:.1f}", words)
            )
    rows = [(name, *(shown(value) for value in values)) for name, values in groups]
    return Chart(_frame(label, _joined(parts), lift=lift), label, heads, rows)


def _legend(series: Sequence[Any], *, top: int) -> SafeString:
    """Names above the bars, a line each, behind a square of its shade."""
    names = [str(name) for name in series]
    short = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    places = [(SHADES[at], LEFT, top + 1 + LEGEND * at, name) for at, name in enumerate(short)]
    return format_html_join(
        "", '<rect class="{}" x="{}" y="{}" width="9" height="9" rx="2"/><text x="{}" y="{}">{}</text>',
        ((shade, x, y, x + 14, y + 9, name) for shade, x, y, name in places),
    )  # fmt: skip


def line(
    points: Sequence[Point], *, label: Any, heads: tuple = (), shown: Callable[[Any], str] = _plain
) -> Chart:
    """One line over time; targets as a dashed second line."""
    most = max([float(max(p.value, p.target or 0)) for p in points], default=0.0)
    marks = nice_steps(most)
    slot = (WIDTH - LEFT - 16) / max(len(points) - 1, 1)
    spots = [(LEFT + 8 + slot * at, point) for at, point in enumerate(points)]
    parts = [_grid(marks, shown)]
    aims = [(x, p.target) for x, p in spots if p.target is not None]
    if aims:
        parts.append(format_html('<path class="l2" d="{}"/>', _path(aims, marks[-1])))
    parts.append(format_html('<path class="l1" d="{}"/>', _path([(x, p.value) for x, p in spots], marks[-1])))
    every = max(len(points) // 12, 1)
    for at, (x, point) in enumerate(spots):
        if at % every == 0:
            parts.append(
                format_html('<text x="{}" y="268" text-anchor="middle">{}</text>', f"{x:.1f}", point.label)
            )
    if spots:
        x, last = spots[-1]
        spot = f"{x:.1f}", f"{_y(last.value, marks[-1]):.1f}"
        parts.append(format_html('<circle class="f-surface" cx="{}" cy="{}" r="4"/>', *spot))
    return Chart(_frame(label, _joined(parts)), label, heads, _table(points, shown))


def band_bar(parts: Sequence[tuple[Any, Any]], *, label: Any) -> SafeString:
    """One horizontal bar cut in shares: (label, value) pairs, darker to lighter."""
    total = float(sum(value for _name, value in parts)) or 1.0
    x, drawn = 0.0, []
    for at, (_name, value) in enumerate(parts):
        width = float(value) / total * WIDTH
        drawn.append((SHADES[min(at, 3)], f"{x:.1f}", f"{max(width - 1, 0):.1f}"))
        x += width
    inside = format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="12" rx="2"/>', drawn)
    frame = '<svg class="ui-chart" viewBox="0 0 {} 12" role="img" aria-label="{}">{}</svg>'
    return format_html(frame, WIDTH, label, inside)


def _path(spots: list, top: float) -> str:
    return "M" + "L".join(f"{x:.1f} {_y(value, top):.1f}" for x, value in spots) if spots else ""


def _joined(parts: list) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _table(points: Sequence[Point], shown: Callable[[Any], str]) -> list[tuple]:
    with_target = any(point.target is not None for point in points)
    rows = []
    for point in points:
        aim = (shown(point.target) if point.target is not None else "",) if with_target else ()
        rows.append((point.label, shown(point.value), *aim))
    return rows
