DROP TRIGGER rebates_payments_mark_agents ON orders_paymentreceived;
DROP FUNCTION rebates_mark_agents();
DROP TRIGGER rebates_credits_mark ON orders_creditedline;
