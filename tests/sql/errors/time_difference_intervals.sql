-- The difference of two intervals has its unit already.
SELECT (INTERVAL '2' DAY - INTERVAL '1' DAY) DAY;
