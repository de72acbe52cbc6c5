-- VALUES finds the common type of each column.
SELECT a, b, c, TYPEOF(a) AS ta, TYPEOF(b) AS tb, TYPEOF(c) AS tc FROM (VALUES (1, 'a', 1.5), (2.5, 'bcd', 2), (CAST(NULL AS INT), '', 10.25)) AS t (a, b, c);
