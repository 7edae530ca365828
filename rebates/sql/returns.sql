-- A payment is never changed. It may be returned, once, after two people said so.
CREATE FUNCTION rebates_keep_payment() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.returned_on IS NOT NULL OR NEW.returned_on IS NULL
        OR (to_jsonb(NEW) - 'returned_on') <> (to_jsonb(OLD) - 'returned_on')
        OR NOT EXISTS (
            SELECT FROM rebates_paymentreturn one
            WHERE one.payment_id = OLD.id AND one.state = 'confirmed' AND one.returned_on = NEW.returned_on
        )
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'rows of rebates_payment are never changed; two people say that one came back';
    END IF;
    RETURN NEW;
END
$function$;
DROP TRIGGER rebates_payment_is_append_only ON rebates_payment;
CREATE TRIGGER rebates_payment_keeps BEFORE UPDATE OR DELETE ON rebates_payment
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_payment();

-- A settlement that was paid is open again when a payment of it came back, and for no other reason.
CREATE OR REPLACE FUNCTION rebates_keep_run() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF OLD.state = 'closing' THEN
        IF TG_OP = 'DELETE' OR NEW.state NOT IN ('closing', 'closed')
            OR (to_jsonb(NEW) - 'state' - 'state_since' - 'closed_at') <> (to_jsonb(OLD) - 'state' - 'state_since' - 'closed_at') THEN
            RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a settlement that is being closed is not changed';
        END IF;
    ELSIF OLD.state IN ('closed', 'paid') THEN
        IF TG_OP = 'DELETE' OR NEW.state NOT IN ('closed', 'paid')
            OR (OLD.state = 'paid' AND NEW.state = 'closed' AND NOT EXISTS (
                SELECT FROM rebates_payment payment JOIN rebates_statement statement ON statement.id = payment.statement_id
                WHERE statement.run_id = OLD.id AND payment.returned_on IS NOT NULL
            ))
            OR (to_jsonb(NEW) - 'state' - 'state_since') <> (to_jsonb(OLD) - 'state' - 'state_since') THEN
            RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a closed settlement is never changed';
        END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;

-- What came back is not paid: it leaves room beside disputed money again.
CREATE OR REPLACE FUNCTION rebates_keep_disputed_money() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    held numeric;
    figure numeric;
    paid numeric;
BEGIN
    SELECT sum(dispute.held) INTO held FROM rebates_dispute dispute
    WHERE dispute.statement_id = NEW.statement_id AND dispute.state IN ('open', 'asked_back', 'in_review', 'proposed');
    IF held > 0 THEN
        SELECT least(earned + adjusted, closing) INTO figure FROM rebates_statement WHERE id = NEW.statement_id;
        SELECT sum(amount) INTO paid FROM rebates_payment WHERE statement_id = NEW.statement_id AND returned_on IS NULL;
        IF paid + held > figure THEN
            RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'disputed money is not paid before the decision';
        END IF;
    END IF;
    RETURN NULL;
END
$function$;
