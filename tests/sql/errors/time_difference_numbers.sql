-- The difference of two numbers is no interval.
SELECT (2 - 1) DAY;
