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
