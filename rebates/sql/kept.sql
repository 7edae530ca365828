-- What an insert of sales lines adds to the kept sums, in the insert's own transaction. It only adds rows: no insert
-- waits for another, and whatever is killed, lines and additions are there together or not at all.
CREATE FUNCTION rebates_add_to_sums() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO rebates_additiontosum
        (partner_id, month, product_line_id, product_id, currency, amount, quantity, lines, fingerprint)
    SELECT partner_id, date_trunc('month', booking_date)::date, product_line_id, product_id, currency,
           sum(net_amount), sum(quantity), count(*), bit_xor(hash_numeric_extended(net_amount, id))
    FROM added GROUP BY 1, 2, 3, 4, 5;
    INSERT INTO rebates_accrualmark (partner_id) SELECT DISTINCT partner_id FROM added;
    RETURN NULL;
END
$function$;
CREATE TRIGGER rebates_lines_are_added AFTER INSERT ON orders_salesline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION rebates_add_to_sums();

-- What else a partner's accruals hang on: payments received, tiers, and what the partner itself is.
CREATE FUNCTION rebates_mark_partners() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO rebates_accrualmark (partner_id) SELECT DISTINCT partner_id FROM touched;
    RETURN NULL;
END
$function$;
CREATE TRIGGER rebates_payments_mark AFTER INSERT ON orders_paymentreceived
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION rebates_mark_partners();
CREATE TRIGGER rebates_new_tiers_mark AFTER INSERT ON partners_tiermembership
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION rebates_mark_partners();
CREATE TRIGGER rebates_tiers_mark AFTER UPDATE ON partners_tiermembership
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION rebates_mark_partners();
CREATE TRIGGER rebates_gone_tiers_mark AFTER DELETE ON partners_tiermembership
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION rebates_mark_partners();

CREATE FUNCTION rebates_mark_partner() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO rebates_accrualmark (partner_id) VALUES (NEW.id);
    RETURN NULL;
END
$function$;
CREATE TRIGGER rebates_partner_marks AFTER UPDATE ON partners_partner FOR EACH ROW
    WHEN ((OLD.type, OLD.region, OLD.number, OLD.status) IS DISTINCT FROM (NEW.type, NEW.region, NEW.number, NEW.status))
    EXECUTE FUNCTION rebates_mark_partner();

-- The lines that were there before.
INSERT INTO rebates_monthsum
    (partner_id, month, product_line_id, product_id, currency, amount, quantity, lines, fingerprint)
SELECT partner_id, date_trunc('month', booking_date)::date, product_line_id, product_id, currency,
       sum(net_amount), sum(quantity), count(*), bit_xor(hash_numeric_extended(net_amount, id))
FROM orders_salesline GROUP BY 1, 2, 3, 4, 5;
