-- JSON_VALUE follows names, indexes, slices, wildcards and filters.
CREATE VIEW documents AS
SELECT * FROM (VALUES (1, '{"a": {"b": [10, 20, {"c": "x"}]}, "f g": "blank", "n.m": "dot"}'), (2, '[1, [2, 3], "s"]'), (3, '"text"'), (4, '7'), (5, 'null'), (6, ''), (7, '{"a": {"b": 1}} rest'), (8, CAST(NULL AS STRING))) AS t (id, j);

SELECT id, JSON_VALUE(j, '$.a.b[0]') AS a, JSON_VALUE(j, '$.a.b[-1].c') AS b, JSON_VALUE(j, '$[''f g'']') AS c, JSON_VALUE(j, '$["n.m"]') AS d, JSON_VALUE(j, 'a.b[1]') AS e, JSON_VALUE(j, '$[1][0]') AS f, JSON_VALUE(j, '$') AS g, JSON_VALUE(j, '$.a.b') AS h FROM documents;
SELECT id, JSON_VALUE(j, 'lax $.a.b[0]') AS a, JSON_VALUE(j, 'LAX  $[2]') AS b, JSON_VALUE(j, 'lax $') AS c, JSON_VALUE(j, 'strict $[2]') AS d, JSON_VALUE(j, 'lax $.a.b[9]') AS e FROM documents;
SELECT id, JSON_VALUE(j, '$.a.b[*]') AS a, JSON_VALUE(j, '$..c') AS b, JSON_VALUE(j, '$.a.b.length()') AS c, JSON_VALUE(j, '$.length()') AS d FROM documents;
SELECT id, JSON_VALUE(j, '$.a b') AS a, JSON_VALUE(j, '$.') AS b, JSON_VALUE(j, '$x') AS c, JSON_VALUE(j, 'lax $x' DEFAULT 'bad' ON ERROR) AS d FROM documents;
