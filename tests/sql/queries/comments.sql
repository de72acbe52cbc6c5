-- Comments anywhere, and hints that are comments.
SELECT /* one */ 1 AS a -- two
, /* three */ 2 AS b;
