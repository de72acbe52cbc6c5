-- MAP_FROM_ARRAYS wants as many keys as values.
SELECT MAP_FROM_ARRAYS(ARRAY['x', 'y'], ARRAY[1]);
