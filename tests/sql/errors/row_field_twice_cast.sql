-- A row has each field once, in a CAST too.
SELECT CAST(ROW(1, 2) AS ROW<a INT, a INT>);
