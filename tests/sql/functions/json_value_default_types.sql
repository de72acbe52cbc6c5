-- JSON_VALUE with defaults of other types than text.
SELECT JSON_VALUE('{}', 'lax $.a' DEFAULT 5 ON EMPTY), JSON_VALUE('{}', 'lax $.a' DEFAULT 1.50 ON EMPTY), JSON_VALUE('{}', 'lax $.a' DEFAULT TRUE ON EMPTY);
