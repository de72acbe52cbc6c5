-- A function with too many arguments.
SELECT UPPER('a', 'b');
