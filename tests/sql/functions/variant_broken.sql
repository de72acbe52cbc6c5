-- PARSE_JSON of broken JSON fails.
SELECT JSON_STRING(PARSE_JSON('broken'));
