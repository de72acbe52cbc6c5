-- An empty object is no array.
SELECT JSON_QUERY('{"a": 1}', 'lax $.b' RETURNING ARRAY<STRING> EMPTY OBJECT ON EMPTY);
