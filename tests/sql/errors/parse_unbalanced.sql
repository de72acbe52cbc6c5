-- A bracket that is never closed.
SELECT (1 + 2;
