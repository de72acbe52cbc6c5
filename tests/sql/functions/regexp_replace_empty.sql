-- Matches of nothing, as Java finds them one after the other.
SELECT REGEXP_REPLACE('aab', 'a*', 'X'), REGEXP_REPLACE('abc', 'x*', '-'), REGEXP_COUNT('aab', 'a*'), REGEXP_EXTRACT_ALL('aab', '(a*)', 1), REGEXP_REPLACE('abc', '$', '!'), REGEXP_REPLACE('abc', '^', '!');
SELECT STR_TO_MAP('a=1,b=2,,'), STR_TO_MAP('a=1,,b=2'), STR_TO_MAP('a,b=,=c'), STR_TO_MAP('a1b2', '[0-9]', ''), STR_TO_MAP('a=1;b=2', ';', '='), STR_TO_MAP('a=1,a=2,b=3,a=4'), STR_TO_MAP(''), STR_TO_MAP(',');
