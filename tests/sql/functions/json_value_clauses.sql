-- JSON_VALUE with RETURNING, ON EMPTY and ON ERROR.
CREATE VIEW documents AS
SELECT * FROM (VALUES (1, '{"a": 1, "b": 1.50, "c": true, "d": "x", "e": null, "f": [1], "g": 9999999999, "h": 1e3}'), (2, '{}'), (3, 'broken'), (4, CAST(NULL AS STRING))) AS t (id, j);

SELECT id, JSON_VALUE(j, '$.a') AS a, JSON_VALUE(j, '$.b') AS b, JSON_VALUE(j, '$.c') AS c, JSON_VALUE(j, '$.d') AS d, JSON_VALUE(j, '$.e') AS e, JSON_VALUE(j, '$.f') AS f, JSON_VALUE(j, '$.g') AS g, JSON_VALUE(j, '$.h') AS h FROM documents;
SELECT id, JSON_VALUE(j, '$.a' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR) AS a, JSON_VALUE(j, 'lax $.e' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR) AS e, JSON_VALUE(j, 'lax $.f' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR) AS f, JSON_VALUE(j, 'strict $.f' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR) AS sf, JSON_VALUE(j, '$.e' NULL ON EMPTY DEFAULT 'error' ON ERROR) AS se FROM documents;
SELECT id, JSON_VALUE(j, '$.a' RETURNING INT) AS a, JSON_VALUE(j, '$.b' RETURNING DOUBLE) AS b, JSON_VALUE(j, '$.c' RETURNING BOOLEAN) AS c, JSON_VALUE(j, '$.d' RETURNING STRING) AS d, JSON_VALUE(j, '$.h' RETURNING DOUBLE) AS h FROM documents;
SELECT id, JSON_VALUE(j, 'lax $.z' RETURNING INT DEFAULT 5 ON EMPTY DEFAULT 6 ON ERROR) AS a, JSON_VALUE(j, 'strict $.z' RETURNING INT DEFAULT 5 ON EMPTY DEFAULT 6 ON ERROR) AS b, JSON_VALUE(j, 'lax $.z' RETURNING BOOLEAN DEFAULT TRUE ON EMPTY) AS c FROM documents;
SELECT TYPEOF(JSON_VALUE('{}', '$.a')), TYPEOF(JSON_VALUE('{}', '$.a' RETURNING INT)), TYPEOF(JSON_VALUE('{}', '$.a' RETURNING DOUBLE)), TYPEOF(JSON_VALUE('{}', '$.a' RETURNING BOOLEAN)), TYPEOF(JSON_QUERY('{}', '$.a')), TYPEOF(JSON_EXISTS('{}', '$.a'));
SELECT JSON_VALUE('{"a": 1}', 'strict $.b' ERROR ON ERROR);
