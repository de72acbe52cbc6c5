-- A bare NULL has no type.
SELECT NULL AS a;
