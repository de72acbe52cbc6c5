-- A number is not cast to a timestamp.
SELECT CAST(1709214359 AS TIMESTAMP(3));
