-- Maps: access, keys, values, entries, union.
SELECT MAP['a', 1, 'b', 2]['b'], MAP['a', 1]['z'], CARDINALITY(MAP['a', 1, 'b', 2]), MAP_KEYS(MAP['a', 1]), MAP_VALUES(MAP['a', 1]), MAP_ENTRIES(MAP['a', 1]), MAP_FROM_ARRAYS(ARRAY['x', 'y'], ARRAY[1, 2]), MAP_UNION(MAP['a', 1], MAP['a', 2, 'b', 3]), MAP['a', 1, 'a', 2];
SELECT MAP[1, 'one', 2, 'two'], MAP[1, 'one'][1], CAST(MAP['k', 1.5] AS STRING), MAP['n', CAST(NULL AS INT)];
