-- JSON_QUERY with wrappers, RETURNING, ON EMPTY and ON ERROR.
CREATE VIEW documents AS
SELECT * FROM (VALUES (1, '{"b": {"z": 1, "y": [true, null, 1.0, "q\"uote"]}, "a": [1, "x", null, {"k": 2}], "s": "text", "n": null}'), (2, '[]'), (3, 'broken'), (4, CAST(NULL AS STRING))) AS t (id, j);

SELECT id, JSON_QUERY(j, '$') AS a, JSON_QUERY(j, '$.b') AS b, JSON_QUERY(j, '$.a') AS c, JSON_QUERY(j, '$.s') AS d, JSON_QUERY(j, 'lax $.s') AS e, JSON_QUERY(j, 'lax $.n') AS f FROM documents;
SELECT id, JSON_QUERY(j, '$.b' WITH WRAPPER) AS a, JSON_QUERY(j, '$.a' WITH UNCONDITIONAL WRAPPER) AS b, JSON_QUERY(j, '$.a' WITH CONDITIONAL ARRAY WRAPPER) AS c, JSON_QUERY(j, '$.s' WITH CONDITIONAL WRAPPER) AS d, JSON_QUERY(j, 'lax $.z' WITH WRAPPER) AS e, JSON_QUERY(j, '$.b' WITHOUT ARRAY WRAPPER) AS f FROM documents;
SELECT id, JSON_QUERY(j, 'lax $.z' EMPTY ARRAY ON EMPTY) AS a, JSON_QUERY(j, 'lax $.z' EMPTY OBJECT ON EMPTY) AS b, JSON_QUERY(j, 'strict $.z' EMPTY ARRAY ON ERROR) AS c, JSON_QUERY(j, 'strict $.s' EMPTY OBJECT ON ERROR) AS d, JSON_QUERY(j, 'lax $.z' NULL ON EMPTY NULL ON ERROR) AS e FROM documents;
SELECT id, JSON_QUERY(j, '$.a' RETURNING ARRAY<STRING>) AS a, JSON_QUERY(j, '$.b' RETURNING ARRAY<STRING>) AS b, JSON_QUERY(j, '$.s' RETURNING ARRAY<STRING> WITH WRAPPER) AS c, JSON_QUERY(j, 'lax $.z' RETURNING ARRAY<STRING> EMPTY ARRAY ON EMPTY) AS d, JSON_QUERY(j, '$.b' RETURNING ARRAY<STRING> EMPTY ARRAY ON ERROR) AS e FROM documents;
SELECT id, JSON_QUERY(j, '$..k') AS a, JSON_QUERY(j, '$.a[0,1]') AS b, JSON_QUERY(j, '$.a[1:]') AS c, JSON_QUERY(j, '$.b.*') AS d, JSON_QUERY(j, '$.b[''y'',''z'']') AS e, JSON_QUERY(j, '$..nothing') AS f FROM documents;
SELECT JSON_QUERY('{"a": 1}', 'strict $.b' ERROR ON ERROR);
