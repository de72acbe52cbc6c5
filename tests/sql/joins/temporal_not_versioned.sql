-- A temporal join needs a primary key on its right.
CREATE TABLE sales (id INT, currency STRING, amount INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/sales.json', 'format' = 'json');

SELECT s.id FROM sales s JOIN sales FOR SYSTEM_TIME AS OF s.`at` AS r ON s.currency = r.currency;
