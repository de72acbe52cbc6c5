-- ELEMENT of an array with two elements fails.
SELECT ELEMENT(ARRAY[1, 2]);
