-- JSON_VALUE RETURNING INT of a number that is too long.
SELECT JSON_VALUE('{"a": 9999999999}', '$.a' RETURNING INT);
