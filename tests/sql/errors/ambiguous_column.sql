-- A column name that two tables share.
SELECT a FROM (VALUES (1)) AS t (a), (VALUES (2)) AS u (a);
