-- Index 0 of an array is refused.
SELECT ARRAY[1, 2][0];
