-- VALUES without a row.
SELECT * FROM (VALUES) AS t (a);
