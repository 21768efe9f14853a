"""Official tables read as economies."""
