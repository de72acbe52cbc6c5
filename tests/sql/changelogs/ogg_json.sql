-- Changes as Oracle GoldenGate writes them.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/ogg.json', 'format' = 'ogg-json');

SELECT * FROM products;
