-- A boolean is not cast to a date.
SELECT CAST(TRUE AS DATE);
