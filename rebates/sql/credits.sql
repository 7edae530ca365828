-- An agent's accruals hang on what it is credited with, and on the payments of those invoices.
CREATE TRIGGER rebates_credits_mark AFTER INSERT ON orders_creditedline
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION rebates_mark_partners();
CREATE FUNCTION rebates_mark_agents() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO rebates_accrualmark (partner_id)
    SELECT DISTINCT credit.partner_id FROM orders_creditedline credit
    JOIN touched ON touched.partner_id = credit.buyer_id AND touched.document = credit.document;
    RETURN NULL;
END
$function$;
CREATE TRIGGER rebates_payments_mark_agents AFTER INSERT ON orders_paymentreceived
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION rebates_mark_agents();
