-- JSON_QUERY with paths that match several values.
CREATE VIEW stores AS
SELECT * FROM (VALUES (1, '{"books": [{"title": "A", "price": 8.95, "tags": ["x", "y"]}, {"title": "B", "price": 12, "isbn": "1"}, {"title": "C", "price": 22.99, "tags": []}, {"title": "d", "price": "9"}], "limit": 10}')) AS t (id, j);

SELECT JSON_QUERY(j, '$..price'), JSON_QUERY(j, '$..[0]'), JSON_QUERY(j, '$..books[0].title'), JSON_QUERY(j, '$.books[*].tags[0]'), JSON_QUERY(j, '$.books[-2:].title'), JSON_QUERY(j, '$.books[:2].title'), JSON_QUERY(j, '$.books[1:-1].title') FROM stores;
SELECT JSON_VALUE(j, '$.books.length()'), JSON_VALUE(j, '$.books[0].price.length()'), JSON_QUERY(j, '$.books[0].keys()'), JSON_VALUE('[1, 2, 3.5]', '$.sum()'), JSON_VALUE('[1, 2, 3.5]', '$.min()'), JSON_VALUE('[1, 2, 3.5]', '$.max()'), JSON_VALUE('[1, 2, 3]', '$.avg()'), JSON_VALUE('[1, 3]', '$.stddev()') FROM stores;
