-- JSON_VALUE RETURNING INT of a number with a point.
SELECT JSON_VALUE('{"a": 1.5}', '$.a' RETURNING INT);
