-- A credit says whose line, which share, and what it takes back. The rest is copied from the line by the database, so
-- that nothing an agent is credited with is anything but line × share. Ids are drawn from those of the sales lines: one
-- watermark tells of both which were on file.
CREATE FUNCTION orders_fill_credit() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    sold orders_salesline%ROWTYPE;
    given orders_creditedline%ROWTYPE;
    part numeric;
BEGIN
    -- Credits of one line, and returns of it, come one after the other.
    SELECT * INTO sold FROM orders_salesline WHERE id = NEW.line_id FOR UPDATE;
    IF sold.partner_id = NEW.partner_id THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'agent_is_not_the_buyer',
            MESSAGE = 'an agent is not credited with what it bought itself';
    END IF;
    NEW.id := nextval(pg_get_serial_sequence('orders_salesline', 'id'));
    NEW.first_id := NEW.id;
    NEW.first_at := NEW.recorded_at;
    NEW.reverses_id := NULL;
    part := NEW.share * 0.01;
    IF NEW.takes_back_id IS NOT NULL THEN
        SELECT * INTO given FROM orders_creditedline WHERE id = NEW.takes_back_id;
        IF given.takes_back_id IS NOT NULL OR
            (given.line_id, given.partner_id, given.share) IS DISTINCT FROM (NEW.line_id, NEW.partner_id, NEW.share)
        THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_is_taken_back_as_given',
                MESSAGE = 'a credit is taken back as it was given';
        END IF;
        NEW.reverses_id := given.reverses_id;
        part := -part;
    ELSIF sold.reverses_id IS NOT NULL THEN
        SELECT id INTO NEW.reverses_id FROM orders_creditedline
            WHERE line_id = sold.reverses_id AND partner_id = NEW.partner_id ORDER BY id LIMIT 1;
        IF NEW.reverses_id IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'return_is_credited_with_its_sale',
                MESSAGE = 'a return is credited with the line that it takes back';
        END IF;
    END IF;
    -- Since when the agent is known at the line, or at the line that a return takes back: the late rule asks that.
    SELECT first_id, first_at INTO given.first_id, given.first_at FROM orders_creditedline
        WHERE id = NEW.reverses_id OR NEW.reverses_id IS NULL AND line_id = NEW.line_id AND partner_id = NEW.partner_id
        ORDER BY id LIMIT 1;
    IF FOUND THEN
        NEW.first_id := given.first_id;
        NEW.first_at := given.first_at;
    END IF;
    NEW.buyer_id := sold.partner_id;
    NEW.is_return := sold.quantity < 0;
    NEW.product_id := sold.product_id;
    NEW.product_line_id := sold.product_line_id;
    NEW.booking_date := sold.booking_date;
    NEW.order_date := sold.order_date;
    NEW.ship_date := sold.ship_date;
    NEW.quantity := sold.quantity * part;
    NEW.net_amount := sold.net_amount * part;
    NEW.gross_amount := sold.gross_amount * part;
    NEW.tax_rate := sold.tax_rate;
    NEW.currency := sold.currency;
    NEW.document := sold.document;
    RETURN NEW;
END
$function$;
CREATE TRIGGER orders_credits_are_filled BEFORE INSERT ON orders_creditedline
    FOR EACH ROW EXECUTE FUNCTION orders_fill_credit();

-- What is credited or taken back of a sale is so of its returns, see credited_returns.sql.
CREATE TRIGGER orders_credits_have_returns AFTER INSERT ON orders_creditedline
    FOR EACH ROW WHEN (NOT NEW.is_return) EXECUTE FUNCTION orders_credit_returns_of_credit();

-- A return of a sale that agents are credited with is theirs by the same shares.
CREATE TRIGGER orders_returns_are_credited AFTER INSERT ON orders_salesline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION orders_credit_returns();

-- The line is locked by then: nobody else adds to it before this transaction ends.
CREATE FUNCTION orders_check_credits() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF (SELECT sum(CASE WHEN takes_back_id IS NULL THEN share ELSE -share END) FROM orders_creditedline
        WHERE line_id = NEW.line_id) > 100
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_of_a_line_to_100_percent',
            MESSAGE = 'the shares of one line come to more than 100 percent';
    END IF;
    IF (SELECT sum(CASE WHEN takes_back_id IS NULL THEN 1 ELSE -1 END) FROM orders_creditedline
        WHERE line_id = NEW.line_id AND partner_id = NEW.partner_id) > 1
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'agent_once_on_a_line',
            MESSAGE = 'the agent is credited with this line already';
    END IF;
    RETURN NULL;
END
$function$;
CREATE CONSTRAINT TRIGGER orders_credits_are_sound AFTER INSERT ON orders_creditedline
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION orders_check_credits();
