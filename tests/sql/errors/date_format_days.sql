-- Three letters of a day are one too many.
SELECT DATE_FORMAT(TIMESTAMP '2024-02-09 03:04:05.067', 'ddd');
