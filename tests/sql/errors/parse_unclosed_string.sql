-- A string that is never closed.
SELECT 'abc;
