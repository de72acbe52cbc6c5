-- Rows are built, taken apart and cast.
SELECT r.a, r.b, r, TYPEOF(r) AS t FROM (SELECT CAST(ROW(1, 'x') AS ROW<a INT, b STRING>) AS r);
SELECT ROW(1, 'x', CAST(NULL AS INT)), CAST(ROW(1, '2') AS ROW<a STRING, b INT>), CAST(ROW(1, 'x') AS STRING), ROW(1, 2) = ROW(1, 2), (1, 'a');
