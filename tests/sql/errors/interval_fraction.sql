-- More digits of a fraction than the interval states.
SELECT INTERVAL '1.1234' SECOND(2, 3);
