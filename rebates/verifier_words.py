"""The verifier's part for who reads Chinese: each line that it prints, in both languages.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

# Fixed words of the lines, longer ones first; codes of programmes hold neither spaces nor commas, and stay.
PHRASES = (
    ("every file has the SHA-256 that SHA256SUMS lists", "每个文件的 SHA-256 均与 SHA256SUMS 所列相同"),
    (": it was changed since it was packed: its SHA-256 is ", "：打包后被改动：其 SHA-256 为 "),
    (": it is missing", "：文件缺失"),
    (", a share of sums that are not in the kit", "，为本包所不含的合计数中的份额"),
    (": the partner's own sum is above what all share by", "：该合作伙伴自身的合计高于全体据以分摊的合计"),
    (
        ": what counts of the partner's own sum is above what counts of all",
        "：该合作伙伴自身计入的部分高于全体计入的部分",
    ),
    (": the group is paid on more than what all share by", "：整组的计返基数高于全体据以分摊的合计"),
    ("the statement's SHA-256 is among those that its close sealed", "对账单的 SHA-256 在关账时封存之列"),
    (
        "the trail of this close keeps no path to a single statement",
        "该次关账的审计链不含通往单张对账单的路径",
    ),
    ("head of the sealed trail at the close: ", "关账时封存审计链的链头："),
    (", nothing to compute it from", "，无从验算"),
    ("audit_head: the statement says ", "链头：对账单所载为 "),
    (", its close sealed ", "，关账时封存的为 "),
    (", the chain begins at ", "，链的起点为 "),
    (
        ": it is not among those that its close sealed, whatever the figures come to",
        "：不在关账时封存之列，无论数字如何",
    ),
    (
        " of the sealed trail: it is not the one that the last batch seals",
        "（封存审计链的行）：并非最后一批所封存的行",
    ),
    (
        " of the sealed trail: its hash does not follow from its rows and the head before",
        "（封存审计链的批次）：其哈希与各行及前一链头不符",
    ),
    (": the chain ends with ", "：链的终点为 "),
    ("the sealed chain cannot be read: ", "无法读取封存链："),
    ("sealed trail from head ", "封存审计链，自链头 "),
    ("SHA-256 of the statement's data: ", "对账单数据的 SHA-256："),
    ("what came over, by programme", "各返利政策的期初结转"),
    (", manual adjustment ", "，人工调整 "),
    (" (last day excluded)", "（不含最后一日）"),
    (", number of lines: ", "，明细行数："),
    (", carried forward: ", "，结转："),
    (", to be paid: ", "，应付："),
    (", computed: ", "，计算所得："),
    (", qualifier: ", "，达标口径："),
    (", reference: ", "，对比基数："),
    (", adjusted: ", "，调整："),
    (", accrued: ", "，预提："),
    (", earned: ", "，已获："),
    (", closing: ", "，期末："),
    (", opening: ", "，期初："),
    (", base: ", "，计返基数："),
    (", band: ", "，档位："),
    (", paid: ", "，已付："),
    (": stated ", "：列示 "),
    ("stated nothing", "列示 无"),
    ("here nothing", "验算 无"),
    (", stated ", "，列示 "),
    (", here ", "，验算 "),
    ("stated ", "列示 "),
    (" sales lines", " 条销售明细"),
    (" credits", " 条业绩归属"),
    (" batches", " 批"),
    ("statement，", "对账单，"),
    ("agrees   ", "一致 "),
    ("agreed   ", "约定 "),
    ("列示   ", "列示 "),
    ("DIFFERS  ", "不一致 "),
    ("digest of ", "摘要 "),
    ("the head ", "链头 "),
    (" to ", " 至 "),
)


def in_chinese(line: str) -> str:
    for words, chinese in PHRASES:
        line = line.replace(words, chinese)
    return line


def in_both(line: str) -> str:
    """The line as it is, and behind it the same in Chinese."""
    return f"{line} | {in_chinese(line)}"
