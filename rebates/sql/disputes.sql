-- What a dispute under way holds back of a statement's figure is not paid, whoever asks and however.
CREATE FUNCTION rebates_keep_disputed_money() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    held numeric;
    figure numeric;
    paid numeric;
BEGIN
    SELECT sum(dispute.held) INTO held FROM rebates_dispute dispute
    WHERE dispute.statement_id = NEW.statement_id AND dispute.state IN ('open', 'asked_back', 'in_review', 'proposed');
    IF held > 0 THEN
        SELECT least(earned + adjusted, closing) INTO figure FROM rebates_statement WHERE id = NEW.statement_id;
        SELECT sum(amount) INTO paid FROM rebates_payment WHERE statement_id = NEW.statement_id;
        IF paid + held > figure THEN
            RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'disputed money is not paid before the decision';
        END IF;
    END IF;
    RETURN NULL;
END
$function$;
CREATE TRIGGER rebates_payment_leaves_what_is_disputed AFTER INSERT ON rebates_payment
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_disputed_money();

-- A dispute that was sent keeps whose it is, what it says and what it holds back; what is decided stays decided.
CREATE FUNCTION rebates_keep_dispute() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.state IN ('accepted', 'partly_accepted', 'rejected', 'withdrawn')
        OR NEW.state = 'draft'
        OR (NEW.statement_id, NEW.partner_id, NEW.number, NEW.kind, NEW.reason, NEW.held, NEW.difference, NEW.opened_at)
            IS DISTINCT FROM
           (OLD.statement_id, OLD.partner_id, OLD.number, OLD.kind, OLD.reason, OLD.held, OLD.difference, OLD.opened_at)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'what a dispute says is never changed';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER rebates_dispute_keeps BEFORE UPDATE OR DELETE ON rebates_dispute
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_dispute();
CREATE TRIGGER rebates_dispute_is_never_emptied BEFORE TRUNCATE ON rebates_dispute
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();

-- Its lines and what was said stay with it.
CREATE FUNCTION rebates_keep_part_of_dispute() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF EXISTS (SELECT FROM rebates_dispute WHERE id = OLD.dispute_id AND state <> 'draft') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', MESSAGE = format('rows of %s of a dispute are never changed', TG_TABLE_NAME);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;
CREATE TRIGGER rebates_disputedline_keeps BEFORE UPDATE OR DELETE ON rebates_disputedline
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_part_of_dispute();
CREATE TRIGGER rebates_disputemessage_keeps BEFORE UPDATE OR DELETE ON rebates_disputemessage
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_part_of_dispute();

-- A manual adjustment may be taken back until it is confirmed; then a close may take it up, once.
CREATE FUNCTION rebates_keep_manual_adjustment() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF OLD.confirmed_at IS NULL AND TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.run_id IS NOT NULL
        OR (to_jsonb(NEW) - 'run_id' - 'confirmed_by_id' - 'confirmed_by_label' - 'confirmed_at')
            <> (to_jsonb(OLD) - 'run_id' - 'confirmed_by_id' - 'confirmed_by_label' - 'confirmed_at')
        OR (OLD.confirmed_at IS NOT NULL AND (NEW.confirmed_by_id, NEW.confirmed_by_label, NEW.confirmed_at)
            IS DISTINCT FROM (OLD.confirmed_by_id, OLD.confirmed_by_label, OLD.confirmed_at))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a manual adjustment is never changed';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER rebates_manualadjustment_keeps BEFORE UPDATE OR DELETE ON rebates_manualadjustment
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_manual_adjustment();
CREATE TRIGGER rebates_manualadjustment_is_never_emptied BEFORE TRUNCATE ON rebates_manualadjustment
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
