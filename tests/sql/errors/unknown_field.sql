-- A field that a row has not.
SELECT r.z FROM (SELECT CAST(ROW(1) AS ROW<a INT>) AS r);
