"""The cross validation: whether decisions and answers hold."""
