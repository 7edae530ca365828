-- A figure of before go-live is never changed. It may be taken back, once, after two people said so.
CREATE FUNCTION rebates_keep_golive() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.reversed_at IS NOT NULL OR NEW.reversed_at IS NULL
        OR (to_jsonb(NEW) - 'reversed_at') <> (to_jsonb(OLD) - 'reversed_at')
        OR NOT EXISTS (
            SELECT FROM rebates_golivereversal one WHERE one.state = 'confirmed'
                AND CASE TG_TABLE_NAME WHEN 'rebates_settledoutside' THEN one.settled_id ELSE one.balance_id END = OLD.id
        )
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
            MESSAGE = format('rows of %s are never changed; two people take one back', TG_TABLE_NAME);
    END IF;
    RETURN NEW;
END
$function$;
DROP TRIGGER rebates_settledoutside_is_append_only ON rebates_settledoutside;
CREATE TRIGGER rebates_settledoutside_keeps BEFORE UPDATE OR DELETE ON rebates_settledoutside
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_golive();
DROP TRIGGER rebates_openingbalance_is_append_only ON rebates_openingbalance;
CREATE TRIGGER rebates_openingbalance_keeps BEFORE UPDATE OR DELETE ON rebates_openingbalance
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_golive();
