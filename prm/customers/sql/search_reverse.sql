DROP FUNCTION customers_count_keys(integer);
DROP FUNCTION customers_search(text[], text[], text[], text[], text[], integer);
