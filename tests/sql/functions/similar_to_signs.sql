-- Signs of regular expressions in SIMILAR TO: $ and \ stand for themselves, a point does not.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/lines.json', 'format' = 'json');

SELECT 'a$b' SIMILAR TO 'a$b', 'a$' SIMILAR TO 'a$', 'a' SIMILAR TO 'a$', 'a\d' SIMILAR TO 'a\d', 'a1' SIMILAR TO 'a\d', 'axb' SIMILAR TO 'a.b', 'a.b' SIMILAR TO 'a.b';
SELECT 'a$' SIMILAR TO 'a[$]', 'ab' SIMILAR TO 'a(b|c)', 'a%' SIMILAR TO 'a!%' ESCAPE '!', 'ab' SIMILAR TO 'a!%' ESCAPE '!', 'a_' SIMILAR TO '[a-c]!_' ESCAPE '!', 'a!' SIMILAR TO 'a!!' ESCAPE '!';
SELECT 'a1' SIMILAR TO 'a[[:DIGIT:]]', 'ab' SIMILAR TO 'a[[:alpha:]]', 'a1' SIMILAR TO 'a[^[:alpha:]]', 'aB' SIMILAR TO '[[:ALPHA:]]+', 'b' SIMILAR TO '[^a]', '' SIMILAR TO '', '' SIMILAR TO 'a*', 'aa' SIMILAR TO 'a{2}', 'ab' SIMILAR TO '(a|b)+';
SELECT id, s SIMILAR TO 'a%' AS many, s SIMILAR TO 'abc_' AS four, s SIMILAR TO 'a.c' AS p, s SIMILAR TO 'abc' AS abc FROM texts;
