-- Without the unit behind the parentheses there is no difference of times.
SELECT CAST((TIMESTAMP '2024-01-02 00:00:00' - TIMESTAMP '2024-01-01 00:00:00') AS INTERVAL DAY TO SECOND);
