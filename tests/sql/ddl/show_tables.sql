-- SHOW TABLES lists tables and views, with LIKE and NOT LIKE, from a database.
CREATE TABLE apple (a INT) WITH ('connector' = 'blackhole');
CREATE TABLE banana (a INT) WITH ('connector' = 'blackhole');
CREATE TEMPORARY TABLE avocado (a INT) WITH ('connector' = 'blackhole');
CREATE VIEW almond AS SELECT 1 AS one_;
CREATE DATABASE other;
CREATE TABLE other.cherry (a INT) WITH ('connector' = 'blackhole');
SHOW TABLES;
SHOW TABLES LIKE 'a%';
SHOW TABLES LIKE 'A%';
SHOW TABLES NOT LIKE 'a%';
SHOW TABLES FROM other;
SHOW TABLES IN default_catalog.other LIKE '%';
SHOW TABLES LIKE '_pple';
SHOW VIEWS;
