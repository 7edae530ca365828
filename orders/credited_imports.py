"""Credits of agents from a spreadsheet, written set-based and append-only as sales lines are.

Its own number names a credit for ever: sent again it changes nothing, also after the credit was taken back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.events import CreditsRecorded
from prm.outbox.services import emit
from prm.spreadsheets import cells, reasons
from prm.spreadsheets.registry import BadValue, Column, ImportKind, import_kind
from prm.spreadsheets.staging import Staged
from prm.values import clock
from prm.values.actor import Actor

reasons.register(
    not_a_share=_("Write a share above 0 and at most 100 percent, such as 40 or 40%%; below 1 with the sign: 0.5%%."),
    credit_differs=_(
        "This credit is on file already and differs in: %(fields)s. Take it back, and give it anew by another number."
    ),
    agent_is_the_buyer=_("The agent bought this line itself."),
    return_follows=_("This line is a return and is credited with the line that it takes back."),
    agent_credited_already=_("The agent is credited with this line already, on file or in the file."),
    shares_above_all=_("The shares of this line come to more than 100 %%: %(left)s %% are left."),
    number_of_a_return=_("A number with “~” is that of a return’s credit, which the product gives itself."),
    reason_missing=_("Say why the credit is taken back."),
    unknown_credit=_("No credit has this number, here or on file."),
    takes_back_itself=_("A credit cannot take itself back."),
    not_to_be_taken_back=_("The row named takes something back itself, or follows a return."),
    taken_back_already=_("This credit was taken back already, on file or in the file."),
    differs_from_credit=_("The credit that is taken back says something else."),
)  # fmt: skip

# One staged row with what its texts mean; rows with unknown references fall out.
RESOLVED = """
    SELECT r.number AS row_number, r.values->>'credit_number' AS number, line.id AS line_id, agent.id AS partner_id,
        (r.values->>'share')::numeric(7, 4) AS share, coalesce(r.values->>'takes_back', '') AS takes_back,
        coalesce(r.values->>'reason', '') AS reason, line.partner_id AS buyer_id, line.reverses_id
    FROM spreadsheets_importrow r
    JOIN orders_salesline line ON line.line_number = r.values->>'line_number'
    JOIN partners_partner agent ON agent.number = r.values->>'agent_number'
    WHERE r.upload_id = %(upload)s AND r.problems IS NULL AND r.verdict = 'good'
"""
# What is compared with a credit on file, and how it is called in the file.
COMPARED = {
    "line_number": "c.line_id <> n.line_id",
    "agent_number": "c.partner_id <> n.partner_id",
    "share": "c.share <> n.share",
    "takes_back": "coalesce(gone.number, '') <> n.takes_back",
}
ON_FILE = f"""
    SELECT n.row_number, array_to_string(ARRAY[
        {", ".join(f"CASE WHEN {test} THEN '{name}' END" for name, test in COMPARED.items())}
    ], ', ') AS fields
    FROM ({RESOLVED}) n JOIN orders_creditedline c ON c.number = n.number
    LEFT JOIN orders_creditedline gone ON gone.id = c.takes_back_id
"""
# Every row that takes something back beside the credit that it names, on file or in the file.
BACK = f"""
    WITH n AS MATERIALIZED ({RESOLVED})
    SELECT back.row_number, coalesce(c.id, 0) = 0 AND given.number IS NULL AS is_unknown,
        coalesce(c.takes_back_id IS NOT NULL OR c.source = 'return', given.takes_back <> '') AS is_none_itself,
        EXISTS (SELECT FROM orders_creditedline gone WHERE gone.takes_back_id = c.id)
            OR row_number() OVER (PARTITION BY back.takes_back ORDER BY back.row_number) > 1 AS is_gone,
        coalesce(c.line_id, given.line_id) IS DISTINCT FROM back.line_id AS other_line,
        coalesce(c.partner_id, given.partner_id) IS DISTINCT FROM back.partner_id AS other_agent,
        coalesce(c.share, given.share) IS DISTINCT FROM back.share AS other_share
    FROM n back
    LEFT JOIN orders_creditedline c ON c.number = back.takes_back
    LEFT JOIN n given ON given.number = back.takes_back
    WHERE back.takes_back <> ''
