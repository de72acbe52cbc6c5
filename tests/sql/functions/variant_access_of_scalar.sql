-- A field of a VARIANT that is no object.
SELECT JSON_STRING(PARSE_JSON('1')['a']);
