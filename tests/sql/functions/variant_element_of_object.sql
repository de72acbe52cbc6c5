-- An element of a VARIANT that is no array.
SELECT JSON_STRING(PARSE_JSON('{"a": 1}')[1]);
