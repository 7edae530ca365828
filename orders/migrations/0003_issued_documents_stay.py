from django.db import migrations

from prm.values.sql import append_only

# Only the day of payment may still be written on an issued document.
FIXED = "number, kind, partner_id, order_id, credits_id, issued_on, currency, net_total, tax_total, reason, created_at"


def row(alias: str) -> str:
    return "(" + ", ".join(f"{alias}.{column}" for column in FIXED.split(", ")) + ")"


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_sales_lines_are_append_only")]
    operations = [
        append_only("orders_invoiceline"),
        migrations.RunSQL(
            sql=f"""
                CREATE TRIGGER orders_invoice_stays BEFORE UPDATE ON orders_invoice
                    FOR EACH ROW WHEN ({row("OLD")} IS DISTINCT FROM {row("NEW")}
                        OR OLD.paid_on IS NOT NULL AND NEW.paid_on IS DISTINCT FROM OLD.paid_on)
                    EXECUTE FUNCTION extensions.refuse_change();
                CREATE TRIGGER orders_invoice_is_never_deleted BEFORE DELETE ON orders_invoice
                    FOR EACH ROW EXECUTE FUNCTION extensions.refuse_change();
                CREATE TRIGGER orders_invoice_is_never_emptied BEFORE TRUNCATE ON orders_invoice
                    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
            """,
            reverse_sql="""
                DROP TRIGGER orders_invoice_is_never_emptied ON orders_invoice;
                DROP TRIGGER orders_invoice_is_never_deleted ON orders_invoice;
                DROP TRIGGER orders_invoice_stays ON orders_invoice;
            """,
        ),
    ]
