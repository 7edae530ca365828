"""Serial numbers from a spreadsheet: each names the sales line with which it was sold, or came back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.spreadsheets import cells, reasons
from prm.spreadsheets.registry import Column, ImportKind, import_kind
from prm.spreadsheets.staging import Staged
from prm.values import clock
from prm.values.actor import Actor

reasons.register(
    unknown_line=_("No sales line has this number."),
    serial_sold=_("This serial number was sold with another line. It is sold once, ever."),
    serial_back=_("This serial number came back with another line already."),
    serial_not_bought=_("This serial number was not sold to the partner of the line that returns it."),
    more_serials_than_units=_("The line has only %(units)s units."),
)

RESOLVED = """
    SELECT r.number AS row_number, r.values->>'serial' AS serial, line.id AS line_id, line.product_id,
        line.partner_id, line.quantity, line.quantity < 0 AS returned
    FROM spreadsheets_importrow r
    JOIN orders_salesline line ON line.line_number = r.values->>'line_number'
    WHERE r.upload_id = %(upload)s AND r.problems IS NULL AND r.verdict = 'good'
"""
MOVED = """orders_serialmoved moved ON moved.product_id = n.product_id AND moved.serial = n.serial"""
ON_FILE = (
    f"SELECT n.row_number FROM ({RESOLVED}) n JOIN {MOVED} AND moved.returned = n.returned AND moved.line_id"
)
NOT_BOUGHT = f"""
    SELECT n.row_number FROM ({RESOLVED}) n
    LEFT JOIN {MOVED} AND NOT moved.returned LEFT JOIN orders_salesline sale ON sale.id = moved.line_id
    WHERE n.returned AND sale.partner_id IS DISTINCT FROM n.partner_id
"""
TOO_MANY = f"""
    SELECT n.row_number, n.quantity, count(*) OVER (PARTITION BY n.line_id ORDER BY n.row_number)
        + (SELECT count(*) FROM orders_serialmoved known WHERE known.line_id = n.line_id) AS so_many
    FROM ({RESOLVED}) n
"""
APPEND = f"""
    INSERT INTO orders_serialmoved (serial, product_id, line_id, returned, recorded_at)
    SELECT serial, product_id, line_id, returned, %(now)s FROM ({RESOLVED}) n ORDER BY row_number
"""


@import_kind
class Serials(ImportKind):
    """Append-only: a serial that is on file with the same line is skipped, with another one it is refused."""

    name = "serials"
    title = _("Serial numbers")
    verb = "sales.import"
    key = "serial"
    columns = (
        Column("serial", _("serial number"), cells.code(80), True, ("serial no", "serial", "sn"),
               "SN-8841-0007", _("Of one piece. It stands once in a file: bring returns in a file of their own.")),
        Column("line_number", _("line number"), cells.code(80), True, ("line no", "sales line"),
               "INV-261001-003/1", _("The sales line with which it was sold, or the return with which it came back.")),
    )  # fmt: skip
    chinese = {
        "serial": "序列号 产品序列号 机身号",
        "line_number": "行号 明细编号 明细行号 销售明细编号",
    }
    shown = ("serial", "line_number")

    def compare(self, staged: Staged, *, by: Actor) -> None:
        known, parameters = "SELECT line_number FROM orders_salesline", dict[str, Any]()
        if by.partner_ids is not None:
            known += " WHERE partner_id = ANY(%(ids)s)"
            parameters["ids"] = sorted(by.partner_ids)
        staged.complain_if_unknown(field="line_number", code="unknown_line", known=known, **parameters)
        staged.same(where=f"r.number IN ({ON_FILE} = n.line_id)")
        for returned, code in (("NOT n.returned", "serial_sold"), ("n.returned", "serial_back")):
            staged.complain(
                field="serial", code=code, where=f"r.number IN ({ON_FILE} <> n.line_id AND {returned})"
            )
        staged.complain(field="serial", code="serial_not_bought", where=f"r.number IN ({NOT_BOUGHT})")
        staged.complain(
            field="line_number", code="more_serials_than_units",
            values="SELECT jsonb_build_object('units', trim_scale(abs(f.quantity))::text)"
            f" FROM ({TOO_MANY}) f WHERE f.row_number = r.number",
            where=f"r.number IN (SELECT row_number FROM ({TOO_MANY}) f WHERE so_many > abs(quantity))",
        )  # fmt: skip

    def write(self, staged: Staged, *, by: Actor) -> int:
        count = staged.execute(
            "SELECT count(*) FROM spreadsheets_importrow r WHERE r.upload_id = %(upload)s AND r.verdict = 'good'"
        )[0][0]
        if count:
            staged.execute(APPEND, {"now": clock.now()})
        return int(count)
