-- A misspelt keyword is a parse error.
SELECT 1;
SELECT 1 FRM t;
