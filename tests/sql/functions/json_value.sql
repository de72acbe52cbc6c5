-- JSON_VALUE takes a scalar out by path, with defaults and types.
SELECT id, JSON_VALUE(j, '$.a') AS a, JSON_VALUE(j, '$.b.c') AS bc, JSON_VALUE(j, '$.d[1]') AS d1, JSON_VALUE(j, '$.a' RETURNING INTEGER) AS ai, JSON_VALUE(j, '$.z' DEFAULT 'none' ON EMPTY) AS z, JSON_VALUE(j, 'lax $.b') AS object_, JSON_VALUE(j, '$.t' RETURNING BOOLEAN) AS t
FROM (VALUES (1, '{"a": 1, "b": {"c": "x"}, "d": [1, 2], "t": true}'), (2, '{}'), (3, '{"a": null, "b": {"c": 1.50}}'), (4, CAST(NULL AS STRING)), (5, 'no json')) AS t (id, j);
SELECT JSON_VALUE('{"a": 1}', 'strict $.b' NULL ON ERROR), JSON_VALUE('{"a": 1}', 'strict $.b' DEFAULT 'x' ON ERROR), JSON_VALUE('{"a": 1.5}', '$.a' RETURNING DOUBLE);
