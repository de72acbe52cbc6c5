-- Maps are built and cast by key and value.
SELECT MAP['a', 1, 'b', 2], CAST(MAP['a', 1] AS MAP<STRING, STRING>), CAST(MAP[1, 'x'] AS MAP<STRING, STRING>), CAST(MAP['a', 1] AS STRING), TYPEOF(MAP['a', 1.5]), MAP['a', MAP['b', 1]], MAP['x', ARRAY[1, 2]];
