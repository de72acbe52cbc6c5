-- Changes as Canal writes them: several rows a record, and only what has changed of the row before.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/canal.json', 'format' = 'canal-json');
CREATE TABLE products2 (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/canal.json', 'format' = 'canal-json', 'canal-json.database.include' = 'inv.*', 'canal-json.table.include' = 'products2');

SELECT * FROM products;
SELECT * FROM products2;
