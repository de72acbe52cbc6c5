-- NOT of a number.
SELECT NOT 1;
