-- JSON_QUERY with conditions in its path.
CREATE VIEW stores AS
SELECT * FROM (VALUES (1, '{"books": [{"title": "A", "price": 8.95, "tags": ["x", "y"]}, {"title": "B", "price": 12, "isbn": "1"}, {"title": "C", "price": 22.99, "tags": []}, {"title": "d", "price": "9"}], "limit": 10}')) AS t (id, j);

SELECT JSON_QUERY(j, '$.books[?(@.price < 10)].title'), JSON_QUERY(j, '$.books[?(@.price >= 12)].title'), JSON_QUERY(j, '$.books[?(@.isbn)].title'), JSON_QUERY(j, '$.books[?(!@.isbn)].title'), JSON_QUERY(j, '$.books[?(@.price < $.limit)].title'), JSON_QUERY(j, '$.books[?(@.title == ''B'' || @.title == "C")].price') FROM stores;
SELECT JSON_QUERY(j, '$.books[?(@.title =~ /[a-b]/i)].title'), JSON_QUERY(j, '$.books[?(@.title in [''A'', ''C''])].title'), JSON_QUERY(j, '$.books[?(@.title nin [''A'', ''C''])].title'), JSON_QUERY(j, '$.books[?(@.tags contains ''x'')].title'), JSON_QUERY(j, '$.books[?(@.tags size 0)].title'), JSON_QUERY(j, '$.books[?(@.tags empty true)].title'), JSON_QUERY(j, '$.books[?(@.price > 10 && @.isbn)].title'), JSON_QUERY(j, '$.books[?(@.price == 12.0)].title') FROM stores;
