-- An account's details are what was confirmed; only its decision and its last day are written afterwards.
CREATE FUNCTION payouts_keep_account() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    may text[] := CASE OLD.state
        WHEN 'asked' THEN ARRAY['state', 'decided_by_id', 'decided_by_label', 'decided_at', 'decision', 'starts', 'ends']
        WHEN 'confirmed' THEN ARRAY['state', 'ends', 'decision']
        ELSE ARRAY[]::text[]
    END;
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - may) <> (to_jsonb(OLD) - may)
        OR (OLD.state = 'confirmed' AND NEW.state NOT IN ('confirmed', 'stopped')) THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a bank account is never changed';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER payouts_bankaccount_keeps BEFORE UPDATE OR DELETE ON payouts_bankaccount
    FOR EACH ROW EXECUTE FUNCTION payouts_keep_account();
CREATE TRIGGER payouts_bankaccount_is_never_emptied BEFORE TRUNCATE ON payouts_bankaccount
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();

-- What was released is what the bank got: from then on a payout only moves on.
CREATE FUNCTION payouts_keep_batch() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    may text[] := CASE OLD.state
        WHEN 'prepared' THEN ARRAY['state', 'state_since', 'pay_on', 'released_by_id', 'released_by_label', 'released_at',
            'debtors', 'csv_digest', 'xml_digest', 'totals']
        WHEN 'released' THEN ARRAY['state', 'state_since', 'executed_on', 'reference', 'booked_by_label']
        WHEN 'booking' THEN ARRAY['state', 'state_since']
        ELSE ARRAY[]::text[]
    END;
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - may) <> (to_jsonb(OLD) - may) THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a payout that was released is never changed';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER payouts_batch_keeps BEFORE UPDATE OR DELETE ON payouts_batch
    FOR EACH ROW EXECUTE FUNCTION payouts_keep_batch();
CREATE TRIGGER payouts_batch_is_never_emptied BEFORE TRUNCATE ON payouts_batch
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();

-- A line's amount may be lowered while its payout is prepared; its account never changes, nor what became of it.
CREATE FUNCTION payouts_keep_line() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    may text[] := ARRAY['state', 'reason', 'payment_id'];
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'waiting' THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a payout line is never changed once it is decided';
    END IF;
    IF (SELECT state FROM payouts_batch WHERE id = OLD.batch_id) = 'prepared' THEN
        may := may || 'amount'::text;
    END IF;
    IF (to_jsonb(NEW) - may) <> (to_jsonb(OLD) - may) THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a payout line is never changed once it was released';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER payouts_batchline_keeps BEFORE UPDATE OR DELETE ON payouts_batchline
    FOR EACH ROW EXECUTE FUNCTION payouts_keep_line();
CREATE TRIGGER payouts_batchline_is_never_emptied BEFORE TRUNCATE ON payouts_batchline
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
CREATE FUNCTION payouts_add_line() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF (SELECT state FROM payouts_batch WHERE id = NEW.batch_id) <> 'prepared' THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'nothing is added to a payout that was released';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER payouts_batchline_joins BEFORE INSERT ON payouts_batchline
    FOR EACH ROW EXECUTE FUNCTION payouts_add_line();
