-- A VARIANT as a column.
SELECT PARSE_JSON('{"a": 1}') AS v;
