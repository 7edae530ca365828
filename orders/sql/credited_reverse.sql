DROP TRIGGER orders_returns_are_credited ON orders_salesline;
DROP FUNCTION orders_credit_returns();
DROP TRIGGER orders_credits_have_returns ON orders_creditedline;
DROP FUNCTION orders_credit_returns_of_credit();
DROP TRIGGER orders_credits_are_sound ON orders_creditedline;
DROP FUNCTION orders_check_credits();
DROP TRIGGER orders_credits_are_filled ON orders_creditedline;
DROP FUNCTION orders_fill_credit();
