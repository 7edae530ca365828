from django.db import migrations

from prm.values.sql import append_only

# What an agreement says once it was approved; its state, its end and what is used of it follow services and limits.
SAID = "number, version, partner_id, end_customer_id, currency, starts, amount_limit, approved_by_id, approved_at"
PRICED = "agreement_id, product_id, basis, basis_price, agreed_price, quantity_limit"


def row(alias: str, columns: str) -> str:
    return "(" + ", ".join(f"{alias}.{column}" for column in columns.split(", ")) + ")"


class Migration(migrations.Migration):
    dependencies = [("claims", "0001_initial")]
    operations = [
        append_only("claims_sellthroughline"),
        append_only("claims_stockline"),
        append_only("claims_claimpayment"),
        migrations.RunSQL(
            sql=f"""
                CREATE TRIGGER claims_agreement_stays BEFORE UPDATE ON claims_agreement
                    FOR EACH ROW WHEN (OLD.state IN ('in_force', 'ended')
                        AND ({row("OLD", SAID)} IS DISTINCT FROM {row("NEW", SAID)} OR NEW.ends > OLD.ends))
                    EXECUTE FUNCTION extensions.refuse_change();
                CREATE TRIGGER claims_agreement_is_never_deleted BEFORE DELETE ON claims_agreement
                    FOR EACH ROW EXECUTE FUNCTION extensions.refuse_change();
                CREATE FUNCTION claims_keep_prices() RETURNS trigger LANGUAGE plpgsql AS $function$
                BEGIN
                    IF EXISTS (SELECT FROM claims_agreement a
                            WHERE a.id = OLD.agreement_id AND a.state IN ('in_force', 'ended')) THEN
                        RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
                            MESSAGE = 'prices of an approved agreement are never changed';
                    END IF;
                    RETURN COALESCE(NEW, OLD);
                END
                $function$;
                CREATE TRIGGER claims_agreementitem_stays BEFORE UPDATE ON claims_agreementitem
                    FOR EACH ROW WHEN ({row("OLD", PRICED)} IS DISTINCT FROM {row("NEW", PRICED)})
                    EXECUTE FUNCTION claims_keep_prices();
                CREATE TRIGGER claims_agreementitem_is_never_deleted BEFORE DELETE ON claims_agreementitem
                    FOR EACH ROW EXECUTE FUNCTION claims_keep_prices();
            """,
            reverse_sql="""
                DROP TRIGGER claims_agreementitem_is_never_deleted ON claims_agreementitem;
                DROP TRIGGER claims_agreementitem_stays ON claims_agreementitem;
                DROP FUNCTION claims_keep_prices();
                DROP TRIGGER claims_agreement_is_never_deleted ON claims_agreement;
                DROP TRIGGER claims_agreement_stays ON claims_agreement;
            """,
        ),
    ]
