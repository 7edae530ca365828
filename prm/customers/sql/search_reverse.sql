DROP FUNCTION customers_count_keys(integer);
DROP FUNCTION customers_with_all(integer[], integer);
DROP FUNCTION customers_with_any(integer[]);
