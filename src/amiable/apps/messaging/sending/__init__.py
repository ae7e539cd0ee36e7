"""By which channel and in which mode messages leave; copies that wait."""
