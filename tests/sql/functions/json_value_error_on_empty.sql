-- JSON_VALUE with ERROR ON EMPTY fails where a lax path leads nowhere.
SELECT JSON_VALUE('{"a": 1}', 'lax $.a' ERROR ON EMPTY);
SELECT JSON_VALUE('{"a": 1}', 'lax $.b' ERROR ON EMPTY);
