DROP TRIGGER rebates_paymenthold_is_never_emptied ON rebates_paymenthold;
DROP TRIGGER rebates_paymenthold_keeps ON rebates_paymenthold;
DROP FUNCTION rebates_keep_hold();
DROP TRIGGER rebates_payment_waits_for_release ON rebates_payment;
DROP FUNCTION rebates_keep_held_payments();
