-- A sign inside of a set of SIMILAR TO.
SELECT 'a' SIMILAR TO '[a*]';
