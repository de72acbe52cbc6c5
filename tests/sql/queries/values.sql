-- VALUES as a table, with NULLs and expressions.
SELECT a, b FROM (VALUES (1, 'x'), (1 + 1, UPPER('y')), (CAST(NULL AS INT), CAST(NULL AS STRING))) AS t (a, b);
SELECT * FROM (VALUES (1), (2), (2)) AS t (n) WHERE n > 1;
SELECT EXPR$0 FROM (VALUES (1));
