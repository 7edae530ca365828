-- A correction is of the same source, pair and day as what it names, and comes after the decision about that. What was
-- decided on together stays together.
CREATE FUNCTION exchange_check_rate() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF EXISTS (SELECT FROM exchange_decision done WHERE done.batch_id = NEW.batch_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'exchange_batch_is_decided',
            MESSAGE = 'these rates were decided on already';
    END IF;
    IF NEW.replaces_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM exchange_rate named JOIN exchange_decision done ON done.batch_id = named.batch_id
        WHERE named.id = NEW.replaces_id AND named.source = NEW.source AND named.base = NEW.base
            AND named.quote = NEW.quote AND named.day = NEW.day
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'exchange_rate_corrects_its_like',
            MESSAGE = 'a correction names a rate of the same source, pair and day that was decided on';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER exchange_rate_is_checked BEFORE INSERT ON exchange_rate
    FOR EACH ROW EXECUTE FUNCTION exchange_check_rate();

CREATE FUNCTION exchange_check_decision() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF EXISTS (SELECT FROM exchange_batch b WHERE b.id = NEW.batch_id AND b.proposed_by_id = NEW.decided_by_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'exchange_second_person',
            MESSAGE = 'whoever proposed rates does not decide on them';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER exchange_decision_is_checked BEFORE INSERT ON exchange_decision
    FOR EACH ROW EXECUTE FUNCTION exchange_check_decision();

-- What one unit of `source_currency` is in `target` by one stored rate, as the fraction up / down.
CREATE FUNCTION exchange_leg(source_currency text, target text, on_day date, of_source text, most_days int)
RETURNS TABLE (up numeric, down numeric) LANGUAGE sql STABLE AS $function$
    SELECT CASE WHEN rate.base = source_currency THEN rate.value ELSE 1 END,
           CASE WHEN rate.base = source_currency THEN 1 ELSE rate.value END
    FROM exchange_rate rate JOIN exchange_decision done ON done.batch_id = rate.batch_id AND done.verdict = 'confirmed'
    WHERE rate.source = of_source AND rate.day <= on_day AND rate.day >= on_day - most_days
        AND (rate.base, rate.quote) IN ((source_currency, target), (target, source_currency))
    ORDER BY rate.day DESC, rate.id DESC LIMIT 1
$function$;

-- `amount` in `target`, rounded once to `digits`; NULL where there is no rate. The quotient is never written out: whole
-- units and the rest are compared.
CREATE FUNCTION exchange_convert(
    amount numeric, source_currency text, target text, on_day date, of_source text, most_days int, through text,
    digits int, half_even boolean
) RETURNS numeric LANGUAGE plpgsql STABLE AS $function$
DECLARE
    leg record;
    second record;
    up numeric := 1;
    down numeric := 1;
    units numeric;
    rest numeric;
BEGIN
    IF source_currency <> target THEN
        SELECT * INTO leg FROM exchange_leg(source_currency, target, on_day, of_source, most_days);
        IF FOUND THEN
            up := leg.up; down := leg.down;
        ELSE
            SELECT * INTO leg FROM exchange_leg(source_currency, through, on_day, of_source, most_days);
            IF NOT FOUND THEN RETURN NULL; END IF;
            SELECT * INTO second FROM exchange_leg(through, target, on_day, of_source, most_days);
            IF NOT FOUND THEN RETURN NULL; END IF;
            up := leg.up * second.up; down := leg.down * second.down;
        END IF;
    END IF;
    units := div(abs(amount) * up * 10.0 ^ digits, down);
    rest := 2 * mod(abs(amount) * up * 10.0 ^ digits, down);
    IF rest > down OR (rest = down AND (NOT half_even OR mod(units, 2) = 1)) THEN units := units + 1; END IF;
    RETURN round(sign(amount) * units / 10.0 ^ digits, digits);
END
$function$;
