-- PARSE_JSON with and without names that stand twice.
SELECT JSON_STRING(PARSE_JSON('{"a":1,"a":2}', TRUE)), JSON_STRING(TRY_PARSE_JSON('{"a":1,"a":2}', FALSE));
SELECT JSON_STRING(PARSE_JSON('{"a":1,"a":2}'));
