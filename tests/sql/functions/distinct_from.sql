-- IS DISTINCT FROM compares NULLs as values.
SELECT id, a IS DISTINCT FROM b AS d, a IS NOT DISTINCT FROM b AS n, a = b AS eq, a <> b AS ne
FROM (VALUES (1, 1, 1), (2, 1, 2), (3, CAST(NULL AS INT), 1), (4, CAST(NULL AS INT), CAST(NULL AS INT))) AS t (id, a, b);
