"""From one brand colour to the four that pages need, light and dark.

Guarantee: whatever the colour, text in it on the page and text on it reach a contrast of 4.5:1 (WCAG 2.2 AA).
Hue and saturation stay; only the lightness moves, and no further than it must.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

ENOUGH = 4.5
# The grounds that text in the accent stands on, worst first (tokens of app.css).
LIGHT_GROUNDS = ("#f1f1ee", "#ffffff")
DARK_GROUNDS = ("#1e2125", "#16181b")
STEPS = 400


@dataclass(frozen=True, slots=True)
class Palette:
    """Values of --accent, --accent-ink, --accent-soft and --on-accent for one scheme."""

    accent: str
    accent_ink: str
    accent_soft: str
    on_accent: str


def light(colour: str) -> Palette:
    """The palette on a white page: text on the accent is white."""
    soft = _at_lightness(colour, 0.955)
    accent = _moved(colour, against=("#ffffff",), darker=True)
    ink = _moved(accent, against=(*LIGHT_GROUNDS, soft), darker=True)
    return Palette(accent, ink, soft, "#ffffff")


def dark(colour: str) -> Palette:
    """The palette on a dark page: the accent is light and the text on it dark."""
    soft = _at_lightness(colour, 0.16, most_saturated=0.45)
    on = _at_lightness(colour, 0.07, most_saturated=0.5)
    accent = _moved(colour, against=(*DARK_GROUNDS, on), darker=False)
    ink = _moved(accent, against=(*DARK_GROUNDS, soft), darker=False)
    return Palette(accent, ink, soft, on)


def as_css(colour: str) -> str:
    """The style sheet that a tenant's pages load after the product's own."""
    bright, dim = light(colour), dark(colour)
    return f":root{{{_rules(bright)}}}\n@media (prefers-color-scheme:dark){{:root{{{_rules(dim)}}}}}\n"


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _rules(palette: Palette) -> str:
    return (
        f"--accent:{palette.accent};--accent-ink:{palette.accent_ink};"
        f"--accent-soft:{palette.accent_soft};--on-accent:{palette.on_accent}"
    )


def _moved(colour: str, *, against: tuple[str, ...], darker: bool) -> str:
    """The colour, its lightness moved until it can be told from all of `against`."""
    hue, lightness, saturation = _hls(colour)
    for step in range(STEPS + 1):
        target = lightness * (1 - step / STEPS) if darker else lightness + (1 - lightness) * step / STEPS
        moved = _hex(hue, target, saturation)
        if all(contrast(moved, ground) >= ENOUGH for ground in against):
            return moved
    return "#000000" if darker else "#ffffff"


def _at_lightness(colour: str, lightness: float, *, most_saturated: float = 1.0) -> str:
    hue, _lightness, saturation = _hls(colour)
    return _hex(hue, lightness, min(saturation, most_saturated))


def _hls(colour: str) -> tuple[float, float, float]:
    return colorsys.rgb_to_hls(*(part / 255 for part in _rgb(colour)))


def _hex(hue: float, lightness: float, saturation: float) -> str:
    return "#" + "".join(
        f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation)
    )


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in _rgb(colour)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
