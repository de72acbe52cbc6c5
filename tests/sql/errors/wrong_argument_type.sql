-- A function with an argument of the wrong type.
SELECT SUBSTRING(1, 2);
