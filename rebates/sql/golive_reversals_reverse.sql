DROP TRIGGER rebates_openingbalance_keeps ON rebates_openingbalance;
CREATE TRIGGER rebates_openingbalance_is_append_only BEFORE UPDATE OR DELETE ON rebates_openingbalance
    FOR EACH ROW EXECUTE FUNCTION extensions.refuse_change();
DROP TRIGGER rebates_settledoutside_keeps ON rebates_settledoutside;
CREATE TRIGGER rebates_settledoutside_is_append_only BEFORE UPDATE OR DELETE ON rebates_settledoutside
    FOR EACH ROW EXECUTE FUNCTION extensions.refuse_change();
DROP FUNCTION rebates_keep_golive();
