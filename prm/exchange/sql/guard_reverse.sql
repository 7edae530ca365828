DROP FUNCTION exchange_convert(numeric, text, text, date, text, int, text, int, boolean);
DROP FUNCTION exchange_leg(text, text, date, text, int);
DROP TRIGGER exchange_decision_is_checked ON exchange_decision;
DROP FUNCTION exchange_check_decision();
DROP TRIGGER exchange_rate_is_checked ON exchange_rate;
DROP FUNCTION exchange_check_rate();
