-- More digits of a fraction than the interval states behind TO.
SELECT INTERVAL '1 02:03:04.123' DAY TO SECOND(2);
