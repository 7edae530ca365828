-- What is held is not paid, whoever asks and however.
CREATE FUNCTION rebates_keep_held_payments() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF EXISTS (
        SELECT FROM rebates_statement statement
        JOIN rebates_paymenthold hold ON hold.run_id = statement.run_id AND hold.partner_id = statement.partner_id
        WHERE statement.id = NEW.statement_id AND hold.released_at IS NULL
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a payment that is held is not made before its release';
    END IF;
    RETURN NULL;
END
$function$;
CREATE TRIGGER rebates_payment_waits_for_release AFTER INSERT ON rebates_payment
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_held_payments();

-- A hold is released once; who held it, when and why stays.
CREATE FUNCTION rebates_keep_hold() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.released_at IS NOT NULL
        OR (NEW.run_id, NEW.partner_id, NEW.reason, NEW.held_by_label, NEW.held_at)
            IS DISTINCT FROM (OLD.run_id, OLD.partner_id, OLD.reason, OLD.held_by_label, OLD.held_at)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a hold of a payment is released, never changed';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER rebates_paymenthold_keeps BEFORE UPDATE OR DELETE ON rebates_paymenthold
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_hold();
CREATE TRIGGER rebates_paymenthold_is_never_emptied BEFORE TRUNCATE ON rebates_paymenthold
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
