-- JSON_STRING of a VARIANT.
SELECT id, JSON_STRING(TRY_PARSE_JSON(j)) AS s FROM (VALUES (1, '{"b": 1, "a": [1.50, null, true]}'), (2, '"text"'), (3, 'null')) AS t (id, j);
