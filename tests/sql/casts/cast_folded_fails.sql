-- A failing cast of a literal.
SELECT CAST('abc' AS INT);
