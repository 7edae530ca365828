-- A proposal after a dispute may be taken back until it is confirmed; one of finance's own accord is refused and stays.
-- What is confirmed a close may take up, once.
CREATE OR REPLACE FUNCTION rebates_keep_manual_adjustment() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    decided text[] := ARRAY['state', 'run_id', 'confirmed_by_id', 'confirmed_by_label', 'confirmed_at', 'refused_by_id',
        'refused_by_label', 'refused_at', 'refusal'];
BEGIN
    IF OLD.confirmed_at IS NULL AND OLD.dispute_id IS NOT NULL AND TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.run_id IS NOT NULL OR OLD.refused_at IS NOT NULL
        OR (to_jsonb(NEW) - decided) <> (to_jsonb(OLD) - decided)
        OR (OLD.confirmed_at IS NOT NULL AND (NEW.confirmed_by_id, NEW.confirmed_by_label, NEW.confirmed_at)
            IS DISTINCT FROM (OLD.confirmed_by_id, OLD.confirmed_by_label, OLD.confirmed_at))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a manual adjustment is never changed';
    END IF;
    RETURN NEW;
END
$function$;
