"""The verifier's last word: one sentence of all that was found, in both languages.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

LEGEND = "agrees = 一致; DIFFERS = 不一致; stated, agreed = 仅列出，不验算"
CHANGED = (
    "The files were changed: what follows is what they say now, not what the statement rests on.",
    "文件已被改动：以下仅为其目前内容，并非对账单所依据的内容。",
)


def verdict(changed: int, seal: int, figures: int) -> tuple[str, str]:
    """What the findings come to: of changed files, of the seal and the digest it covers, and of figures."""
    if changed:
        return (
            f"This kit was changed after it was packed: files that are not as listed: {changed}. It proves nothing"
            " about the statement. Download it again.",
            f"此验算包在打包后被改动过：{changed} 个文件与清单不符。它不能证明对账单的任何内容，请重新下载。",
        )
    if seal:
        return (
            "This is not the statement that was issued: its data or its trail are not what the close sealed. Download"
            " the kit again and compare the head.",
            "这不是当时出具的对账单：其数据或审计链与关账时封存的不一致。请重新下载并核对链头。",
        )
    if figures:
        return (
            f"{figures} {'figure is' if figures == 1 else 'figures are'} not what the policies pay on the lines of this"
            " kit. Download it again: what still differs can be disputed; what does not was changed in this copy,"
            " together with SHA256SUMS.",
            f"{figures} 个数字与按政策对本包明细计算的结果不一致。请重新下载：若仍不一致，请对对账单提出争议；"
            "若一致，则本副本连同 SHA256SUMS 被改动过。",
        )
    return "Everything agrees.", "全部一致。"
