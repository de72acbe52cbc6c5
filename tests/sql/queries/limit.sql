-- LIMIT 0 gives nothing.
SELECT a FROM (VALUES (1), (2)) AS t (a) LIMIT 0;