"""
# Every new credit with how much of its line is given on file and in the rows above it, and to the same agent.
GIVEN = f"""
    WITH n AS MATERIALIZED ({RESOLVED}), gone AS (SELECT takes_back AS number FROM n WHERE takes_back <> ''),
    known AS (
        SELECT c.line_id, c.partner_id, c.share FROM orders_creditedline c
        WHERE c.line_id IN (SELECT line_id FROM n) AND c.takes_back_id IS NULL AND c.number NOT IN (TABLE gone)
            AND NOT EXISTS (SELECT FROM orders_creditedline back WHERE back.takes_back_id = c.id)
    ), given AS (SELECT * FROM n WHERE takes_back = '' AND number NOT IN (TABLE gone))
    SELECT row_number, share,
        100 - coalesce((SELECT sum(known.share) FROM known WHERE known.line_id = given.line_id), 0)
            - sum(share) OVER (PARTITION BY line_id ORDER BY row_number) AS rest,
        EXISTS (SELECT FROM known WHERE known.line_id = given.line_id AND known.partner_id = given.partner_id)
            OR row_number() OVER (PARTITION BY line_id, partner_id ORDER BY row_number) > 1 AS is_twice
    FROM given
"""
# In the order of their ids, so that two who do this at once wait for each other and never for good.
LOCK = f"""
    SELECT FROM orders_salesline WHERE id IN (SELECT line_id FROM ({RESOLVED}) n) ORDER BY id FOR UPDATE
"""
APPEND = f"""
    INSERT INTO orders_creditedline
        (number, line_id, partner_id, share, takes_back_id, source, reason, recorded_by_label, recorded_at)
    SELECT n.number, n.line_id, n.partner_id, n.share, gone.id, 'import', n.reason, %(by)s, %(now)s
    FROM ({RESOLVED}) n LEFT JOIN orders_creditedline gone ON n.takes_back <> '' AND gone.number = n.takes_back
    WHERE (n.takes_back <> '') = %(back)s
    ORDER BY n.row_number
