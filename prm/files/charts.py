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
# On a phone the picture is drawn at two thirds of its size and its words are written larger (`.ui-chart-scaled`), so
# that they can be read there: places are kept for words of that size.
LETTER, GAP = 15, 8


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
            yield f"{y:.1f}", f"{_left(marks, shown):.1f}", WIDTH, f"{y + 4:.1f}", shown(mark)

    line = '<line class="g-line" x1="{1}" x2="{2}" y1="{0}" y2="{0}"/><text x="0" y="{3}">{4}</text>'
    return format_html_join("", line, rows())


def wide(words: Any) -> float:
    """How much room words take on a phone: Chinese characters are as wide as they are high, others narrower."""
    return sum(LETTER * (1 if ord(letter) > 0x2E80 else 0.62) for letter in str(words))


def _left(marks: list[float], shown: Callable[[Any], str]) -> float:
    """Where the picture begins: behind the widest of its marks."""
    return max(LEFT, *(wide(shown(mark)) + GAP for mark in marks))


def _labels(
    names: Sequence[Any],
    middles: Sequence[float],
    tick: Callable[[Any, Any], Any] = lambda name, before: name,
) -> list[SafeString]:
    """The names below their places: every one, or every second, third …, so that none touches the next."""
    every, written = 1, _every(names, middles, tick, 1)
    while len(written) > 1 and _touch(written):
        every += 1
        written = _every(names, middles, tick, every)
    return [
        format_html('<text x="{}" y="268" text-anchor="middle">{}</text>', f"{middle:.1f}", words)
        for middle, words in written
    ]


def _every(
    names: Sequence[Any], middles: Sequence[float], tick: Callable[[Any, Any], Any], every: int
) -> list[tuple[float, Any]]:
    """Each name with the middle of its place; one that would be cut off at the right is left out."""
    written: list[tuple[float, Any]] = []
    before = None
    for name, middle in list(zip(names, middles, strict=True))[::every]:
        words, before = tick(name, before), name
        if not written or middle + wide(words) / 2 <= WIDTH:
            written.append((middle, words))
    return written


def _touch(written: list[tuple[float, Any]]) -> bool:
    return any(
        after - middle < (wide(words) + wide(next_words)) / 2 + GAP
        for (middle, words), (after, next_words) in zip(written, written[1:], strict=False)
    )


def _y(value: Any, top: float) -> float:
    return BOTTOM - float(value) / top * (BOTTOM - TOP)


def _frame(label: Any, inside: SafeString, *, lift: int = 0) -> SafeString:
    """`lift`: how much taller, above the usual height."""
    return format_html(
        '<svg class="ui-chart ui-chart-scaled" viewBox="0 {} {} {}" role="img" aria-label="{}">{}</svg>',
        -lift,
        WIDTH,
        HEIGHT + lift,
        label,
        inside,
    )


def _slots(count: int, left: float) -> tuple[list[float], float]:
    """The middles of equally wide places, and how wide each is."""
    slot = (WIDTH - left) / max(count, 1)
    return [left + slot * (at + 0.5) for at in range(count)], slot


def bars(
    points: Sequence[Point], *, label: Any, heads: tuple = (), shown: Callable[[Any], str] = _plain
) -> Chart:
    """Bars from zero, with a dashed mark where a point has a target; the highest bar is named."""
    most = max([float(max(p.value, p.target or 0)) for p in points], default=0.0)
    marks = nice_steps(most)
    middles, slot = _slots(len(points), _left(marks, shown))
    width = min(slot * 0.6, 36)
    highest = max(points, key=lambda p: p.value, default=None)
    parts = [_grid(marks, shown)]
    for middle, point in zip(middles, points, strict=True):
        y = _y(max(point.value, 0), marks[-1])
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
    parts += _labels([point.label for point in points], middles)
    return Chart(_frame(label, _joined(parts)), label, heads, _table(points, shown))


