DROP TRIGGER rebates_runrate_stays ON rebates_runrate;
DROP TRIGGER rebates_runrate_keeps ON rebates_runrate;
