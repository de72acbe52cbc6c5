-- The types of VARIANT functions.
SELECT TYPEOF(PARSE_JSON('1')), TYPEOF(TRY_PARSE_JSON('1')), TYPEOF(PARSE_JSON('{"a": 1}')['a']);
