-- A version that has accrued keeps its rules and its first day; only its end may still be set.
CREATE FUNCTION rebates_keep_version() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF OLD.accrued_at IS NOT NULL AND (
        TG_OP = 'DELETE' OR NEW.accrued_at IS NULL OR NEW.state <> OLD.state OR NEW.policy <> OLD.policy
        OR NEW.starts <> OLD.starts OR NEW.number <> OLD.number OR NEW.programme_id <> OLD.programme_id
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a version that has accrued is never changed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;
CREATE TRIGGER rebates_version_keeps BEFORE UPDATE OR DELETE ON rebates_version
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_version();

-- A closed run stays as it is; it may only become paid.
CREATE FUNCTION rebates_keep_run() RETURNS trigger LANGUAGE plpgsql AS $function$
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
CREATE TRIGGER rebates_run_keeps BEFORE UPDATE OR DELETE ON rebates_settlementrun
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_run();

-- What a closed run computed from stays with it. One look per statement, whatever the number of rows.
CREATE FUNCTION rebates_keep_rows_of_closed_runs() RETURNS trigger LANGUAGE plpgsql AS $function$
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
CREATE TRIGGER rebates_result_keeps AFTER UPDATE ON rebates_result
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rebates_keep_rows_of_closed_runs();
CREATE TRIGGER rebates_result_stays AFTER DELETE ON rebates_result
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rebates_keep_rows_of_closed_runs();
CREATE TRIGGER rebates_result_is_never_emptied BEFORE TRUNCATE ON rebates_result
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
CREATE TRIGGER rebates_runmember_keeps AFTER UPDATE ON rebates_runmember
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rebates_keep_rows_of_closed_runs();
CREATE TRIGGER rebates_runmember_stays AFTER DELETE ON rebates_runmember
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rebates_keep_rows_of_closed_runs();
CREATE TRIGGER rebates_runscope_keeps AFTER UPDATE ON rebates_runscope
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rebates_keep_rows_of_closed_runs();
CREATE TRIGGER rebates_runscope_stays AFTER DELETE ON rebates_runscope
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rebates_keep_rows_of_closed_runs();
