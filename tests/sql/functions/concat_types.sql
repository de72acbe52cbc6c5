-- CONCAT of values that are no text.
SELECT CONCAT('a', 'b', 'c', CAST(1 AS STRING)), CONCAT('x');
SELECT 'a' || 1;
