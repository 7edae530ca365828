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

-- What was decided about a reversal stays decided.
CREATE FUNCTION rebates_keep_golive_reversal() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'asked'
        OR (NEW.settled_id, NEW.balance_id, NEW.reason, NEW.asked_by_label, NEW.asked_at)
            IS DISTINCT FROM (OLD.settled_id, OLD.balance_id, OLD.reason, OLD.asked_by_label, OLD.asked_at)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a reversal of before go-live is never changed';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER rebates_golivereversal_keeps BEFORE UPDATE OR DELETE ON rebates_golivereversal
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_golive_reversal();
CREATE TRIGGER rebates_golivereversal_is_never_emptied BEFORE TRUNCATE ON rebates_golivereversal
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
