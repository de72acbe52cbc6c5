-- A number is not compared with a text.
SELECT 1 = '1';
