-- Changes as Maxwell writes them.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/maxwell.json', 'format' = 'maxwell-json');

SELECT * FROM products;
