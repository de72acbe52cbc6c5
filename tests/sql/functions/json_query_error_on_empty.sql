-- JSON_QUERY with ERROR ON EMPTY fails where a lax path leads nowhere.
SELECT JSON_QUERY('{"a": [1]}', 'lax $.a' ERROR ON EMPTY);
SELECT JSON_QUERY('{"a": [1]}', 'lax $.b' ERROR ON EMPTY);
