-- JSON puts text in as it is.
SELECT JSON_OBJECT('a' VALUE JSON(' {"b" : 1} ')), JSON_ARRAY(JSON('1'), JSON('')), JSON_OBJECT('a' VALUE JSON(CAST(NULL AS STRING))), JSON_ARRAY(JSON('"x"'), JSON('null'));
SELECT id, JSON_ARRAY(JSON(j)) AS a FROM (VALUES (1, '{"b": [1e3, 1.0]}'), (2, ''), (3, CAST(NULL AS STRING))) AS t (id, j);
SELECT JSON_ARRAY(JSON('broken'));
