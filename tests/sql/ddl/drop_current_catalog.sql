-- The catalog in use cannot be dropped.
CREATE CATALOG shop WITH ('type' = 'generic_in_memory');
USE CATALOG shop;
DROP CATALOG shop;
