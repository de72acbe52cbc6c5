-- A function that nobody knows.
SELECT nope(1);
