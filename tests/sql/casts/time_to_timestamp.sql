-- A time as a timestamp falls on the first of 1970.
SELECT CAST(TIME '10:11:12' AS TIMESTAMP(3)), CAST(TIME '10:11:12' AS TIMESTAMP_LTZ(3));
