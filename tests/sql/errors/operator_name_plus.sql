-- The name of an operator is no function.
SELECT `+`(1, 2);
