-- A text that is no boolean fails the cast.
SELECT CAST(s AS BOOLEAN) AS b FROM (VALUES ('maybe')) AS t (s);
