-- More digits of a fraction than there can be, in a type.
SELECT CAST(INTERVAL '5' DAY AS INTERVAL SECOND(2, 10));
