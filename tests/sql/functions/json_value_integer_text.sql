-- JSON_VALUE RETURNING INT of a number in a string.
SELECT JSON_VALUE('{"a": "12"}', '$.a' RETURNING INT);
