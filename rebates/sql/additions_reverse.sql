-- As it was before disputes took more lines.
CREATE OR REPLACE FUNCTION rebates_keep_dispute() RETURNS trigger LANGUAGE plpgsql AS $function$
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
