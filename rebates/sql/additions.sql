-- A dispute that was sent keeps whose it is and what it says; what it holds back and differs by changes with an addition
-- alone, to what that says; what is decided stays decided.
CREATE OR REPLACE FUNCTION rebates_keep_dispute() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    addition record;
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.held, NEW.difference) IS DISTINCT FROM (OLD.held, OLD.difference) THEN
        SELECT held, difference INTO addition FROM rebates_disputeaddition
        WHERE dispute_id = OLD.id ORDER BY id DESC LIMIT 1;
        IF NOT FOUND OR (NEW.held, NEW.difference) IS DISTINCT FROM (addition.held, addition.difference) THEN
            RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'what a dispute says is never changed';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.state IN ('accepted', 'partly_accepted', 'rejected', 'withdrawn')
        OR NEW.state = 'draft'
        OR (NEW.statement_id, NEW.partner_id, NEW.number, NEW.kind, NEW.reason, NEW.opened_at)
            IS DISTINCT FROM
           (OLD.statement_id, OLD.partner_id, OLD.number, OLD.kind, OLD.reason, OLD.opened_at)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'what a dispute says is never changed';
    END IF;
    RETURN NEW;
END
$function$;
