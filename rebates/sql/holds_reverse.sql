DROP TRIGGER rebates_payment_waits_for_release ON rebates_payment;
DROP FUNCTION rebates_keep_held_payments();
