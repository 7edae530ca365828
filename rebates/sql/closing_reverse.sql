CREATE OR REPLACE FUNCTION rebates_keep_run() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF OLD.state IN ('closed', 'paid') THEN
        IF TG_OP = 'DELETE' OR NEW.state NOT IN ('closed', 'paid') OR (OLD.state = 'paid' AND NEW.state = 'closed')
            OR (to_jsonb(NEW) - 'state' - 'state_since') <> (to_jsonb(OLD) - 'state' - 'state_since') THEN
            RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a closed settlement is never changed';
        END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;
CREATE OR REPLACE FUNCTION rebates_keep_rows_of_closed_runs() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT run_id FROM gone) g
        JOIN rebates_settlementrun run ON run.id = g.run_id WHERE run.state IN ('closed', 'paid')
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', MESSAGE = format('rows of %s of a closed settlement are never changed', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END
$function$;
