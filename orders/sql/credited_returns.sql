-- What is credited or taken back of a sale is so of its returns.
CREATE OR REPLACE FUNCTION orders_credit_returns_of_credit() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO orders_creditedline
        (number, line_id, partner_id, share, takes_back_id, source, reason, recorded_by_label, recorded_at)
    SELECT left(NEW.number, 100) || '~' || row_number() OVER (ORDER BY back.id), back.id, NEW.partner_id, NEW.share,
           given.id, 'return', NEW.reason, NEW.recorded_by_label, NEW.recorded_at
    FROM orders_salesline back
    -- One for each return, by the share that is taken back and the oldest first: a file writes what is given anew
    -- before what is taken back, so that for a moment two of an agent are in force.
    LEFT JOIN LATERAL (
        SELECT credit.id FROM orders_creditedline credit
        WHERE NEW.takes_back_id IS NOT NULL AND credit.line_id = back.id AND credit.partner_id = NEW.partner_id
            AND credit.share = NEW.share AND credit.takes_back_id IS NULL
            AND NOT EXISTS (SELECT FROM orders_creditedline gone WHERE gone.takes_back_id = credit.id)
        ORDER BY credit.id LIMIT 1
    ) given ON true
    WHERE back.reverses_id = NEW.line_id AND (NEW.takes_back_id IS NULL OR given.id IS NOT NULL)
    ORDER BY back.id;
    RETURN NULL;
END
$function$;

-- A return of a sale that agents are credited with is theirs by the same shares.
CREATE OR REPLACE FUNCTION orders_credit_returns() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF NOT EXISTS (SELECT FROM added WHERE reverses_id IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    -- Returns of one sale, and credits of it, come one after the other: they are numbered by how many there are.
    PERFORM FROM orders_salesline WHERE id IN (SELECT reverses_id FROM added) ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO orders_creditedline
        (number, line_id, partner_id, share, source, reason, recorded_by_label, recorded_at)
    -- Numbered behind what is there of that sale and agent: no id of a line is told.
    SELECT left(given.number, 100) || '~' || (row_number() OVER (PARTITION BY given.id ORDER BY added.id) + (
               SELECT count(*) FROM orders_creditedline other JOIN orders_salesline back ON back.id = other.line_id
               WHERE back.reverses_id = given.line_id AND other.partner_id = given.partner_id)),
           added.id, given.partner_id, given.share, 'return', '', '', added.recorded_at
    FROM added JOIN orders_creditedline given ON given.line_id = added.reverses_id
    WHERE given.takes_back_id IS NULL
        AND NOT EXISTS (SELECT FROM orders_creditedline gone WHERE gone.takes_back_id = given.id)
    ORDER BY added.id, given.id;
    RETURN NULL;
END
$function$;
