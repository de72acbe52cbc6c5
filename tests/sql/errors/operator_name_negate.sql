-- The name of an operator is no function.
SELECT NEGATE(1);
