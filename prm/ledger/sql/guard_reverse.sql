DROP TRIGGER ledger_entries_balance ON ledger_entry;
DROP FUNCTION ledger_check_entries();
DROP INDEX ledger_entry_transaction;
