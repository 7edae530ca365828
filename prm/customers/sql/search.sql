-- The candidates of many questions at once: one row for each question and customer.
-- `wanted` and `together` are arrays as text, those of `together` parted by semicolons.
-- A function, so that the planner is kept to the indexes: its guesses about how common a key is are far off.
CREATE FUNCTION customers_search(
    wanted text[], together text[], tax_numbers text[], domains text[], phones text[], most integer
) RETURNS TABLE (
    question integer, survivor_id bigint, survivor_number varchar, survivor_name varchar, name varchar,
    region varchar, tax_number varchar, domain varchar, phone varchar, keys integer[]
)
LANGUAGE sql STABLE
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
    SELECT q.number::integer, coalesce(s.id, c.id), coalesce(s.number, c.number), coalesce(s.name, c.name),
           c.name, c.region, c.tax_number, c.domain, c.phone, c.keys
    FROM unnest(wanted, together, tax_numbers, domains, phones)
         WITH ORDINALITY AS q(wanted, together, tax_number, domain, phone, number)
    CROSS JOIN LATERAL (
        SELECT a.id FROM customers_endcustomer a WHERE a.keys && q.wanted::integer[]
        UNION
        SELECT t.id FROM unnest(string_to_array(nullif(q.together, ''), ';')) AS part
        CROSS JOIN LATERAL (
            SELECT b.id FROM customers_endcustomer b WHERE b.keys @> part::integer[] LIMIT most
        ) AS t
        UNION
        SELECT d.id FROM customers_endcustomer d WHERE d.tax_number = q.tax_number AND d.tax_number <> ''
        UNION
        (SELECT e.id FROM customers_endcustomer e WHERE e.domain = q.domain AND e.domain <> '' LIMIT most)
        UNION
        (SELECT f.id FROM customers_endcustomer f WHERE f.phone = q.phone AND f.phone <> '' LIMIT most)
    ) AS hit
    JOIN customers_endcustomer c ON c.id = hit.id
    LEFT JOIN customers_endcustomer s ON s.id = c.merged_into_id
$$;

CREATE FUNCTION customers_count_keys(common_from integer) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    DELETE FROM customers_keyfrequency;
    INSERT INTO customers_keyfrequency (key, customers)
    SELECT key, count(*) FROM customers_endcustomer, unnest(keys) AS key GROUP BY key HAVING count(*) >= common_from;
    SELECT count(*) FROM customers_keyfrequency;
$$;
