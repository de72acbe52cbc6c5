-- Array elements count from 1; beyond the end is NULL.
SELECT id, a[1] AS first_, a[3] AS third, a[id] AS nth, CARDINALITY(a) AS size_ FROM (VALUES (1, ARRAY[10, 20]), (2, ARRAY[30, CAST(NULL AS INT), 50]), (3, CAST(NULL AS ARRAY<INT>))) AS t (id, a);
