-- A bitmap as a column.
SELECT id, BITMAP_BUILD(a) AS b FROM (VALUES (1, ARRAY[1, 2]), (2, CAST(NULL AS ARRAY<INT>))) AS t (id, a);
