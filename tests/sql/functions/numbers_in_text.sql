-- PRINTF prints as C does.
SELECT PRINTF('%d|%5d|%-5d|%05d', 42, 42, 42, 42), PRINTF('%s %s', 'a', 'b'), PRINTF('%.2f', 3.14159e0), PRINTF('%x', 255), PRINTF('%d', 'x'), PRINTF(CAST(NULL AS STRING), 1);
