-- Entries are written in order of their transactions, so a block-range index finds them at no cost to inserts.
CREATE INDEX ledger_entry_transaction ON ledger_entry USING brin (transaction_id) WITH (pages_per_range = 16, autosummarize = on);

-- One look at all rows of a statement: each transaction balances in each currency, each account and each
-- transaction exists and has the same currency. A transaction's entries are therefore inserted by one statement.
CREATE FUNCTION ledger_check_entries() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    wrong bigint;
BEGIN
    SELECT found.transaction_id INTO wrong
    FROM (
        SELECT added.transaction_id, account.currency, sum(added.amount) AS balance
        FROM added LEFT JOIN ledger_account account ON account.id = added.account_id
        GROUP BY added.transaction_id, account.currency
    ) found
    LEFT JOIN ledger_transaction t ON t.id = found.transaction_id
    WHERE found.balance <> 0 OR found.currency IS DISTINCT FROM t.currency OR t.id IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = 'ledger_transaction_balances',
            MESSAGE = format('transaction %s does not balance, or names an account that is missing or in another currency', wrong);
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_entries();
