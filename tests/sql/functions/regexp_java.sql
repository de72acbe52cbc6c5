-- What is special of regular expressions in Java: the end before the end of the last line, classes in ASCII, line ends.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/lines.json', 'format' = 'json');

SELECT id, REGEXP(s, 'c$') AS c_end, REGEXP(s, '^a.c$') AS abc, REGEXP(s, 'b\Z') AS b_end, REGEXP(s, 'c\z') AS c_last, REGEXP(s, '(?m)^b$') AS line FROM texts;
SELECT id, REGEXP_REPLACE(s, 'c$', 'X') AS r, REGEXP_EXTRACT(s, '(.)$', 0) AS e0, REGEXP_EXTRACT(s, '^(.*)$', 1) AS e1, REGEXP_REPLACE(s, '\s+$', '') AS t, REGEXP_COUNT(s, '.') AS n FROM texts;
SELECT REGEXP('É', '^\p{Upper}$'), REGEXP('É', '^\p{Lu}$'), REGEXP('É', '^\p{IsLatin}$'), REGEXP('a;', '^\p{Alpha}\p{Punct}$'), REGEXP('A', '\x41\Q\E'), REGEXP('a.b', 'a\Q.\Eb'), REGEXP(']a', '^[]a]+$'), REGEXP('ab', '(?i)^A(?-i)b$'), REGEXP('a\b', 'a\\b');
SELECT REGEXP('aa', 'a**'), REGEXP('a', '(?P<x>a)'), REGEXP('a', '(?<x>a)'), REGEXP('a', '\y'), REGEXP('a{', 'a{'), REGEXP('ab', '^a{2}{0}b'), REGEXP_EXTRACT('a1', '(\w)(\d)', 2);
