-- JSON_EXISTS with its modes and ON ERROR.
CREATE VIEW documents AS
SELECT * FROM (VALUES (1, '{"a": [1, {"b": null}], "n": null}'), (2, '[]'), (3, 'broken'), (4, CAST(NULL AS STRING))) AS t (id, j);

SELECT id, JSON_EXISTS(j, '$.a') AS a, JSON_EXISTS(j, '$.a[1].b') AS b, JSON_EXISTS(j, 'lax $.n') AS c, JSON_EXISTS(j, '$..zz') AS d, JSON_EXISTS(j, 'lax $.z') AS e, JSON_EXISTS(j, '$') AS f FROM documents;
SELECT id, JSON_EXISTS(j, '$.z' TRUE ON ERROR) AS a, JSON_EXISTS(j, '$.z' FALSE ON ERROR) AS b, JSON_EXISTS(j, '$.z' UNKNOWN ON ERROR) AS c, JSON_EXISTS(j, 'lax $.z' TRUE ON ERROR) AS d, JSON_EXISTS(j, 'lax $[' TRUE ON ERROR) AS e FROM documents;
SELECT JSON_EXISTS('{"a": 1}', 'strict $.b' ERROR ON ERROR);
