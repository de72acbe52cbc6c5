-- IN with values of another type.
SELECT 1 IN (DATE '2024-01-01');
