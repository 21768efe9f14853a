"""How plans are met: fulfilment of the last one."""
