-- Fields and elements of a VARIANT.
SELECT id, JSON_STRING(v['a']) AS a, JSON_STRING(v['a']['b']) AS ab, JSON_STRING(v['l'][1]) AS l1, JSON_STRING(v['l'][9]) AS l9, JSON_STRING(v['z']) AS z FROM (SELECT id, PARSE_JSON(j) AS v FROM (VALUES (1, '{"a": {"b": "x"}, "l": [10, 20]}'), (2, '{"a": {"b": null}, "l": []}'), (3, CAST(NULL AS STRING))) AS t (id, j)) AS t;
