-- PARSE_URL takes a URL apart.
SELECT id, PARSE_URL(u, 'HOST') AS h, PARSE_URL(u, 'PATH') AS p, PARSE_URL(u, 'QUERY') AS q, PARSE_URL(u, 'QUERY', 'k') AS k, PARSE_URL(u, 'REF') AS r, PARSE_URL(u, 'PROTOCOL') AS pr, PARSE_URL(u, 'AUTHORITY') AS a, PARSE_URL(u, 'FILE') AS f, PARSE_URL(u, 'USERINFO') AS ui
FROM (VALUES (1, 'http://user:pw@example.org:8080/a/b.html?k=v&x=%20y#frag'), (2, 'https://example.org'), (3, 'not a url'), (4, CAST(NULL AS STRING))) AS t (id, u);
