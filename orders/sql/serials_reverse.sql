DROP TRIGGER orders_serial_of_line ON orders_serialmoved;
DROP FUNCTION orders_serial_of_line();
