"""What looks at pictures: a protocol for each role, and the models that take them."""
