-- SUBSTRING counts from 1, from the end for negative starts, and in characters rather than bytes.
SELECT id, s, SUBSTRING(s FROM 2) AS from2, SUBSTRING(s, -2) AS last2, SUBSTRING(s, 2, 2) AS two, SUBSTRING(s, 0, 2) AS zero
FROM (VALUES (1, 'hello'), (2, ''), (3, 'é😀x'), (4, CAST(NULL AS STRING))) AS t (id, s);
