-- CASE with branches that have no common type.
SELECT CASE WHEN TRUE THEN 1 ELSE DATE '2024-01-01' END;
