-- JSON_QUERY takes objects and arrays out.
SELECT JSON_QUERY('{"a": {"b": 1}}', '$.a'), JSON_QUERY('{"a": [1, 2]}', '$.a'), JSON_QUERY('{"a": 1}', '$.a'), JSON_QUERY('{"a": 1}', '$.a' WITH WRAPPER), JSON_QUERY('{"a": [1]}', '$.a' WITH CONDITIONAL WRAPPER), JSON_QUERY('{}', '$.a' EMPTY ARRAY ON EMPTY), JSON_QUERY('{"a": {"b": 1}}', '$.z'), JSON_QUERY('{"a":["x","y"]}', '$.a' RETURNING ARRAY<STRING>);
SELECT JSON_EXISTS('{"a": 1}', '$.a'), JSON_EXISTS('{"a": 1}', '$.b'), JSON_EXISTS('{"a": null}', '$.a'), JSON_EXISTS('x', '$.a'), JSON_EXISTS('x', 'strict $.a' UNKNOWN ON ERROR);