SHADES = ("s1", "s3", "s4", "s2", "s5")  # darker to lighter, then what stands apart
LEGEND = 18  # height of a line of the legend
LONGEST = 46  # characters of a name that fit beside its square, on a phone too


def side_by_side(
    groups: Sequence[tuple[Any, Sequence[Any]]], series: Sequence[Any], *, label: Any, heads: tuple = (),
    shown: Callable[[Any, Any], str] = lambda value, highest: _plain(value),
    told: Callable[[Any], str] = _plain, tick: Callable[[Any, Any], Any] = lambda name, before: name,
) -> Chart:  # fmt: skip
    """Up to five bars beside each other for each (label, values) of `groups`; `series` names them in a legend above.

    `shown` writes an amount at the side, where it is told the highest one as well, `told` in the table of its numbers.
    `tick` writes a group's label below its bars; it is told the label that stands before, or None.
    """
    marks = nice_steps(max([float(value) for _label, values in groups for value in values], default=0.0))

    def at_side(mark: Any) -> str:
        return shown(mark, marks[-1])

    middles, slot = _slots(len(groups), _left(marks, at_side))
    width = min(slot * 0.8 / max(len(series), 1), 36)
    lift = max(LEGEND * len(series) - TOP + 8, 0)
    parts = [_grid(marks, at_side), _legend(series, top=-lift)]
    for middle, (_name, values) in zip(middles, groups, strict=True):
        first = middle - width * len(series) / 2
        for number, value in enumerate(values):
            y = _y(max(value, 0), marks[-1])
            parts.append(format_html(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>', SHADES[number],
                f"{first + width * number:.1f}", f"{y:.1f}", f"{max(width - 1, 1):.1f}", f"{max(BOTTOM - y, 0):.1f}",
            ))  # fmt: skip
    parts += _labels([name for name, _values in groups], middles, tick)
    rows = [(name, *(told(value) for value in values)) for name, values in groups]
    return Chart(_frame(label, _joined(parts), lift=lift), label, heads, rows)


def _legend(series: Sequence[Any], *, top: int) -> SafeString:
    """Names above the bars, a line each, behind a square of its shade."""
    names = [str(name) for name in series]
    places = [(SHADES[at], LEFT, top + 4 + LEGEND * at, _short(name)) for at, name in enumerate(names)]
    return format_html_join(
        "", '<rect class="{}" x="{}" y="{}" width="9" height="9" rx="2"/><text x="{}" y="{}">{}</text>',
        ((shade, x, y, x + 14, y + 9, name) for shade, x, y, name in places),
    )  # fmt: skip


def _short(name: str) -> str:
    """A name that fits; of a longer one its middle is left out, since versions of a programme differ at their end."""
    room = LONGEST * LETTER * 0.62
    if wide(name) <= room:
        return name
    head = tail = len(name) // 2
    while wide(f"{name[:head]}…{name[-tail:]}") > room:
        head, tail = head - 1, tail - 1
    return f"{name[:head]}…{name[-tail:]}"


def line(
    points: Sequence[Point], *, label: Any, heads: tuple = (), shown: Callable[[Any], str] = _plain
) -> Chart:
    """One line over time; targets as a dashed second line."""
    most = max([float(max(p.value, p.target or 0)) for p in points], default=0.0)
    marks = nice_steps(most)
    left = _left(marks, shown)
    slot = (WIDTH - left - 16) / max(len(points) - 1, 1)
    spots = [(left + 8 + slot * at, point) for at, point in enumerate(points)]
    parts = [_grid(marks, shown)]
    aims = [(x, p.target) for x, p in spots if p.target is not None]
    if aims:
        parts.append(format_html('<path class="l2" d="{}"/>', _path(aims, marks[-1])))
    parts.append(format_html('<path class="l1" d="{}"/>', _path([(x, p.value) for x, p in spots], marks[-1])))
    parts += _labels([point.label for point in points], [x for x, _point in spots])
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
