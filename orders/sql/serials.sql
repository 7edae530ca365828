-- Which product a piece is, whose and of which day: the line's, which never changes.
CREATE FUNCTION orders_serial_of_line() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    SELECT product_id, partner_id, booking_date INTO NEW.product_id, NEW.partner_id, NEW.booking_date
    FROM orders_salesline WHERE id = NEW.line_id;
    RETURN NEW;
END
$function$;
CREATE TRIGGER orders_serial_of_line BEFORE INSERT ON orders_serialmoved
    FOR EACH ROW EXECUTE FUNCTION orders_serial_of_line();
