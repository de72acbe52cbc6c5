-- A first word that starts no statement.
SELEC 1;
