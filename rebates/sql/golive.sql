CREATE TRIGGER rebates_runrate_keeps AFTER UPDATE ON rebates_runrate
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rebates_keep_rows_of_closed_runs();
CREATE TRIGGER rebates_runrate_stays AFTER DELETE ON rebates_runrate
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rebates_keep_rows_of_closed_runs();
