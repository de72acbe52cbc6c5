-- The difference of a date and a timestamp.
SELECT (DATE '2024-01-02' - TIMESTAMP '2024-01-01 12:00:00') HOUR;
