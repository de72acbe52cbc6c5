-- A text plus a number.
SELECT 'a' + 1;
