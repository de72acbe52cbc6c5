-- UNION ALL of different numbers of columns.
SELECT 1, 2 UNION ALL SELECT 3;
