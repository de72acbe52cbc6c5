-- A fraction where the interval states none.
SELECT INTERVAL '1.5' SECOND(2, 0);
