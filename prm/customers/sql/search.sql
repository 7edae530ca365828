-- The two ways to read the index of keys. They are functions so that the planner never answers with a
-- sequential scan: its guesses about how common a key is are far off for arrays.
CREATE FUNCTION customers_with_any(wanted integer[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT id FROM customers_endcustomer WHERE keys && wanted
$$;

CREATE FUNCTION customers_with_all(wanted integer[], most integer) RETURNS SETOF bigint
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT id FROM customers_endcustomer WHERE keys @> wanted LIMIT most
$$;

CREATE FUNCTION customers_count_keys(common_from integer) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    DELETE FROM customers_keyfrequency;
    INSERT INTO customers_keyfrequency (key, customers)
    SELECT key, count(*) FROM customers_endcustomer, unnest(keys) AS key GROUP BY key HAVING count(*) >= common_from;
    SELECT count(*) FROM customers_keyfrequency;
$$;
