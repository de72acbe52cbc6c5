-- The difference of two times of day.
SELECT (TIME '10:00:00' - TIME '09:30:00') MINUTE;
