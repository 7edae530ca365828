CREATE OR REPLACE FUNCTION rebates_keep_manual_adjustment() RETURNS trigger LANGUAGE plpgsql AS $function$
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