"""


def share(cell: str) -> str:
    """A share in percent: 40, 40% or 33.3333; below one only with the sign, since 0.4 could mean 40 %."""
    text = unicodedata.normalize("NFKC", cell).strip()
    plain = text.removesuffix("%").strip()
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise BadValue("not_a_share") from None
    if not number.is_finite() or not 0 < number <= 100 or (number < 1 and plain == text):
        raise BadValue("not_a_share")
    if -int(number.normalize().as_tuple().exponent) > 4:
        raise BadValue("too_many_decimals", most=4)
    return format(number.quantize(Decimal("0.0001")), "f")


@import_kind
class Credits(ImportKind):
    """Append-only: a credit that is on file is skipped when it is the same, and refused when it differs."""

    name = "credits"
    title = _("Credits of agents")
    verb = "credits.record"
    key = "credit_number"
    columns = (
        Column("credit_number", _("credit number"), cells.code(80), True, ("credit", "credit no"),
               "CR-261005-01", _("Names the credit for ever; importing it again changes nothing.")),
        Column("line_number", _("line number"), cells.code(80), True, ("line no", "sales line"),
               "INV-261001-003/1", _("The sales line that the agent brokered; its returns are credited with it.")),
        Column("agent_number", _("agent number"), cells.code(40), True, ("agent", "agent no", "partner number"),
               "P-0031", _("Number of the partner that is credited; not the buyer.")),
        Column("share", _("share"), share, True, ("percent", "credited share"),
               "40%", _("In percent, above 0 and at most 100; all agents of a line together at most 100 %.")),
        Column("takes_back", _("takes back"), cells.code(80), False, ("cancels", "reverses"),
               "CR-260901-07", _("The number of a credit that this row takes back, with the same line, agent and "
               "share.")),
        Column("reason", _("reason"), cells.words(300), False, ("note",),
               "Wrong share", _("Needed where a credit is taken back; the agent reads it.")),
    )  # fmt: skip
    chinese = {
        "credit_number": "业绩编号 业绩归属编号 归属编号",
        "line_number": "行号 明细编号 明细行号 销售明细编号",
        "agent_number": "代理商编号 代理商 代理编号",
        "share": "比例 归属比例 分成比例",
        "takes_back": "撤销编号 撤销的业绩编号 撤销",
        "reason": "原因 说明 备注",
    }
    shown = ("credit_number", "line_number", "agent_number", "share", "takes_back")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        if "~" in values.get("credit_number", ""):
            yield "credit_number", "number_of_a_return", {}
        if not values.get("takes_back"):
            return
        if not values.get("reason"):
            yield "reason", "reason_missing", {}
        if values["takes_back"] == values["credit_number"]:
            yield "takes_back", "takes_back_itself", {}

    def compare(self, staged: Staged, *, by: Actor) -> None:
        ids = None if by.partner_ids is None else sorted(by.partner_ids)
        whose = ("", "") if ids is None else (" WHERE partner_id = ANY(%(ids)s)", " WHERE id = ANY(%(ids)s)")
        staged.complain_if_unknown(
            field="line_number", code="unknown_line", ids=ids,
            known=f"SELECT line_number FROM orders_salesline{whose[0]}",
        )  # fmt: skip
        staged.complain_if_unknown(
            field="agent_number", code="unknown_partner", ids=ids,
            known=f"SELECT number FROM partners_partner{whose[1]}",
        )  # fmt: skip
        staged.execute(LOCK)
        self._compare_with_file(staged)
        for field, code, test in (
            ("agent_number", "agent_is_the_buyer", "n.buyer_id = n.partner_id"),
            ("line_number", "return_follows", "n.reverses_id IS NOT NULL"),
        ):
            staged.complain(
                field=field, code=code,
                where=f"r.number IN (SELECT n.row_number FROM ({RESOLVED}) n WHERE {test})",
            )  # fmt: skip
        self._compare_what_is_taken_back(staged)
        self._compare_shares(staged)

    def _compare_with_file(self, staged: Staged) -> None:
        _temporary(staged, "credits_on_file", ON_FILE)
        staged.same(where="r.number IN (SELECT row_number FROM credits_on_file WHERE fields = '')")
        staged.complain(
            field="credit_number", code="credit_differs",
            values="SELECT jsonb_build_object('fields', f.fields) FROM credits_on_file f WHERE f.row_number = r.number",
            where="r.number IN (SELECT row_number FROM credits_on_file WHERE fields <> '')",
        )  # fmt: skip

    def _compare_what_is_taken_back(self, staged: Staged) -> None:
        _temporary(staged, "credits_taken_back", BACK)
        for field, code, test in (
            ("takes_back", "unknown_credit", "is_unknown"),
            ("takes_back", "not_to_be_taken_back", "NOT is_unknown AND is_none_itself"),
            ("takes_back", "taken_back_already", "NOT is_unknown AND NOT is_none_itself AND is_gone"),
            ("line_number", "differs_from_credit", "NOT is_unknown AND other_line"),
            ("agent_number", "differs_from_credit", "NOT is_unknown AND other_agent"),
            ("share", "differs_from_credit", "NOT is_unknown AND other_share"),
        ):
            staged.complain(
                field=field, code=code,
                where=f"r.number IN (SELECT row_number FROM credits_taken_back WHERE {test})",
            )  # fmt: skip

    def _compare_shares(self, staged: Staged) -> None:
        _temporary(staged, "credits_given", GIVEN)
        staged.complain(
            field="agent_number", code="agent_credited_already",
            where="r.number IN (SELECT row_number FROM credits_given WHERE is_twice)",
        )  # fmt: skip
        staged.complain(
            field="share", code="shares_above_all",
            values="SELECT jsonb_build_object('left', trim_scale(greatest(f.rest + f.share, 0))::text)"
            " FROM credits_given f WHERE f.row_number = r.number",
            where="r.number IN (SELECT row_number FROM credits_given WHERE NOT is_twice AND rest < 0)",
        )  # fmt: skip

    def facts(self, staged: Staged) -> list[dict[str, Any]]:
        agents = {row["agent_number"] for row in staged.good_values()}
        return [{"code": "agents", "values": {"count": len(agents)}}] if agents else []

    def fact_text(self, code: str, values: dict[str, Any]) -> str:
        return ngettext("%(count)s agent", "%(count)s agents", values["count"]) % values

    def write(self, staged: Staged, *, by: Actor) -> int:
        parameters = {"now": clock.now(), "by": by.label[:200]}
        staged.execute(LOCK)
        # Credits of the file may be taken back by it: what holds of a line is asked when all of it is written.
        staged.execute("SET CONSTRAINTS orders_credits_are_sound DEFERRED")
        staged.execute(APPEND, {**parameters, "back": False})
        staged.execute(APPEND, {**parameters, "back": True})
        staged.execute("SET CONSTRAINTS orders_credits_are_sound IMMEDIATE")
        count = len(staged.good_values())
        if count:
            emit(CreditsRecorded(count=count, source="import"))
        return count


def _temporary(staged: Staged, name: str, sql: str) -> None:
    staged.execute(f"DROP TABLE IF EXISTS {name}")
    staged.execute(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {sql}")
