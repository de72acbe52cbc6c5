-- An options hint on a view is refused.
CREATE VIEW v AS SELECT 1 AS a;
SELECT * FROM v /*+ OPTIONS('path' = 'x') */;
