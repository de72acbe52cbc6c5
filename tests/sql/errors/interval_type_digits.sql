-- More digits of a field than there can be, in a type.
SELECT CAST(INTERVAL '5' DAY AS INTERVAL DAY(11));
