-- JSON outside of JSON_OBJECT and JSON_ARRAY.
SELECT JSON('{"b" : 1}');
