-- The name of an operator is no function.
SELECT ITEM(ARRAY[1, 2], 1);
