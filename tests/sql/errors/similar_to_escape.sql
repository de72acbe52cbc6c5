-- An escape before a sign that is none.
SELECT 'ax' SIMILAR TO 'a!x' ESCAPE '!';
