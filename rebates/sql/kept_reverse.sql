DROP TRIGGER rebates_partner_marks ON partners_partner;
DROP FUNCTION rebates_mark_partner();
DROP TRIGGER rebates_gone_tiers_mark ON partners_tiermembership;
DROP TRIGGER rebates_tiers_mark ON partners_tiermembership;
DROP TRIGGER rebates_new_tiers_mark ON partners_tiermembership;
DROP TRIGGER rebates_payments_mark ON orders_paymentreceived;
DROP FUNCTION rebates_mark_partners();
DROP TRIGGER rebates_lines_are_added ON orders_salesline;
DROP FUNCTION rebates_add_to_sums();
