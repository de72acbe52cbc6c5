-- Quoted names of columns and aliases, and names in other scripts.
SELECT `a b`.`x y` AS `select`, `a b`.`größe` AS `日本` FROM (VALUES (1, 2)) AS `a b` (`x y`, `größe`);
