-- A serial number marks the partner of its sales line: its kept figures do not hold any more.
CREATE FUNCTION rebates_mark_of_serials() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO rebates_accrualmark (partner_id)
    SELECT DISTINCT line.partner_id FROM named JOIN orders_salesline line ON line.id = named.line_id;
    RETURN NULL;
END
$function$;
CREATE TRIGGER rebates_serials_mark AFTER INSERT ON orders_serialmoved
    REFERENCING NEW TABLE AS named FOR EACH STATEMENT EXECUTE FUNCTION rebates_mark_of_serials();
