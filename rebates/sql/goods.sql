-- Goods keep whose they are and what they are; what is delivered stays delivered.
CREATE FUNCTION rebates_keep_goods() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'delivered'
        OR (NEW.payment_id, NEW.what, NEW.created_at) IS DISTINCT FROM (OLD.payment_id, OLD.what, OLD.created_at)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'what is delivered instead of money is never changed';
    END IF;
    RETURN NEW;
END
$function$;
CREATE TRIGGER rebates_goodsdelivery_keeps BEFORE UPDATE OR DELETE ON rebates_goodsdelivery
    FOR EACH ROW EXECUTE FUNCTION rebates_keep_goods();
CREATE TRIGGER rebates_goodsdelivery_is_never_emptied BEFORE TRUNCATE ON rebates_goodsdelivery
    FOR EACH STATEMENT EXECUTE FUNCTION extensions.refuse_change();
